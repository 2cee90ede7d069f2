import type { PratiqueError } from '@pratique/errors';
import * as v from 'valibot';
import type { TestSurroundings } from './parse.ts';

/** Those that mean something to the files and processes of a sandbox, and nothing to the machine around it (capabilities(7)). */
const capabilities = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

const text = v.pipe(v.string(), v.maxLength(10_000));
const capability = v.pipe(
  text,
  v.transform((name) => name.toUpperCase().replace(/^CAP_/, '')),
  v.picklist(capabilities, `a sandbox can give ${capabilities.join(', ')}, and nothing more`),
  v.transform((name) => `CAP_${name}`),
);
const never = (why: string) => v.optional(v.literal(false, why), false);

/** `containerRunOptions` of container-structure-test. */
export const runOptions = v.strictObject({
  user: v.optional(v.pipe(text, v.nonEmpty()), undefined),
  envVars: v.optional(v.pipe(v.array(text), v.maxLength(1000)), []),
  envFile: v.optional(v.pipe(text, v.nonEmpty()), undefined),
  capabilities: v.optional(v.pipe(v.array(capability), v.maxLength(100)), []),
  privileged: never('commands of an image never get the rights of this machine’s root'),
  allocateTty: never('commands have no terminal'),
  bindMounts: v.optional(
    v.pipe(
      v.array(text),
      v.maxLength(0, 'commands see no file of this machine: bring it into the image, or a setup command'),
    ),
    [],
  ),
});

/**
 * The variables that `envFile` and then `envVars` name, from the surroundings. One that is not set there is refused:
 * container-structure-test sets it to nothing, and the test is about something else then.
 */
export function runEnvironment(
  { envVars, envFile }: v.InferOutput<typeof runOptions>,
  { environment, readFile }: TestSurroundings,
  invalid: (message: string) => PratiqueError,
): Readonly<Record<string, string>> {
  const lines = envFile === undefined ? [] : readFile(envFile).split(/\r?\n/);
  const named = [
    ...lines
      .map((line) => ({ line: line.trimStart(), key: 'envFile' }))
      .filter(({ line }) => line !== '' && !line.startsWith('#')),
    ...envVars.map((line) => ({ line, key: 'envVars' })),
  ];
  const entries = named.map(({ line, key }) => {
    const equals = key === 'envFile' ? line.indexOf('=') : -1;
    const name = equals < 0 ? line : line.slice(0, equals);
    if (!/^[^\s=\0]+$/.test(name) || line.includes('\0'))
      throw invalid(`containerRunOptions.${key}: ${name} is no name of a variable`);
    const set = Object.hasOwn(environment, name) ? environment[name] : undefined;
    const value = equals < 0 ? set : line.slice(equals + 1);
    if (value === undefined)
      throw invalid(`containerRunOptions.${key}: the variable ${name} is not set where this runs`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}
