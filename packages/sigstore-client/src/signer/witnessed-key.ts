import type { SigningKey } from '@pratique/crypto';
import { type ContentSigner, signedBytes, type TrustedRoot } from '@pratique/sigstore';
import type { Services } from '../http/services.ts';
import { type Witnesses, witness } from './witnesses.ts';

/** Signs with a key, and has the signature logged and stamped: verifiers need the key, and learn when it was used. */
export function witnessedKeySigner(
  services: Services,
  key: SigningKey,
  witnesses: Witnesses,
  root: TrustedRoot,
): ContentSigner {
  const { publicKey } = key;
  return {
    async sign(content, { signal, stamped } = {}) {
      const signature = key.sign(signedBytes(content));
      const unwitnessed = { content, signature, key: publicKey, certificate: null };
      const testimony = await witness(
        services,
        witnesses,
        unwitnessed,
        stamped?.(signature) ?? signature,
        signal,
      );
      return {
        ...unwitnessed,
        ...testimony,
        trust: {
          ...root,
          keys: [{ name: publicKey.fingerprint, key: publicKey }],
          logs: witnesses.logs.length === 0 ? [] : root.logs,
          thresholds: { logs: witnesses.logs.length, timestamps: witnesses.timestampAuthorities.length },
        },
      };
    },
  };
}
