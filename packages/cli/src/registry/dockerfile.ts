import { cliErrors } from '../errors.ts';
import { instructionsOf } from './dockerfile-instructions.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The images that a Dockerfile takes something from, in its order: `FROM`, `COPY --from` and `RUN --mount=…,from=`.
 * Stages of its own and `scratch` are none. Variables stand for what `environment` says, as cosign has it, else for the
 * `ARG` before the first `FROM`.
 *
 * @returns the images, and the one of the last stage: what the result is built on, through stages of its own
 * @throws USAGE for a name with a variable that has no value: it could be any image; for what builders read in two ways
 */
export function imagesInDockerfile(
  text: string,
  environment: Variables,
): { readonly all: readonly string[]; readonly base: string | null } {
  const variables: Record<string, string | undefined> = {};
  const named = new Map<string, string | null>();
  const numbered: (string | null)[] = [];
  const all = new Set<string>();
  let base: string | null = null;
  const expand = (word: string) => expandVariables(word, { ...variables, ...environment });
  const imageOf = (name: string): string | null => {
    const known = named.get(name.toLowerCase());
    if (known !== undefined) return known;
    return name === 'scratch' ? null : name;
  };
  const add = (image: string | null) => {
    if (image !== null) all.add(image);
  };
  for (const { name: instruction, flags, words } of instructionsOf(text)) {
    switch (instruction) {
      case 'ARG':
        for (const word of numbered.length === 0 ? words : []) {
          const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(unquote(word)) ?? [];
          if (name !== undefined) variables[name] = expand(unquote(value!));
        }
        break;
      case 'FROM': {
        const [name = '', as = '', alias = ''] = words;
        base = imageOf(expand(unquote(name)));
        add(base);
        numbered.push(base);
        if (as.toUpperCase() === 'AS' && stageName.test(alias.toLowerCase()))
          named.set(alias.toLowerCase(), base);
        break;
      }
      case 'COPY':
      case 'ADD':
      case 'RUN': {
        const { copied, mounted } = sources(flags);
        for (const name of mounted) add(imageOf(expand(name)));
        for (const name of copied.map(expand)) {
          const stage = /^\d+$/.test(name) ? numbered[Number(name)] : undefined;
          add(stage === undefined ? imageOf(name) : stage);
        }
        break;
      }
    }
  }
  return { all: [...all], base };
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

function unquote(word: string): string {
  return /^"(.*)"$/.exec(word)?.[1] ?? /^'(.*)'$/.exec(word)?.[1] ?? word;
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`. */
function expandVariables(word: string, variables: Variables): string {
  return word.replace(
    /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::([-+])([^}]*))?\})/g,
    (_, bare?: string, braced?: string, operator?: string, word?: string) => {
      const name = (bare ?? braced)!;
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (operator === '+') return value ? word! : '';
      if (value) return value;
      if (operator === '-') return word!;
      throw cliErrors.error('USAGE', {
        message: `the Dockerfile names an image with ${name.slice(0, 80)}, which has no value`,
        expected: `${name.slice(0, 80)} in the environment, or ARG ${name.slice(0, 80)}=… before the first FROM`,
        found: 'nothing',
      });
    },
  );
}
