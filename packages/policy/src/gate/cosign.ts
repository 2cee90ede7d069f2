import { setImmediate } from 'node:timers/promises';
import type { Descriptor } from '@pratique/oci';
import {
  type Collected,
  collectAbout,
  type Evidence,
  type EvidenceItem,
  type Trust as SigstoreTrust,
  type TrustedKey,
  verifyEvidence,
} from '@pratique/sigstore';
import type { Authority, Trust } from '../trust/types.ts';
import { signatureId } from './signature-id.ts';
import { type Attributed, attribute, mergeResults, type Station } from './stations.ts';

/** Candidates verified before others get their turn: some milliseconds, with a handful of keys. */
const slice = 16;

/** Cosign's signatures and attestations in all its formats, by keys and by identities. */
export const cosignStation: Station = {
  async collect(repository, digest, { signal, tagPrefix, reserve, trust }) {
    const collected = await collectAbout(repository, digest, { signal, tagPrefix, reserve });
    return {
      bytes: sizeOf(collected),
      verify: (subject: Descriptor, now: Date) => verifyInTurns({ subject, ...collected }, trust, now),
    };
  },
};

/** Whoever may push can attach a thousand signatures: they must not hold up every other review meanwhile. */
export async function verifyInTurns(evidence: Evidence, trust: Trust, now: Date): Promise<Attributed> {
  const circles = circlesOf(trust);
  const identified = trust.images.some(({ policy }) => policy !== null);
  const results: Attributed[] = [{ signatures: [], attestations: [], rejected: evidence.skipped }];
  for (const [index, item] of evidence.items.entries()) {
    if (index % slice === slice - 1) await setImmediate();
    const one = { ...evidence, items: [item], skipped: [] };
    const settled = settle(
      circles.map(({ authorities, known }) => attribute(authorities, verifyEvidence(one, known, now))),
    );
    results.push(identified ? withId(settled, item) : settled);
  }
  return mergeResults(results);
}

function sizeOf({ items }: Collected): number {
  return items.reduce((sum, item) => sum + ('bytes' in item ? item.bytes : item.payload).byteLength, 0);
}

/** What one piece of evidence came to, with the id of its signature. */
function withId(result: Attributed, item: EvidenceItem): Attributed {
  if (result.signatures.length + result.attestations.length === 0) return result;
  const id = signatureId(item);
  return {
    ...result,
    signatures: result.signatures.map((one) => ({ ...one, id })),
    attestations: result.attestations.map((one) => ({ ...one, id })),
  };
}

/** What one circle of authorities refuses and another accepts is not refused; what all refuse is told once. */
function settle(results: readonly Attributed[]): Attributed {
  const [only] = results;
  if (results.length === 1) return only!;
  const { signatures, attestations, rejected } = mergeResults(results);
  const accepted = signatures.length + attestations.length > 0;
  const told = new Map(rejected.map((rejection) => [`${rejection.code} ${rejection.message}`, rejection]));
  return { signatures, attestations, rejected: accepted ? [] : [...told.values()] };
}

/** Authorities that the same logs and certificates prove. */
interface Circle {
  readonly authorities: readonly Authority[];
  readonly known: SigstoreTrust;
}

/** Made once per trust configuration. */
const converted = new WeakMap<Trust, readonly Circle[]>();

function circlesOf(trust: Trust): readonly Circle[] {
  const made = converted.get(trust);
  if (made !== undefined) return made;
  const groups = Map.groupBy(trust.authorities.values(), ({ vouching }) => vouching);
  const circles = [...groups].map(([vouching, authorities]) => ({
    authorities,
    known: { ...vouching, ...signersOf(authorities) },
  }));
  // Where nobody is trusted, what stands there is still looked at: a refusal says what it found.
  const fresh =
    circles.length > 0 ? circles : [{ authorities: [], known: { logs: [], ...trust.log, ...signersOf([]) } }];
  converted.set(trust, fresh);
  return fresh;
}

/** Every key of every authority, each once, and every identity: whose signature it is, is decided afterwards. */
function signersOf(authorities: readonly Authority[]): Pick<SigstoreTrust, 'keys' | 'identities'> {
  const keys = new Map<string, TrustedKey>();
  for (const { name, keys: own } of authorities) {
    for (const key of own) if (!keys.has(key.fingerprint)) keys.set(key.fingerprint, { name, key });
  }
  return { keys: [...keys.values()], identities: authorities.flatMap(({ identities }) => identities) };
}
