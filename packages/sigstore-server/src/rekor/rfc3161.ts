import {
  checkEmbeddedSigner,
  decodeBase64,
  encodeBase64,
  type JsonObject,
  parseTimestampResponse,
} from '@pratique/crypto';
import { Refusal } from '../http/refusal.ts';
import { member, object, text } from '../http/request.ts';
import { hashKey } from '../search/keys.ts';
import { type CanonicalEntry, canonical } from './canonical.ts';

/** As in Rekor. */
const maxBytes = 10 * 1024;

/**
 * An `rfc3161` entry, version 0.0.1 (`rekor/pkg/types/rfc3161`): a timestamp that was granted, signed by a certificate that
 * is in it and is for timestamps. Whose that certificate is, nobody says: the log knows no authorities.
 */
export function rfc3161(spec: JsonObject): CanonicalEntry {
  const encoded = text(member(object(member(spec, 'tsr'), 'tsr'), 'content'), 'content');
  const response = decodeBase64(encoded, 'content');
  if (response.byteLength > maxBytes)
    throw new Refusal(400, `the timestamp is larger than ${maxBytes} bytes`);
  const problem = checkEmbeddedSigner(parseTimestampResponse(response));
  if (problem !== null) throw new Refusal(400, `the timestamp does not verify: ${problem}`);
  return canonical('rfc3161', '0.0.1', { tsr: { content: encodeBase64(response) } }, [hashKey(response)]);
}
