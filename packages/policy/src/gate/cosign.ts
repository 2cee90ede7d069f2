import { setImmediate } from 'node:timers/promises';
import {
  collectEvidence,
  type Trust as SigstoreTrust,
  type TrustedKey,
  verifyEvidence,
} from '@pratique/sigstore';
import type { Trust } from '../trust/types.ts';
import { mergeResults, type Station } from './stations.ts';

/** Signatures verified before others get their turn: some milliseconds, with a handful of keys. */
const slice = 16;

/** Cosign's signatures and attestations in all its formats, by keys and by identities. */
export const cosignStation: Station = {
  collect: (repository, subject, { signal }) => collectEvidence(repository, subject, { signal }),
  /** Whoever may push can attach a thousand signatures: they must not hold up every other review meanwhile. */
  async verify(evidence, trust, now) {
    const known = verifierTrust(trust);
    const results = [verifyEvidence({ ...evidence, items: evidence.items.slice(0, slice) }, known, now)];
    for (let start = slice; start < evidence.items.length; start += slice) {
      await setImmediate();
      const items = evidence.items.slice(start, start + slice);
      results.push(verifyEvidence({ ...evidence, items, skipped: [] }, known, now));
    }
    return mergeResults(results);
  },
};

/** Made once per trust configuration. */
const converted = new WeakMap<Trust, SigstoreTrust>();

/** Every key of every authority, each once, and every identity: whose signature it is, is decided afterwards. */
function verifierTrust(trust: Trust): SigstoreTrust {
  const made = converted.get(trust);
  if (made !== undefined) return made;
  const keys = new Map<string, TrustedKey>();
  for (const { name, keys: own } of trust.authorities.values()) {
    for (const key of own) if (!keys.has(key.fingerprint)) keys.set(key.fingerprint, { name, key });
  }
  const identities = [...trust.authorities.values()].flatMap((authority) => authority.identities);
  const fresh: SigstoreTrust = { logs: [], ...trust.log, keys: [...keys.values()], identities };
  converted.set(trust, fresh);
  return fresh;
}
