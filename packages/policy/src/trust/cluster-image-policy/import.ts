import { parsePublicKey } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { parseReference, pullSecretKeychain } from '@pratique/oci';
import {
  exactly,
  parsePredicateType,
  pattern,
  type TextMatcher,
  type TrustedIdentity,
} from '@pratique/sigstore';
import type { PolicySource } from '../../engine/sources.ts';
import {
  asksForVersion,
  compileGlob,
  compileReferenceGlob,
  globProblem,
  type ImageGlob,
  referenceGlobProblem,
} from '../glob.ts';
import type { ManagedKeys } from '../managed-keys.ts';
import { invalid, type Path, type Source } from '../problems.ts';
import type { Authority, LogTrust, PullSecrets, SignatureSource, TrustEntry } from '../types.ts';
import { textOf } from './key-text.ts';
import { objectSelector } from './match.ts';
import { type Objects, type Placed, readObjects } from './objects.ts';
import { type PolicyName, policyText } from './policy-text.ts';
import type { FetchedPolicies } from './remote-policies.ts';
import { requiredPolicy } from './required-policy.ts';
import type { CipAuthority, ClusterImagePolicy } from './schema.ts';
import type { FetchedRoots } from './tuf-roots.ts';
import { type VouchingFor, vouchingBy } from './vouching.ts';

/** What ClusterImagePolicies come to in the trust model. */
export interface Imported {
  /** By `POLICY/AUTHORITY`. */
  readonly authorities: ReadonlyMap<string, Authority>;
  /** One per policy: all of those that match an image must be met, as in policy-controller. */
  readonly entries: readonly TrustEntry[];
  readonly policies: readonly PolicySource[];
}

/**
 * Reads ClusterImagePolicies and TrustRoots of Sigstore policy-controller (v1alpha1 and v1beta1). `fallback` stands for
 * the public-good Sigstore of authorities that name no other, `fetched` is what `fetchTrustRoots` gave, `managedKeys`
 * what `openManagedKeys`, `remotePolicies` what `fetchPolicies` did. What cannot be enforced as it stands is refused.
 *
 * @throws TRUST_INVALID with `file:line:column`
 */
export function importClusterImagePolicies(
  files: readonly { readonly name: string; readonly text: string }[],
  fallback: Omit<LogTrust, 'trustedRoot'> | null,
  fetched: FetchedRoots = new Map(),
  managedKeys: ManagedKeys = new Map(),
  remotePolicies: FetchedPolicies = new Map(),
): Imported {
  const objects = readObjects(files);
  const vouching = vouchingBy(objects, fallback, fetched);
  const context: Context = { objects, vouching, managedKeys, remotePolicies };
  const authorities = new Map<string, Authority>();
  const policies: PolicySource[] = [];
  const seen = new Set<string>();
  const entries = objects.policies.map((policy): TrustEntry => {
    const { name } = policy.value.metadata;
    if (seen.has(name))
      throw invalid(policy.source, [...policy.at, 'metadata', 'name'], `${printable(name)} is there twice`);
    seen.add(name);
    const { images, authorities: given, mode, match, policy: overall } = policy.value.spec;
    const own: Authority[] = [];
    const names = given.map((authority, index) => authority.name ?? `authority-${index}`);
    for (const [index, authority] of given.entries()) {
      const at: Path = [...policy.at, 'spec', 'authorities', index];
      if (names.indexOf(names[index]!) !== index)
        throw invalid(policy.source, [...at, 'name'], 'two authorities of the policy have one name');
      if (authority.static !== undefined) continue;
      const read = readAuthority(policy, at, `${name}/${names[index]}`, authority, context);
      authorities.set(read.authority.name, read.authority);
      own.push(read.authority);
      policies.push(...read.policies);
    }
    if (overall !== undefined) {
      const at: Path = [...policy.at, 'spec', 'policy'];
      const place: PolicyName = { root: 'cluster_image_policy', name };
      policies.push(policyText(policy, at, place, overall, objects, remotePolicies));
    }
    const passes = given.some((authority) => authority.static?.action === 'pass');
    return {
      entry: name,
      match: images.map(({ glob }, index) =>
        readGlob(policy, [...policy.at, 'spec', 'images', index, 'glob'], glob),
      ),
      exclude: [],
      objects: match.map(objectSelector),
      mode,
      atLeast: passes ? 0 : 1,
      of: own.map((authority) => authority.name),
      annotations: {},
      refusal: passes || own.length > 0 ? null : refusalOf(given),
      policy: overall === undefined ? null : requiredPolicy(policy.value, overall, names),
    };
  });
  return { authorities, entries, policies };
}

/** What authorities refer to. */
interface Context {
  readonly objects: Objects;
  readonly vouching: VouchingFor;
  readonly managedKeys: ManagedKeys;
  readonly remotePolicies: FetchedPolicies;
}

function readAuthority(
  policy: Placed<ClusterImagePolicy>,
  at: Path,
  name: string,
  given: CipAuthority,
  { objects, vouching, managedKeys, remotePolicies }: Context,
): { readonly authority: Authority; readonly policies: readonly PolicySource[] } {
  const { key, keyless, attestations } = given;
  const [source, ...sources] = given.source.map((one, place) =>
    readSource(policy, [...at, 'source', place], one, objects),
  );
  const policies: PolicySource[] = [];
  const required = attestations.map((attestation, place) => {
    const id = `${name}/${attestation.name}`;
    if (attestations.findIndex((other) => other.name === attestation.name) !== place)
      throw invalid(
        policy.source,
        [...at, 'attestations', place, 'name'],
        'two attestations of the authority have one name',
      );
    if (attestation.policy !== undefined) {
      const path: Path = [...at, 'attestations', place, 'policy'];
      policies.push(
        policyText(
          policy,
          path,
          { root: 'attestation', name: id },
          attestation.policy,
          objects,
          remotePolicies,
        ),
      );
    }
    return {
      // The schema has seen that it is one.
      predicateType: parsePredicateType(attestation.predicateType)!,
      policy: attestation.policy === undefined ? null : id,
    };
  });
  const authority: Authority = {
    name,
    keys: key === undefined ? [] : [readKey(policy, [...at, 'key'], key, objects, managedKeys)],
    identities: (keyless?.identities ?? []).map((identity, place) =>
      readIdentity(policy, [...at, 'keyless', 'identities', place], name, identity),
    ),
    attestations: required,
    ...(source === undefined ? {} : { sources: [source, ...sources] as const }),
    vouching: vouching(policy, at, given),
  };
  return { authority, policies };
}

/** Where signatures are, and whose credentials are used for them. */
function readSource(
  { source }: Placed<ClusterImagePolicy>,
  at: Path,
  { oci, tagPrefix = '', signaturePullSecrets }: CipAuthority['source'][number],
  objects: Objects,
): SignatureSource {
  const names = signaturePullSecrets.map(({ name }) => name);
  const pullSecrets =
    names.length === 0 ? null : readPullSecrets(source, [...at, 'signaturePullSecrets'], names, objects);
  if (oci === undefined) return { repository: null, tagPrefix, pullSecrets };
  try {
    const reference = parseReference(oci);
    if (reference.tag === undefined && reference.digest === undefined)
      return { repository: reference, tagPrefix, pullSecrets };
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw invalid(source, [...at, 'oci'], cause.message, { expected: 'a repository', cause });
  }
  throw invalid(source, [...at, 'oci'], 'a source is a repository', {
    expected: 'no tag and no digest',
    found: printable(oci),
  });
}

/** They are in the files, all of them; else in the namespace of what is admitted. */
function readPullSecrets(
  source: Source,
  at: Path,
  names: readonly string[],
  { texts }: Objects,
): PullSecrets {
  const found = names.flatMap((name) => {
    const secret = texts.get(`Secret/${name}`);
    return secret === undefined ? [] : [{ name, texts: secret }];
  });
  if (found.length === 0) return { names, keychain: null };
  if (found.length < names.length)
    throw invalid(source, at, 'some of the Secrets are in these files, and some are not', {
      expected: `all of ${names.join(', ')}, or none`,
      found: found.map(({ name }) => name).join(', '),
    });
  try {
    return { names, keychain: pullSecretKeychain(found) };
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw invalid(source, at, cause.message, { expected: 'Secrets with credentials for registries', cause });
  }
}

function readKey(
  policy: Placed<ClusterImagePolicy>,
  at: Path,
  given: NonNullable<CipAuthority['key']>,
  objects: Objects,
  managedKeys: ManagedKeys,
) {
  const { source } = policy;
  const { kms, hashAlgorithm = 'sha256' } = given;
  if (hashAlgorithm.toLowerCase() !== 'sha256')
    throw invalid(source, [...at, 'hashAlgorithm'], 'only SHA-256 is supported', {
      expected: 'sha256',
      found: printable(hashAlgorithm),
    });
  if (kms !== undefined) {
    const found = managedKeys.get(kms);
    if (found !== undefined) return found;
    // Without what stands after `?`, where a PIN may be.
    throw invalid(source, [...at, 'kms'], 'a key in a token or a key service is not looked up here', {
      expected: 'data: the public key, as `cosign public-key --key KMS` prints it',
      found: printable(kms.split('?', 1)[0]!),
    });
  }
  const text = textOf(policy, at, given, objects);
  try {
    return parsePublicKey(text);
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw invalid(source, at, cause.message, { expected: 'a public key, PEM', cause });
  }
}

type CipIdentity = NonNullable<CipAuthority['keyless']>['identities'][number];

/** Expressions must match the whole text here, where policy-controller looks for them anywhere in it. */
function readIdentity(
  { source }: Placed<ClusterImagePolicy>,
  at: Path,
  name: string,
  { issuer, issuerRegExp, subject, subjectRegExp }: CipIdentity,
): TrustedIdentity {
  const matcher = (
    exact: string | undefined,
    expression: string | undefined,
    member: string,
  ): TextMatcher => {
    if (exact !== undefined && expression !== undefined)
      throw invalid(source, at, `${member} exactly and by an expression at once`, {
        expected: 'one of the two',
      });
    try {
      return exact === undefined ? pattern(expression!) : exactly(exact);
    } catch (cause) {
      if (!(cause instanceof PratiqueError)) throw cause;
      throw invalid(source, [...at, `${member}RegExp`], cause.message, { cause });
    }
  };
  return {
    name,
    issuer: matcher(issuer, issuerRegExp, 'issuer'),
    subject: matcher(subject, subjectRegExp, 'subject'),
  };
}

/**
 * Globs of policy-controller are compared with the whole reference, ours with the name alone: `app`, `app*`, `app:*`
 * and `app@*` all mean every version of it. One that asks for a certain tag or digest is compared as there.
 */
function readGlob({ source }: Placed<ClusterImagePolicy>, at: Path, given: string): ImageGlob {
  const short: Readonly<Record<string, string>> = {
    '*': 'index.docker.io/library/*',
    '*/*': 'index.docker.io/*/*',
  };
  const glob = short[given] ?? given.replace(/[:@]\*{1,2}$/, '');
  const isOverReferences = asksForVersion(glob);
  const problem = isOverReferences ? referenceGlobProblem(glob) : globProblem(glob);
  if (problem !== undefined) {
    throw invalid(source, at, `the pattern cannot be used: ${problem}`, {
      expected: 'a pattern over names, such as ghcr.io/acme/**',
      found: printable(given),
    });
  }
  return isOverReferences ? compileReferenceGlob(glob) : compileGlob(glob);
}

function refusalOf(given: readonly CipAuthority[]): string {
  const said = given.map((authority) => authority.static?.message ?? '').find((message) => message !== '');
  return said === undefined ? 'disallowed by a static policy' : printable(said, 300);
}
