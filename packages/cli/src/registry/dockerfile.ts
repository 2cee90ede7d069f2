import { cliErrors } from '../errors.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The images that a Dockerfile takes something from, in its order: `FROM`, `COPY --from` and `RUN --mount=…,from=`.
 * Stages of its own and `scratch` are none. Variables stand for what `environment` says, as cosign has it, else for the
 * `ARG` before the first `FROM`.
 *
 * @returns the images, and the one of the last stage: what the result is built on, through stages of its own
 * @throws USAGE for a name with a variable that has no value: it could be any image
 */
export function imagesInDockerfile(
  text: string,
  environment: Variables,
): { readonly all: readonly string[]; readonly base: string | null } {
  const variables: Record<string, string | undefined> = {};
  const stages = new Map<string, string | null>();
  const all = new Set<string>();
  let base: string | null = null;
  let stage = 0;
  const expand = (word: string) => expandVariables(word, { ...variables, ...environment });
  const imageOf = (name: string): string | null => {
    const known = stages.get(name.toLowerCase());
    if (known !== undefined) return known;
    return name === 'scratch' ? null : name;
  };
  for (const [instruction = '', ...words] of instructions(text)) {
    switch (instruction.toUpperCase()) {
      case 'ARG': {
        const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(words[0] ?? '') ?? [];
        if (stage === 0 && name !== undefined) variables[name] = expand(unquote(value!));
        break;
      }
      case 'FROM': {
        const [name = '', as = '', alias] = words.filter((word) => !word.startsWith('--'));
        base = imageOf(expand(unquote(name)));
        if (base !== null) all.add(base);
        stages.set(String(stage++), base);
        if (as.toUpperCase() === 'AS' && alias !== undefined) stages.set(alias.toLowerCase(), base);
        break;
      }
      case 'COPY':
      case 'ADD':
      case 'RUN':
        for (const name of sources(words)) {
          const image = imageOf(expand(name));
          if (image !== null) all.add(image);
        }
        break;
    }
  }
  return { all: [...all], base };
}

/** The words of every instruction; lines that a backslash (or the character of `# escape=`) continues are one. */
function instructions(text: string): string[][] {
  const [, continuation = '\\'] = /^\s*#\s*escape\s*=\s*(\S)/im.exec(text.split('\n', 3).join('\n')) ?? [];
  const found: string[][] = [];
  let pending = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const trimmed = line.trimEnd();
    if (trimmed.endsWith(continuation)) {
      pending += `${trimmed.slice(0, -1)} `;
      continue;
    }
    found.push(`${pending}${trimmed}`.trim().split(/\s+/));
    pending = '';
  }
  if (pending.trim() !== '') found.push(pending.trim().split(/\s+/));
  return found;
}

/** Where `COPY`, `ADD` and `RUN` take files from. Flags stand before everything else. */
function sources(words: readonly string[]): string[] {
  const end = words.findIndex((word) => !word.startsWith('--'));
  return words.slice(0, end === -1 ? words.length : end).flatMap((word) => {
    const [, from] = /^--from=(.+)$/.exec(word) ?? /^--mount=(?:.*,)?from=([^,]+)/.exec(word) ?? [];
    return from === undefined ? [] : [unquote(from)];
  });
}

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
