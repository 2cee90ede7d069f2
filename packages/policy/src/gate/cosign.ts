import {
  collectEvidence,
  type Trust as SigstoreTrust,
  type TrustedKey,
  verifyEvidence,
} from '@pratique/sigstore';
import type { Trust } from '../trust/types.ts';
import type { Station } from './stations.ts';

/** Cosign's signatures and attestations in all its formats, by keys. */
export const cosignStation: Station = {
  collect: (repository, subject, { signal }) => collectEvidence(repository, subject, { signal }),
  verify: (evidence, trust, now) => verifyEvidence(evidence, verifierTrust(trust), now),
};

/** Made once per trust configuration. */
const known = new WeakMap<Trust, SigstoreTrust>();

/** Every key of every authority, each once: whose signature it is, is decided by its fingerprint afterwards. */
function verifierTrust(trust: Trust): SigstoreTrust {
  const made = known.get(trust);
  if (made !== undefined) return made;
  const keys = new Map<string, TrustedKey>();
  for (const { name, keys: own } of trust.authorities.values()) {
    for (const key of own) if (!keys.has(key.fingerprint)) keys.set(key.fingerprint, { name, key });
  }
  const converted = { keys: [...keys.values()], logs: trust.log?.logs ?? [] };
  known.set(trust, converted);
  return converted;
}
