import { keysErrors } from '@pratique/keys';

/**
 * The management key that a flag gives in hexadecimal; undefined where it gives none.
 *
 * @throws PIV_MANAGEMENT_KEY_INVALID
 */
export function parseManagementKey(text: string | undefined): Uint8Array | undefined {
  if (!text) return undefined;
  if (/^(?:[0-9a-f]{32}|[0-9a-f]{48}|[0-9a-f]{64})$/i.test(text))
    return Uint8Array.from(Buffer.from(text, 'hex'));
  throw keysErrors.error('PIV_MANAGEMENT_KEY_INVALID', {
    message: 'this is no management key',
    expected: '32, 48 or 64 hexadecimal digits',
    found: `${text.length} characters`,
  });
}
