import { createHash } from 'node:crypto';
import {
  canonicalJson,
  type JsonObject,
  type JsonValue,
  type PublicKey,
  parsePublicKey,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import type { Digest } from '@pratique/oci';
import { parseTrustedRoot, type TrustedRoot } from '@pratique/sigstore';
import * as v from 'valibot';
import { LineCounter, parseDocument } from 'yaml';
import { policyErrors } from '../errors.ts';
import { compileGlob } from './glob.ts';
import { invalid, type Path, type Source, schemaError } from './problems.ts';
import { type TrustFile, trustSchema } from './schema.ts';
import type { Authority, PolicyParameters, Trust, TrustEntry } from './types.ts';

/** What a trust file names, read by the caller: bytes of the file at a path as written in it. */
export interface TrustFiles {
  /** Absolute form of a path as written. */
  resolve(path: string): string;
  /** @throws anything; reported as TRUST_UNREADABLE */
  read(path: string): Uint8Array;
}

const maxTrustBytes = 4 * 1024 * 1024;

/**
 * Parses and checks a trust configuration (YAML or JSON, `docs/reference/trust.md`). `name` stands before line and
 * column in messages.
 *
 * @throws TRUST_INVALID with `file:line:column`; TRUST_UNREADABLE for a file it names
 */
export function parseTrust(text: string, name: string, files: TrustFiles): Trust {
  if (text.length > maxTrustBytes) {
    throw policyErrors.error('TRUST_INVALID', {
      message: `${name} is larger than ${maxTrustBytes} characters`,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const source: Source = { name, document, lines };
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw policyErrors.error('TRUST_INVALID', { message: `${name}:${line}:${col}: ${error.message}` });
  }
  const result = v.safeParse(trustSchema, toJson(source));
  if (!result.success) throw schemaError(source, result.issues);
  return build(source, result.output, files);
}

/** The document as JSON; aliases are followed up to a limit, so that a small file cannot become a huge one. */
function toJson(source: Source): JsonValue {
  let value: unknown;
  try {
    value = source.document.toJS({ maxAliasCount: 100 });
    // Also refuses what YAML has and JSON has not: NaN, infinities.
    canonicalJson(value as JsonValue);
  } catch (cause) {
    throw policyErrors.error('TRUST_INVALID', {
      message: `${source.name}:1:1: holds a value JSON does not have, or too many aliases`,
      cause,
    });
  }
  return value as JsonValue;
}

function build(source: Source, file: TrustFile, files: TrustFiles): Trust {
  const authorities = new Map(
    Object.entries(file.authorities).map(([name, given]) => [name, authority(source, name, given, files)]),
  );
  const images = file.images.map((entry, index): TrustEntry => {
    const path: Path = ['images', index];
    const { atLeast, of } = normalise(source, [...path, 'require'], entry.require);
    for (const name of of) {
      if (!authorities.has(name)) {
        throw invalid(source, [...path, 'require'], `there is no authority ${name}`, {
          expected: [...authorities.keys()].join(' or ') || 'an entry below `authorities`',
          found: name,
        });
      }
    }
    if (atLeast > 1)
      checkDistinct(
        source,
        [...path, 'require'],
        of.map((name) => authorities.get(name)!),
      );
    return {
      entry: `images[${index}]`,
      match: list(entry.match).map(compileGlob),
      exclude: list(entry.exclude ?? []).map(compileGlob),
      mode: entry.mode ?? file.mode,
      atLeast,
      of,
      annotations: entry.annotations as Record<string, string>,
    };
  });
  const trust = {
    authorities,
    images,
    default: file.default,
    mode: file.mode,
    exempt: file.exempt.map((entry, index) => ({
      entry: `exempt[${index}]`,
      match: list(entry.match).map(compileGlob),
      reason: entry.reason,
    })),
    parameters: parametersOf(file),
    site: file.data as JsonObject,
    policies: file.policies.map((path) => files.resolve(path)),
    log: file.log === undefined ? null : logOf(source, file.log.trustedRoot, files),
  };
  return { ...trust, digest: digestOf(trust) };
}

function authority(
  source: Source,
  name: string,
  given: TrustFile['authorities'][string] & {},
  files: TrustFiles,
): Authority {
  const {
    key,
    keys = [],
    keyFile,
    keyFiles = [],
  } = given as {
    key?: string;
    keys?: string[];
    keyFile?: string;
    keyFiles?: string[];
  };
  const at: Path = ['authorities', name];
  const parsed: PublicKey[] = [
    ...(key === undefined ? [] : [parseKey(source, [...at, 'key'], key)]),
    ...keys.map((pem, index) => parseKey(source, [...at, 'keys', index], pem)),
    ...(keyFile === undefined ? [] : [keyFromFile(source, [...at, 'keyFile'], keyFile, files)]),
    ...keyFiles.map((path, index) => keyFromFile(source, [...at, 'keyFiles', index], path, files)),
  ];
  return { name, keys: [...new Map(parsed.map((item) => [item.fingerprint, item])).values()] };
}

function keyFromFile(source: Source, at: Path, path: string, files: TrustFiles): PublicKey {
  return parseKey(source, at, readFile(source, at, path, files));
}

function parseKey(source: Source, at: Path, input: string | Uint8Array): PublicKey {
  try {
    return parsePublicKey(input);
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw invalid(source, at, cause.message, {
      expected: 'a public key, PEM',
      ...(cause.found === undefined ? {} : { found: cause.found }),
      cause,
    });
  }
}

/** A root that names no log would ask for none, which is the opposite of what the file says. */
function logOf(source: Source, path: string, files: TrustFiles): NonNullable<Trust['log']> {
  const at: Path = ['log', 'trustedRoot'];
  const bytes = readFile(source, at, path, files);
  let logs: TrustedRoot['logs'];
  try {
    ({ logs } = parseTrustedRoot(bytes));
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw invalid(source, at, `${path}: ${cause.message}`, { expected: 'a Sigstore trusted root', cause });
  }
  if (logs.length === 0) {
    throw invalid(source, at, `${path} names no transparency log`, {
      expected: 'a trusted root with at least one entry in tlogs',
      found: 'none',
    });
  }
  return { trustedRoot: files.resolve(path), logs };
}

function readFile(source: Source, at: Path, path: string, files: TrustFiles): Uint8Array {
  try {
    return files.read(path);
  } catch (cause) {
    throw policyErrors.error('TRUST_UNREADABLE', {
      message: `${invalid(source, at, '').message}cannot read ${files.resolve(path)} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      cause,
    });
  }
}

/** `any` is at least one, `all` is every one. */
function normalise(
  source: Source,
  at: Path,
  require: TrustFile['images'][number]['require'],
): { atLeast: number; of: readonly string[] } {
  const of = 'any' in require ? require.any : 'all' in require ? require.all : require.of;
  if (new Set(of).size !== of.length) throw invalid(source, at, 'an authority is named twice');
  const atLeast = 'any' in require ? 1 : 'all' in require ? of.length : require.atLeast;
  if (atLeast > of.length) {
    throw invalid(source, at, `at least ${atLeast} of ${of.length} authorities can never be met`, {
      expected: `atLeast: ${of.length} or less`,
      found: String(atLeast),
    });
  }
  return { atLeast, of };
}

/** A key in two authorities of one quorum would let one signature count twice. */
function checkDistinct(source: Source, at: Path, of: readonly Authority[]): void {
  const owners = new Map<string, string>();
  for (const { name, keys } of of) {
    for (const { fingerprint } of keys) {
      const owner = owners.get(fingerprint);
      if (owner !== undefined) {
        throw invalid(source, at, `${owner} and ${name} share a key, so one signature would count for both`, {
          expected: 'authorities with keys of their own',
          found: fingerprint,
        });
      }
      owners.set(fingerprint, name);
    }
  }
}

function parametersOf({ parameters }: TrustFile): PolicyParameters {
  const {
    environment,
    digests = {},
    registries = [],
    requireDigest = false,
    forbiddenTags = [],
  } = parameters;
  const given = typeof environment === 'string' ? { expected: environment } : (environment ?? {});
  return {
    environment: {
      annotation: given.annotation ?? 'env',
      expected: given.expected ?? null,
      namespaces: (given.namespaces ?? {}) as Record<string, string>,
    },
    digests: Object.fromEntries(
      Object.entries(Array.isArray(digests) ? { '**': digests } : (digests as Record<string, string[]>)).map(
        ([pattern, approved]) => [regoGlob(pattern), approved],
      ),
    ),
    registries: registries.map(regoGlob),
    requireDigest,
    forbiddenTags,
  };
}

/** For Rego's `glob.match`, which takes brackets for a class of characters and not for an IPv6 address. */
function regoGlob(pattern: string): string {
  return compileGlob(pattern).canonical.replace(/[[\]]/g, '\\$&');
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return (Array.isArray(value) ? value : [value]) as readonly T[];
}

function digestOf(trust: Omit<Trust, 'digest'>): Digest {
  const patterns = (globs: readonly { canonical: string }[]) => globs.map((glob) => glob.canonical);
  const canonical: JsonValue = {
    authorities: Object.fromEntries(
      [...trust.authorities].map(([name, { keys }]) => [name, keys.map((key) => key.fingerprint).sort()]),
    ),
    images: trust.images.map(({ entry, match, exclude, ...rest }) => ({
      ...rest,
      entry,
      match: patterns(match),
      exclude: patterns(exclude),
    })),
    default: trust.default,
    mode: trust.mode,
    exempt: trust.exempt.map(({ match, reason }) => ({ match: patterns(match), reason })),
    parameters: trust.parameters as unknown as JsonObject,
    data: trust.site,
    log:
      trust.log?.logs.map(({ id, key, baseUrl, validFrom, validUntil }) => ({
        id,
        key: key.fingerprint,
        baseUrl,
        validFrom: validFrom.toISOString(),
        validUntil: validUntil?.toISOString() ?? null,
      })) ?? null,
  };
  return `sha256:${createHash('sha256').update(canonicalJson(canonical)).digest('hex')}`;
}
