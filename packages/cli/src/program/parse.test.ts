import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { commands } from '../specs/index.ts';
import { parse } from './parse.ts';

function given(...argv: string[]): Record<string, unknown> {
  const parsed = parse(commands, argv);
  if (parsed.kind !== 'run') throw new Error(parsed.kind);
  return { ...parsed.given, args: parsed.args };
}

function failure(...argv: string[]): PratiqueError {
  try {
    parse(commands, argv);
  } catch (error) {
    if (error instanceof PratiqueError) return error;
    throw error;
  }
  throw new Error('accepted');
}

test("cosign's command lines are understood as they are", () => {
  expect(
    given(
      'sign',
      '--key',
      'k',
      '-a',
      'env=dev',
      '-a',
      'x=y',
      '--tlog-upload=false',
      '--use-signing-config=false',
      '-y',
      'img',
    ),
  ).toEqual({
    key: 'k',
    annotations: ['env=dev', 'x=y'],
    'tlog-upload': false,
    'use-signing-config': false,
    yes: true,
    args: ['img'],
  });
  expect(
    given('verify', '--key=k.pub', '--offline=true', '--insecure-ignore-tlog', '-o', 'text', 'a', 'b'),
  ).toEqual({
    key: ['k.pub'],
    offline: true,
    'insecure-ignore-tlog': true,
    output: 'text',
    args: ['a', 'b'],
  });
});

test('a boolean never swallows the image after it', () => {
  expect(given('sign', '--recursive', 'image')).toEqual({ recursive: true, args: ['image'] });
});

test('what was not given is absent, so that configuration can fill it in', () => {
  expect(given('verify', 'image')).toEqual({ args: ['image'] });
});

test('--no-x and --x=false are the same', () => {
  expect(given('sign', '--no-new-bundle-format', 'i')).toEqual(
    given('sign', '--new-bundle-format=false', 'i'),
  );
});

test.each(['true', '1', 't', 'T', 'TRUE', 'True'])('--x=%s and --no-x=%s are as Go has them', (yes) => {
  const flag = (argument: string) => given('sign', argument, 'i')['new-bundle-format'];
  expect([flag(`--new-bundle-format=${yes}`), flag(`--no-new-bundle-format=${yes}`)]).toEqual([true, false]);
  expect(flag('--no-new-bundle-format=false')).toBe(true);
});

test('after -- everything is an argument', () => {
  expect(given('verify', '--', '--tlog-upload=false')).toEqual({ args: ['--tlog-upload=false'] });
});

test('two-word commands are found, and a group alone shows its commands', () => {
  expect(parse(commands, ['registry', 'serve'])).toMatchObject({
    kind: 'run',
    command: { name: 'registry serve' },
  });
  expect(parse(commands, ['registry'])).toEqual({ kind: 'overview', prefix: 'registry' });
});

test('--version is version, as users of other tools expect', () => {
  expect(parse(commands, ['--version'])).toMatchObject({ kind: 'run', command: { name: 'version' } });
});

test('a mistyped word of a group leads to the help of the group', () => {
  expect(failure('sigstore', 'serv').remedy).toBe('pratique sigstore --help');
});

test('help is shown wherever it is asked for', () => {
  expect(parse(commands, [])).toEqual({ kind: 'overview', prefix: '' });
  expect(parse(commands, ['verify', '--key', 'x', '--help'])).toMatchObject({ kind: 'help' });
  expect(parse(commands, ['help', 'verify'])).toMatchObject({ kind: 'help', command: { name: 'verify' } });
});

test.each([
  [['verfy'], /Did you mean verify/],
  [['verify', '--kye', 'x', 'i'], /unknown option '--kye'.*--key/s],
  [['verify'], /needs IMAGE/],
  [['tree', 'a', 'b'], /takes IMAGE/],
  [['verify', '-o', 'yaml', 'i'], /json, text/],
  [['verify', '--max-workers', 'many', 'i'], /whole number/],
  [['verify', '--key'], /argument missing/],
  [['tree', '--allow-http-registry=maybe', 'i'], /^--allow-http-registry takes no such value$/],
  [['tree', '--no-allow-http-registry=', 'i'], /^--no-allow-http-registry takes no such value$/],
  [['constructor'], /unknown command/],
  [['policy', 'tset'], /^unknown command 'policy tset' \(Did you mean test\?\)$/],
  [['-o', 'json', 'verify', 'i'], /no command is named before -o/],
  [['--bogus'], /no command is named before --bogus/],
  [['verify', '--kye', 'x', 'i'], /^unknown option '--kye' \(Did you mean --key\?\)$/],
])('%j is a usage error that says what to do', (argv, message) => {
  const error = failure(...argv);
  expect(error.code).toBe('USAGE');
  expect(error.kind).toBe('usage');
  expect(error.message).toMatch(message);
  expect(error.remedy).toMatch(/^pratique .*--help$/);
});

test('a flag that is called no-… is not taken for the negation of another', () => {
  const create = (...flags: string[]) => given('trusted-root', 'create', ...flags)['no-default-tsa'];
  expect([create(), create('--no-default-tsa'), create('--no-default-tsa=true')]).toEqual([
    undefined,
    true,
    true,
  ]);
});

test('a refused flag that is given as false asks for nothing', () => {
  expect(given('policy', 'bench', '--e2e=false', 'data.p')).toMatchObject({ args: ['data.p'] });
  expect(failure('policy', 'bench', '--e2e', 'data.p').message).toContain('--e2e is not done here');
});
