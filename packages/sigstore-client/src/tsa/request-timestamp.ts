import { formatTimestampRequest, parseTimestampResponse } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { refused, type Services, serviceUrl, wrongAnswer } from '../http/services.ts';

const service = 'the timestamp authority';

/**
 * Has an authority stamp `data` (RFC 3161 §2, over HTTP §3.4). `url` is the whole address. Returns the TimeStampResp,
 * of which only the form was checked.
 *
 * @throws SIGNING_SERVICE_REFUSED, SIGNING_SERVICE_ANSWER, SIGNING_SERVICE_UNREACHABLE
 */
export async function requestTimestamp(
  services: Services,
  url: string,
  data: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const answer = await services.send({
    service,
    method: 'POST',
    url: serviceUrl(service, url),
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
    body: formatTimestampRequest(data),
    idempotent: true,
    signal,
  });
  if (answer.status !== 200 && answer.status !== 201) throw refused(service, answer);
  try {
    parseTimestampResponse(answer.body);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw wrongAnswer(service, error.message, error);
  }
  return answer.body;
}
