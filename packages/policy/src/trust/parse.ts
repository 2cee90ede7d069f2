import type { JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { mayBeOneSigner } from '@pratique/notation';
import {
  describeIdentity,
  type TextMatcher,
  type TrustedIdentity,
  type TrustedRoot,
} from '@pratique/sigstore';
import * as v from 'valibot';
import { policyErrors } from '../errors.ts';
import { importClusterImagePolicies } from './cluster-image-policy/import.ts';
import { trustDigest } from './digest.ts';
import { readDocuments, toJson } from './documents.ts';
import { compileGlob } from './glob.ts';
import { readAuthority, readFile, readLog, type TrustFiles } from './material.ts';
import { parametersOf } from './parameters.ts';
import { invalid, type Path, type Source, schemaError } from './problems.ts';
import { type TrustFile, trustSchema } from './schema.ts';
import { decisionLogOf, engineOf } from './settings.ts';
import type { Authority, ScopedStatement, Trust, TrustEntry, Vouching } from './types.ts';

/** Where no trusted root is named: a signature by key needs no other proof. */
const nobody: TrustedRoot = { logs: [], certificateLogs: [], authorities: [], timestampAuthorities: [] };

/**
 * Parses and checks a trust configuration (YAML or JSON, `docs/reference/trust.md`). `name` stands before line and
 * column in messages.
 *
 * @throws TRUST_INVALID with `file:line:column`; TRUST_UNREADABLE for a file it names
 */
export function parseTrust(text: string, name: string, files: TrustFiles): Trust {
  const [source, second] = readDocuments(text, name);
  if (source === undefined)
    throw policyErrors.error('TRUST_INVALID', {
      message: `${name} is empty`,
      expected: 'apiVersion: pratique.dev/v1, kind: Trust, …',
      found: 'nothing',
    });
  if (second !== undefined) throw invalid(second, [], 'a trust configuration is one document');
  const result = v.safeParse(trustSchema, toJson(source));
  if (!result.success) throw schemaError(source, trustSchema, result.issues);
  return build(source, result.output, files);
}

function build(source: Source, file: TrustFile, files: TrustFiles): Trust {
  const log = file.log === undefined ? null : readLog(source, file.log, files);
  const vouching: Vouching = { ...(log ?? nobody), thresholds: {} };
  const authorities = new Map(
    Object.entries(file.authorities).map(([name, given]) => [
      name,
      readAuthority(source, name, given, vouching, files),
    ]),
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
      objects: [],
      mode: entry.mode ?? file.mode,
      atLeast,
      of,
      annotations: entry.annotations,
      refusal: null,
      policy: null,
    };
  });
  const keyless = [...authorities.values()].find(({ identities }) => identities.length > 0);
  if (keyless !== undefined && file.log === undefined) {
    throw invalid(
      source,
      ['authorities', keyless.name],
      `${keyless.name} has identities, and nobody vouches for them`,
      {
        expected: 'log: { trustedRoot: FILE }, the root of the Sigstore that does',
        found: 'no log',
      },
    );
  }
  const imported = importClusterImagePolicies(
    file.clusterImagePolicies.map((path, index) => ({
      name: path,
      text: new TextDecoder().decode(readFile(source, ['clusterImagePolicies', index], path, files)),
    })),
    log,
    files.trustRoots,
    files.managedKeys,
    files.remotePolicies,
  );
  const trust = {
    authorities: new Map([...authorities, ...imported.authorities]),
    images: [...images, ...imported.entries],
    default: file.default,
    mode: file.mode,
    exempt: file.exempt.map((entry, index) => ({
      entry: `exempt[${index}]`,
      match: list(entry.match).map(compileGlob),
      reason: entry.reason,
    })),
    parameters: parametersOf(file.parameters),
    site: file.data as JsonObject,
    policies: file.policies.map((path) => files.resolve(path)),
    engine: engineOf(file.engine, (path) => files.resolve(path)),
    decisionLog:
      file.decisionLog === undefined ? null : decisionLogOf(file.decisionLog, (path) => files.resolve(path)),
    ownPolicies: imported.policies,
    log,
  };
  return { ...trust, digest: trustDigest(trust) };
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

/** A key or identity in two authorities of one quorum would let one signature, or one attestation, count twice. */
function checkDistinct(source: Source, at: Path, all: readonly Authority[]): void {
  checkOwners(
    source,
    at,
    all.filter(({ attestations }) => attestations.length === 0),
  );
  for (const type of new Set(
    all.flatMap(({ attestations }) => attestations.map((one) => one.predicateType)),
  )) {
    checkOwners(
      source,
      at,
      all.filter(({ attestations }) => attestations.some((one) => one.predicateType === type)),
    );
  }
}

function checkOwners(source: Source, at: Path, of: readonly Authority[]): void {
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
  for (const [index, one] of of.entries()) {
    for (const other of of.slice(index + 1)) {
      if (mayShareNotation(one, other)) {
        throw invalid(
          source,
          at,
          `one signature of the Notary Project may count for both ${one.name} and ${other.name}`,
          {
            expected: 'trusted identities that cannot be the same, or roots of their own',
            found: 'subjects of the same trust store that contradict each other nowhere',
          },
        );
      }
      const role = one.contentTrust?.roles.find((name) => other.contentTrust?.roles.includes(name));
      if (role !== undefined) {
        throw invalid(
          source,
          at,
          `${one.name} and ${other.name} share a role of Docker Content Trust, so that one signature would count for both`,
          { expected: 'authorities with roles of their own', found: role },
        );
      }
      const shared = one.identities.find((a) => other.identities.some((b) => mayBeOne(a, b)));
      if (shared === undefined) continue;
      throw invalid(
        source,
        at,
        `${one.name} and ${other.name} may be the same identity, so one signature would count for both`,
        {
          expected: 'authorities whose subjects or issuers cannot be the same',
          found: printable(describeIdentity(shared)),
        },
      );
    }
  }
}

function mayShareNotation(a: Authority, b: Authority): boolean {
  const statements = ({ notation }: Authority): readonly ScopedStatement[] => notation ?? [];
  return statements(a).some((one) => statements(b).some((other) => mayBeOneSigner(one, other)));
}

/** Whether there can be a signer who is both. Two patterns are not compared: there may be. */
function mayBeOne(a: TrustedIdentity, b: TrustedIdentity): boolean {
  const overlap = (one: TextMatcher, other: TextMatcher) =>
    one.kind === 'exact' ? other.matches(one.value) : other.kind === 'pattern' || one.matches(other.value);
  return overlap(a.subject, b.subject) && overlap(a.issuer, b.issuer);
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return (Array.isArray(value) ? value : [value]) as readonly T[];
}
