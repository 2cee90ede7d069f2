import { type PublicKey, parsePublicKey, parseWitnessPolicy, type WitnessPolicy } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import {
  exactly,
  parsePredicateType,
  parseTrustedRoot,
  pattern,
  type TextMatcher,
  type TrustedIdentity,
  type TrustedRoot,
} from '@pratique/sigstore';
import { policyErrors } from '../errors.ts';
import type { FetchedPolicies } from './cluster-image-policy/remote-policies.ts';
import type { FetchedRoots } from './cluster-image-policy/tuf-roots.ts';
import { readContentTrust } from './content-trust.ts';
import { isKeyReference, type ManagedKeys } from './managed-keys.ts';
import { readNotation } from './notation.ts';
import { invalid, type Path, placeOf, type Source } from './problems.ts';
import type { TrustFile } from './schema.ts';
import type { Authority, LogTrust, Vouching } from './types.ts';

/** What a trust file names, read by the caller: bytes of the file at a path as written in it. */
export interface TrustFiles {
  /** Absolute form of a path as written. */
  resolve(path: string): string;
  /** @throws anything; reported as TRUST_UNREADABLE */
  read(path: string): Uint8Array;
  /** What was read from the TUF repositories of TrustRoots. */
  readonly trustRoots?: FetchedRoots;
  /** Policies that ClusterImagePolicies have elsewhere, fetched before. */
  readonly remotePolicies?: FetchedPolicies;
  /** Public keys of tokens and key services, looked up before. */
  readonly managedKeys?: ManagedKeys;
}

/** One of `authorities`, with its keys read and each there once, and its identities. */
export function readAuthority(
  source: Source,
  name: string,
  given: TrustFile['authorities'][string],
  vouching: Vouching,
  files: TrustFiles,
): Authority {
  const { key, keys = [], keyFile, keyFiles = [], identities = [], attestations = [] } = given;
  const at: Path = ['authorities', name];
  const parsed: PublicKey[] = [
    ...(key === undefined ? [] : [givenKey(source, [...at, 'key'], key, files)]),
    ...keys.map((pem, index) => givenKey(source, [...at, 'keys', index], pem, files)),
    ...(keyFile === undefined ? [] : [keyFromFile(source, [...at, 'keyFile'], keyFile, files)]),
    ...keyFiles.map((path, index) => keyFromFile(source, [...at, 'keyFiles', index], path, files)),
  ];
  return {
    name,
    keys: [...new Map(parsed.map((item) => [item.fingerprint, item])).values()],
    identities: identities.map((identity, index) =>
      readIdentity(source, [...at, 'identities', index], name, identity),
    ),
    // The schema has seen that every one is a predicate type.
    attestations: [...new Set(attestations.map((type) => parsePredicateType(type)!))].map(
      (predicateType) => ({
        predicateType,
        policy: null,
      }),
    ),
    ...(given.notation === undefined
      ? {}
      : { notation: readNotation(source, [...at, 'notation'], given.notation, files) }),
    ...(given.contentTrust === undefined
      ? {}
      : { contentTrust: readContentTrust(source, [...at, 'contentTrust'], given.contentTrust, files) }),
    vouching,
  };
}

type IdentityFile = NonNullable<TrustFile['authorities'][string]['identities']>[number];

function readIdentity(source: Source, at: Path, name: string, given: IdentityFile): TrustedIdentity {
  const { issuer = '', issuerRegExp, subject = '', subjectRegExp, extensions } = given;
  const matcher = (exact: string, expression: string | undefined, member: string): TextMatcher => {
    if (expression === undefined) return exactly(exact);
    try {
      return pattern(expression);
    } catch (cause) {
      if (!(cause instanceof PratiqueError)) throw cause;
      throw invalid(source, [...at, member], cause.message, {
        expected: 'an RE2 expression, which must match the whole text',
        ...(cause.found === undefined ? {} : { found: cause.found }),
        cause,
      });
    }
  };
  return {
    name,
    issuer: matcher(issuer, issuerRegExp, 'issuerRegExp'),
    subject: matcher(subject, subjectRegExp, 'subjectRegExp'),
    extensions: Object.fromEntries(
      Object.entries(extensions).map(([extension, value]) => [extension, exactly(value)]),
    ),
  };
}

function keyFromFile(source: Source, at: Path, path: string, files: TrustFiles): PublicKey {
  return parseKey(source, at, readFile(source, at, path, files));
}

/** A key that is written down, or named where it is: in a token or a key service. */
function givenKey(source: Source, at: Path, text: string, { managedKeys }: TrustFiles): PublicKey {
  if (!isKeyReference(text)) return parseKey(source, at, text);
  const found = managedKeys?.get(text);
  if (found !== undefined) return found;
  // Without what stands after `?`, where a PIN may be.
  throw invalid(source, at, 'a key in a token or a key service is not looked up here', {
    expected: 'a public key, PEM',
    found: printable(text.split('?', 1)[0]!),
  });
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
export function readLog(
  source: Source,
  { trustedRoot: path, witnessPolicy }: NonNullable<TrustFile['log']>,
  files: TrustFiles,
): LogTrust {
  const at: Path = ['log', 'trustedRoot'];
  const bytes = readFile(source, at, path, files);
  let root: TrustedRoot;
  try {
    root = parseTrustedRoot(bytes);
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw invalid(source, at, `${path}: ${cause.message}`, { expected: 'a Sigstore trusted root', cause });
  }
  if (root.logs.length === 0) {
    throw invalid(source, at, `${path} names no transparency log`, {
      expected: 'a trusted root with at least one entry in tlogs',
      found: 'none',
    });
  }
  const witnesses = witnessPolicy === undefined ? undefined : readWitnesses(source, witnessPolicy, files);
  return {
    trustedRoot: files.resolve(path),
    ...root,
    ...(witnesses === undefined ? {} : { witnesses }),
  };
}

function readWitnesses(source: Source, path: string, files: TrustFiles): WitnessPolicy {
  const at: Path = ['log', 'witnessPolicy'];
  try {
    return parseWitnessPolicy(new TextDecoder().decode(readFile(source, at, path, files)));
  } catch (cause) {
    if (!(cause instanceof PratiqueError) || cause.code !== 'WITNESS_POLICY_INVALID') throw cause;
    throw invalid(source, at, `${path}: ${cause.message}`, { expected: 'a C2SP tlog-policy', cause });
  }
}

/** @throws TRUST_UNREADABLE */
export function readFile(source: Source, at: Path, path: string, files: TrustFiles): Uint8Array {
  try {
    return files.read(path);
  } catch (cause) {
    throw policyErrors.error('TRUST_UNREADABLE', {
      message: `${placeOf(source, at, 'value')}: cannot read ${files.resolve(path)} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      cause,
    });
  }
}
