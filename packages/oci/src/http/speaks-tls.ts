import { connect } from 'node:net';
import { ociErrors } from '../errors.ts';
import { abortFault, connectionFault, systemCode } from './faults.ts';

/**
 * A TLS 1.2 ClientHello (RFC 5246 §7.4.1.2) of one cipher suite: enough to be answered, with a handshake or an alert.
 * Its random part is line feeds: a server of plain HTTP, such as docker-registry, answers nothing before it has a line.
 */
const clientHello = Buffer.from(
  ['16030100 2d', '01000029', '0303', '0a'.repeat(32), '00', '0002 c02f', '01 00']
    .join('')
    .replaceAll(' ', ''),
  'hex',
);

/** Content types of TLS records a server may start with (RFC 8446 §5.1): alert and handshake. */
const recordTypes = [21, 22];

/**
 * Whether a server on this machine speaks TLS, by the first byte of what it answers to a greeting in TLS. Says nothing
 * about who it is: no certificate is looked at and no secret sent. Costs a tenth of a TLS handshake, for which Node has
 * to load and set up a good deal.
 *
 * @param url its host and port; connected to directly, never through a proxy
 * @throws OCI_UNREACHABLE, OCI_TIMEOUT, OCI_CANCELLED
 */
export function speaksTls(
  { hostname, port }: URL,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const what = `${hostname}:${port || 443}`;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortFault(signal, what));
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443), signal });
    let answer = false;
    let connected = false;
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(
        ociErrors.error('OCI_TIMEOUT', { message: `${what}: no answer within ${timeoutMs} ms` }),
      ),
    );
    socket.once('connect', () => {
      connected = true;
      socket.write(clientHello);
    });
    socket.once('data', (bytes) => {
      answer = recordTypes.includes(bytes[0]!);
      socket.destroy();
    });
    let failure: Error | undefined;
    socket.once('error', (error) => {
      failure = error;
    });
    socket.once('end', () => socket.destroy());
    // Whoever hangs up on a greeting in TLS does not speak it.
    socket.once('close', () => {
      const hungUp = connected && /^(?:ECONNRESET|EPIPE)$/.test(systemCode(failure) ?? '');
      if (failure === undefined || hungUp) resolve(answer);
      else reject(connectionFault(failure, what, signal));
    });
  });
}
