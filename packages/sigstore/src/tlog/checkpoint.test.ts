import { generateSigningKey } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { verifyCheckpointV2 } from './checkpoint.ts';

const { publicKey: key } = generateSigningKey('ed25519');
const hash = Buffer.alloc(32).toString('base64');

/** Of whichever log calls itself so. */
function proofOf(origin: string) {
  const checkpoint = `${origin}\n1\n${hash}\n\n— log.example ${Buffer.alloc(68).toString('base64')}\n`;
  return { logIndex: 0n, rootHash: new Uint8Array(32), treeSize: 1n, hashes: [], checkpoint };
}

test.each(['', 'not an address'])(
  'a log whose base URL is “%s” proves nothing about entries of Rekor v2',
  (baseUrl) => {
    const log = { id: '00'.repeat(32), key, baseUrl, validFrom: new Date(0) };
    for (const origin of ['log.example', 'not an address'])
      expect(() => verifyCheckpointV2(proofOf(origin), log)).toThrowError(
        expect.objectContaining({
          code: 'LOG_CHECKPOINT_INVALID',
          expected: 'a log whose base URL is known',
        }),
      );
  },
);
