import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { concatBytes } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { providerFailed } from './provider.ts';

export interface UnaryCall {
  /** Path of a unix socket. */
  readonly socket: string;
  /** `/package.Service/Method` */
  readonly method: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly message: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

const timeoutMs = 10_000;
const maxAnswerBytes = 256 * 1024;

/**
 * One gRPC call with one message each way (gRPC over HTTP/2), in the clear over a unix socket. Ten seconds, 256 KiB.
 *
 * @throws IDENTITY_PROVIDER_FAILED
 */
export function unaryCall({ socket, method, metadata, message, signal }: UnaryCall): Promise<Uint8Array> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const session = connectHttp2('http://localhost', { createConnection: () => connect(socket) });
  return new Promise<Uint8Array>((resolve, reject) => {
    const fail = (problem: string) => reject(providerFailed('SPIFFE', problem));
    session.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'the connection broke'));
    const call = session.request(
      {
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: method,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...metadata,
      },
      { signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]) },
    );
    const chunks: Uint8Array[] = [];
    let size = 0;
    let status: Readonly<Record<string, unknown>> = {};
    call.on('response', (headers) => {
      status = { ...headers };
    });
    call.on('trailers', (trailers) => {
      status = { ...status, ...trailers };
    });
    call.on('data', (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size > maxAnswerBytes) {
        fail(`its answer is larger than ${maxAnswerBytes} bytes`);
        call.close(constants.NGHTTP2_CANCEL);
      } else chunks.push(chunk);
    });
    call.on('error', () => fail(deadline.aborted ? `no answer within ${timeoutMs} ms` : 'the call broke'));
    call.on('end', () => {
      const code = status['grpc-status'];
      if (code !== '0') return fail(statusText(code, status['grpc-message']));
      const answer = concatBytes(...chunks);
      const length = answer.byteLength < 5 ? -1 : Buffer.from(answer).readUInt32BE(1);
      // The first byte says whether it is compressed, which was not asked for.
      if (answer[0] !== 0 || length !== answer.byteLength - 5) return fail('its answer is not one message');
      resolve(answer.subarray(5));
    });
    const header = Buffer.alloc(5);
    header.writeUInt32BE(message.byteLength, 1);
    call.end(concatBytes(header, message));
  }).finally(() => session.destroy());
}

function statusText(code: unknown, text: unknown): string {
  const said = typeof text === 'string' && text !== '' ? `: ${printable(text, 200)}` : '';
  return `gRPC status ${typeof code === 'string' ? printable(code, 20) : 'missing'}${said}`;
}
