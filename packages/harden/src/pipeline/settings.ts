import { isJsonObject, type JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { readYaml, YamlError } from '@pratique/yaml';
import * as v from 'valibot';
import { hardenErrors } from '../errors.ts';
import { profiles } from '../strip/profile.ts';

const text = v.pipe(v.string(), v.minLength(1, 'a non-empty string'));
const texts = v.array(text);
const packageName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][\w+.-]*( \((<<|<=|=|>=|>>) [^\s()]+\)|(<|<=|=|>=|>|~)[\w.~+-]+)?$/,
    'a package, such as nginx, nginx (>= 1.22) for apt or nginx>=1.22 for apk',
  ),
);
const pattern = v.pipe(
  v.string(),
  v.regex(
    /^\/[^\0]*$/,
    'an absolute path, in which * is any part of a name, and /** at the end everything below',
  ),
);

const path = v.pipe(
  v.string(),
  v.regex(/^\/[^\0]*$/, 'an absolute path'),
  v.check((value) => !value.split('/').includes('..'), 'an absolute path without ..'),
);
const owner = v.pipe(v.string(), v.regex(/^\d{1,9}:\d{1,9}$/, 'an owner in numbers, such as "33:33"'));

/** `harden.yaml` as written. Everything unknown is refused. */
const schema = v.strictObject({
  strip: v.optional(
    v.strictObject({
      profile: v.optional(v.picklist(profiles, profiles.join(', ')), 'minimal'),
      mode: v.optional(v.picklist(['package', 'file'], 'package or file'), 'package'),
      keep: v.optional(v.array(pattern), []),
    }),
    {},
  ),
  upgrade: v.optional(v.boolean(), false),
  add: v.optional(
    v.strictObject({
      packages: v.optional(v.array(packageName), []),
      files: v.optional(
        v.array(
          v.strictObject({
            from: text,
            to: path,
            owner: v.optional(owner),
            mode: v.optional(v.pipe(v.string(), v.regex(/^0?[0-7]{3}$/, 'a mode, such as "0755"'))),
          }),
        ),
        [],
      ),
      directories: v.optional(
        v.array(v.strictObject({ from: text, to: path, owner: v.optional(owner) })),
        [],
      ),
      tars: v.optional(
        v.array(
          v.strictObject({
            from: text,
            to: v.optional(path, '/'),
            owner: v.optional(owner),
            sha256: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'))),
          }),
        ),
        [],
      ),
      images: v.optional(
        v.array(
          v.strictObject({
            image: text,
            layer: v.optional(v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'a digest, sha256:…'))),
            from: v.optional(path, '/'),
            to: v.optional(path, '/'),
            owner: v.optional(owner),
          }),
        ),
        [],
      ),
      npm: v.optional(
        v.strictObject({
          registry: v.pipe(
            v.string(),
            v.regex(/^https?:\/\/[^\s?#@]+$/, 'an http or https address without credentials'),
          ),
          packages: v.optional(
            v.array(v.strictObject({ package: text, integrity: text, to: v.optional(path, '/usr/local') })),
            [],
          ),
          locks: v.optional(v.array(v.strictObject({ from: text, to: path })), []),
        }),
      ),
      replaces: v.optional(v.array(path), []),
      scriptsNotNeeded: v.optional(texts, []),
    }),
    {},
  ),
  platforms: v.optional(
    v.union(
      [v.literal('all'), v.pipe(texts, v.minLength(1, 'a platform'))],
      'all, or a list such as [linux/amd64, linux/arm64]',
    ),
  ),
  layers: v.optional(v.picklist(['squash', 'diff'], 'squash or diff'), 'squash'),
  compression: v.optional(v.picklist(['gzip', 'zstd', 'none'], 'gzip, zstd or none'), 'gzip'),
  sources: v.optional(texts),
  keys: v.optional(texts),
  tests: v.optional(
    v.strictObject({
      files: v.optional(texts, []),
      allowNotRun: v.optional(v.boolean(), false),
    }),
    {},
  ),
  policy: v.optional(
    v.strictObject({
      files: v.optional(texts, []),
      // Both as in a trust configuration, which checks them.
      parameters: v.optional(v.record(text, v.unknown()), {}),
      data: v.optional(v.record(text, v.unknown()), {}),
    }),
    {},
  ),
  run: v.optional(
    v.strictObject({
      entrypoint: v.optional(texts),
      cmd: v.optional(texts),
      env: v.optional(
        v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'the name of a variable')), v.string()),
      ),
      user: v.optional(text),
      workingDir: v.optional(pattern),
    }),
    {},
  ),
  labels: v.optional(v.record(text, v.string('a string (quote numbers and booleans)')), {}),
});

/** How an image is hardened (docs/harden.md), with its defaults filled in. */
export type HardenSettings = Omit<v.InferOutput<typeof schema>, 'strip'> & {
  /** False: nothing is taken out. */
  readonly strip: v.InferOutput<typeof schema>['strip'] | false;
};

const maxCharacters = 1024 * 1024;

/**
 * Reads `harden.yaml`. An empty text is all defaults.
 *
 * @throws HARDEN_SETTINGS_INVALID
 */
export function parseSettings(yaml: string, name: string): HardenSettings {
  const invalid = (message: string, detail: { expected?: string; found?: string } = {}) =>
    hardenErrors.error('HARDEN_SETTINGS_INVALID', { message: `${printable(name)}: ${message}`, ...detail });
  let value: JsonValue;
  try {
    value = (readYaml(yaml, { maxCharacters }) ?? {}) as JsonValue;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw invalid(printable(error.text, 300));
  }
  if (!isJsonObject(value))
    throw invalid('it is not a mapping', { expected: 'NAME: VALUE', found: typeof value });
  const { strip, ...rest } = value;
  const result = v.safeParse(schema, strip === false || strip === undefined ? rest : value);
  if (result.success) return strip === false ? { ...result.output, strip } : result.output;
  const [issue] = result.issues;
  const path = printable(v.getDotPath(issue) ?? 'the document', 120);
  const unknown = issue.expected === 'never';
  throw invalid(unknown ? `${path} is not a known setting` : `${path} is not what it should be`, {
    expected: unknown ? knownAt(issue.path!.slice(0, -1).map(({ key }) => key)).join(', ') : issue.message,
    found: printable(issue.received, 80),
  });
}

/** The settings there are in the mapping at a path. */
function knownAt(path: readonly unknown[]): readonly string[] {
  let at: unknown = schema;
  for (const key of path) {
    const { entries, item } = unwrapped(at);
    at = typeof key === 'number' ? item : entries?.[String(key)];
  }
  return Object.keys(unwrapped(at).entries ?? {});
}

interface Inspectable {
  readonly wrapped?: unknown;
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly item?: unknown;
}

/** What is optional, as what it is where it is there. */
function unwrapped(at: unknown): Inspectable {
  const found = (at ?? {}) as Inspectable;
  return found.wrapped === undefined ? found : unwrapped(found.wrapped);
}
