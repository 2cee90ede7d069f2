import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { frontendOf } from './dockerfile-frontend.ts';
import { type Instruction, instructionsOf } from './dockerfile-instructions.ts';
import { expandWord, throwNoValue } from './dockerfile-variables.ts';

/** What a Dockerfile is built with and from. */
export interface DockerfileImages {
  /** The frontend (`# syntax=`), then those of `FROM`, `COPY --from` and `RUN --mount=…,from=` in their order. */
  readonly all: readonly string[];
  /** The one of the last stage: what the result is built on, through stages of its own; null for `scratch`. */
  readonly base: string | null;
  /** The images of `FROM`, each with the stages there are before it, as often as it is built on. */
  readonly builtOn: ReadonlyMap<string, readonly Stages[]>;
  /** The program that reads the Dockerfile; null where it names none. */
  readonly frontend: string | null;
  /** What `ADD` fetches from elsewhere without `--checksum`, or may, as it is written. */
  readonly fetched: readonly string[];
  /** The given variables whose values were used. */
  readonly used: ReadonlyMap<string, string>;
}

/** Stages of a Dockerfile, and the images they are built on in the end; null for `scratch`. */
export interface Stages {
  readonly named: ReadonlyMap<string, string | null>;
  readonly numbered: readonly (string | null)[];
}

/** Those that BuildKit itself gives values, which are not known here. */
const predefined: ReadonlySet<string> = new Set(
  ['BUILD', 'TARGET']
    .flatMap((of) => ['PLATFORM', 'OS', 'OSVERSION', 'ARCH', 'VARIANT'].map((part) => of + part))
    .concat('TARGETSTAGE'),
);

/**
 * The images that a Dockerfile takes something from or is read by. Stages of its own and `scratch` are none; what stands
 * behind `ONBUILD` counts, since a later stage may be built on it.
 *
 * @param given values of `ARG`s, as `--build-arg` gives them; they go before the defaults. What is not declared before the
 *   first `FROM` (or predefined) has no value in an image's name, whatever is given.
 * @throws USAGE for a name with a variable that has no value: it could be any image; for what builders read in two ways
 */
export function imagesInDockerfile(
  text: string,
  given: Readonly<Record<string, string | undefined>>,
): DockerfileImages {
  const { instructions, token } = instructionsOf(text);
  const variables = new Map<string, () => string>();
  const used = new Map<string, string>();
  const named = new Map<string, string | null>();
  const numbered: (string | null)[] = [];
  const all = new Set<string>();
  const fetched: string[] = [];
  const builtOn = new Map<string, Stages[]>();
  let base: string | null = null;
  const givenOf = (name: string): (() => string) | undefined => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) return undefined;
    return () => {
      used.set(name, value);
      return value;
    };
  };
  const expand = (word: string) =>
    expandWord(word, token, (name) => {
      if (!predefined.has(name)) return variables.get(name)?.();
      // It always has a value, which is not known here.
      return (variables.get(name) ?? givenOf(name) ?? (() => throwNoValue(name)))();
    });
  const add = (image: string | null) => {
    if (image !== null) all.add(image);
  };
  const frontend = givenOf('BUILDKIT_SYNTAX')?.().trim().split(' ')[0] ?? frontendOf(text);
  add(frontend);
  for (const instruction of instructions) {
    const { name, flags, words } = instruction;
    switch (name) {
      case 'ARG':
        for (const word of numbered.length === 0 ? words : []) {
          const [, variable = word, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
          const set = givenOf(variable) ?? (value === undefined ? undefined : attempt(() => expand(value)));
          if (set !== undefined) variables.set(variable, set);
        }
        break;
      case 'FROM': {
        const [image = '', as = '', alias = ''] = words;
        base = imageOf(expand(image), named);
        add(base);
        if (base !== null)
          builtOn.set(base, [
            ...(builtOn.get(base) ?? []),
            { named: new Map(named), numbered: [...numbered] },
          ]);
        numbered.push(base);
        if (as.toUpperCase() === 'AS' && stageName.test(alias.toLowerCase()))
          named.set(alias.toLowerCase(), base);
        break;
      }
      case 'COPY':
      case 'ADD':
      case 'RUN': {
        for (const image of takenBy(flags, { named, numbered })) add(image);
        if (name === 'ADD') fetched.push(...fetchedBy(instruction));
        break;
      }
    }
  }
  return { all: [...all], base, builtOn, frontend, fetched, used };
}

/**
 * The images that an image has files taken from when it is built on, by its triggers (`OnBuild` of its configuration).
 * BuildKit reads each as a Dockerfile of one instruction, whose stages are those of the file that builds on it.
 *
 * @throws USAGE as for Dockerfiles, and for a trigger that would build on yet another image, which no builder takes
 */
export function imagesInTriggers(
  triggers: readonly string[],
  stages: readonly Stages[],
): Pick<DockerfileImages, 'all' | 'fetched'> {
  const all = new Set<string>();
  const fetched: string[] = [];
  for (const instruction of triggers.flatMap((trigger) => instructionsOf(trigger).instructions)) {
    if (instruction.name === 'FROM') {
      throw cliErrors.error('USAGE', {
        message: 'a trigger begins a stage of its own',
        expected: 'an instruction other than FROM behind ONBUILD',
        found: `FROM ${printable(instruction.words.join(' '), 200)}`,
      });
    }
    if (instruction.name === 'ADD') fetched.push(...fetchedBy(instruction));
    for (const known of stages)
      for (const image of takenBy(instruction.flags, known)) if (image !== null) all.add(image);
  }
  return { all: [...all], fetched };
}

function imageOf(name: string, named: Stages['named']): string | null {
  const known = named.get(name);
  if (known !== undefined) return known;
  return name === 'scratch' ? null : name;
}

/** The images that the flags of a `COPY`, `ADD` or `RUN` name. */
function takenBy(flags: readonly string[], { named, numbered }: Stages): readonly (string | null)[] {
  const { copied, mounted } = sources(flags);
  const stageOf = (from: string) => imageOf(named.has(from.toLowerCase()) ? from.toLowerCase() : from, named);
  return [
    ...mounted.map(stageOf),
    ...copied.map((from) => {
      const stage = /^\d+$/.test(from) ? numbered[Number(from)] : undefined;
      return stage === undefined ? stageOf(from) : stage;
    }),
  ];
}

/** Its value, or what it throws, whenever that is asked for: a variable that no image is named with does not matter. */
function attempt(run: () => string): () => string {
  try {
    const value = run();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Addresses, what Git takes for one, and what a variable may make one. */
const address = /^(?:[a-z][a-z0-9+.-]*:\/\/|[^/@]+@[^/:]+:|github\.com\/|.*\$)/i;
const commit = /#(?:[0-9a-f]{40}|[0-9a-f]{64})(?::|$)/;

function fetchedBy({ flags, words }: Instruction): readonly string[] {
  if (flags.some((flag) => flag.startsWith('--checksum='))) return [];
  return words
    .slice(0, -1)
    .map((word) => word.replace(/^\[?["']?|["'],?$/g, ''))
    .filter((source) => address.test(source) && !commit.test(source));
}

/** Where `COPY` and `RUN` take files from: names of stages; and for `COPY` their numbers. */
function sources(flags: readonly string[]): {
  readonly copied: readonly string[];
  readonly mounted: readonly string[];
} {
  const copied = flags.flatMap((flag) => /^--from=(.+)$/.exec(flag)?.[1] ?? []);
  const mounted = flags.flatMap((flag) =>
    (/^--mount=(.*)$/s.exec(flag)?.[1]?.split(',') ?? []).flatMap(
      (member) => /^\s*from=(.+)$/i.exec(member)?.[1] ?? [],
    ),
  );
  return { copied, mounted };
}

/** What BuildKit takes for the name of a stage. */
const stageName = /^[a-z][a-z0-9._-]*$/;
