/**
 * The images that a Dockerfile is built from: what BuildKit's own parser says of generated ones, and what
 * `pratique dockerfile verify` does. Ours may refuse a file that BuildKit builds, and never pass an image of it over.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { imagesInDockerfile } from '../../packages/cli/src/registry/dockerfile.ts';
import type { Context, Scenario } from '../support/context.ts';
import { buildGoProgram } from '../tools/go.ts';

interface Answer {
  readonly images: readonly string[] | null;
  readonly error: string;
}

const image = fc.constantFrom(
  'a:1',
  'b.io/c/d:2',
  'e',
  'scratch',
  'one',
  'One',
  'two',
  '0',
  '1',
  '"f:1"',
  "g'h':1",
);
const variable = fc.constantFrom('A', 'B', 'HOME', 'TARGETARCH', '1', 'É');
const expansion = fc.oneof(
  variable.map((name) => `$${name}`),
  fc
    .tuple(
      variable,
      fc.constantFrom('', ':-', '-', ':+', '+', ':?', '?', '#', '/'),
      fc.oneof(image, fc.constant('$A')),
    )
    .map(([name, operator, word]) => `\${${name}${operator}${operator === '' ? '' : word}}`),
);
const name = fc.oneof(
  { weight: 5, arbitrary: image },
  { weight: 2, arbitrary: expansion },
  fc.tuple(image, expansion).map((both) => both.join('')),
);
const odd = fc.constantFrom(
  '\u00a0',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\v',
  '\f',
  '\r',
  'à',
  '\u0130',
  '\\',
  '\\\\',
  '`',
  '``',
  '"',
  "'",
  '#',
  '<<',
  '--',
  ',',
);
const blank = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(' ', '  ', '\t') },
  { weight: 1, arbitrary: odd },
);
const ending = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  fc.constantFrom(
    ' \\',
    ' `',
    '\\',
    '`',
    ' \\ ',
    '\r',
    ' \\\r',
    '\\\\',
    ' <<E',
    ' <<-E',
    ' <<"E"',
    ' << E',
    ' 3<<E',
    ' "<<E"',
    ` '<<E'`,
  ),
);
const keyword = (word: string) =>
  fc.constantFrom(
    word,
    word,
    word.toLowerCase(),
    `${word[0]}\\\n${word.slice(1)}`,
    `${word[0]}\`\n${word.slice(1)}`,
  );
const mount = fc
  .tuple(
    fc.constantFrom('', 'type=bind,', 'type=cache,target=/à', 'target=/x,', '"target=/x y",'),
    fc.constantFrom('from=', 'From=', '"from=', 'fr\\om='),
    name,
  )
  .map((parts) => `--mount=${parts.join('')}`);
const flag = fc.oneof(
  name.map((from) => `--from=${from}`),
  name.map((from) => `"--from=${from}"`),
  name.map((from) => `--fr\\om=${from}`),
  mount,
  fc.constantFrom('--link', '--chown=1:1', '--platform=linux/amd64', '--'),
);
const instruction: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        keyword('FROM'),
        blank,
        name,
        fc.oneof(fc.constant(''), fc.constantFrom(' AS one', ' as Two', ' AS e')),
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(keyword('COPY'), blank, flag, blank, fc.constantFrom('/x /y', '["/x", "/y"]'))
      .map((parts) => parts.join('')),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        keyword('RUN'),
        blank,
        flag,
        blank,
        fc.constantFrom('true', '["true"]', 'cat <<E', `echo it's`, 'echo "a b"'),
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        keyword('ARG'),
        blank,
        fc.constantFrom('A', 'B', 'TARGETARCH'),
        fc.oneof(
          fc.constant(''),
          name.map((value) => `=${value}`),
        ),
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'E',
      '\tE',
      '# a',
      '#',
      '',
      ' ',
      'CMD cat <<E',
      'ENV A=1',
      '# syntax=s:1',
      '# escape=`',
      '// syntax=s:1',
      '#!s',
    ),
  },
  { weight: 1, arbitrary: odd },
);
const line = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant('') },
      fc.constantFrom('ONBUILD ', 'onbuild\t', ' ', '\t', 'ONBUILD '),
    ),
    instruction,
    ending,
  )
  .map((parts) => parts.join(''));
const head = fc.constantFrom(
  '',
  '',
  '',
  '# syntax=s:1\n',
  '#!x\n# syntax=s:1\n',
  '# escape=`\n',
  '# escape=`\n# Syntax = s:1 x\n',
  '\ufeff# syntax=s:1\n',
  '# check=x\n',
);
const dockerfile = fc
  .tuple(
    head,
    fc.constantFrom('FROM a:1 AS one\n', 'ARG A=x:1\nFROM $A\n', ''),
    fc.array(line, { maxLength: 6 }),
  )
  .map(([top, first, lines]) => `${top}${first}${lines.join('\n')}\n`);

/** What is no reference is no image, and BuildKit would not go on. */
const references = (images: readonly string[]) =>
  images.filter((one) => /^[a-z0-9][a-z0-9._/:@-]*$/.test(one));

export async function scenarios(context: Context): Promise<Scenario[]> {
  const program = join(context.scratch(), 'buildkit-images');
  await buildGoProgram(
    join(cacheDirectory(), 'tools'),
    fileURLToPath(new URL('buildkit', import.meta.url)),
    program,
  );
  const theirs = (texts: readonly string[]): Answer[] => {
    const { stdout } = spawnSync(program, {
      input: JSON.stringify(texts),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    return JSON.parse(stdout) as Answer[];
  };
  const seed = Number(process.env.PRATIQUE_SEED ?? 1);
  return [
    {
      name: 'of generated Dockerfiles that BuildKit builds, no image is passed over',
      run: async () => {
        const texts = fc.sample(dockerfile, { numRuns: 100_000, seed });
        const counts = { built: 0, told: 0 };
        for (const [index, { images, error }] of theirs(texts).entries()) {
          const text = texts[index]!;
          if (error !== '') continue;
          counts.built++;
          let all: readonly string[];
          try {
            ({ all } = imagesInDockerfile(text, {}));
          } catch (error) {
            if ((error as { code?: unknown }).code !== 'USAGE') throw error;
            continue;
          }
          counts.told++;
          const missing = references(images ?? []).filter((one) => !all.includes(one));
          deepEqual(missing, [], `${JSON.stringify(text)}: ${images} for BuildKit, ${all} for us`);
        }
        process.stderr.write(`${counts.built} that BuildKit builds, ${counts.told} that we read\n`);
        ok(counts.built > 10_000 && counts.told > counts.built / 3, JSON.stringify(counts));
      },
    },
  ];
}
