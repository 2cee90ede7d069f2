import { openServices, type Services } from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { readText } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';
import type { SigningFlags } from './open-signer.ts';

type Connection = NonNullable<Parameters<typeof openServices>[1]>;

/**
 * How the services of signing are reached. The timestamp authorities over connections of their own where flags say how:
 * what is shown to them, a certificate of ours, is shown to nobody else.
 */
export function openSigningServices(
  flags: SigningFlags,
  timestampAuthorities: readonly string[],
  terminal: Terminal,
): Services {
  const usual = openServices({ ...terminal.env });
  const connection = timestampConnection(flags, terminal);
  if (connection === null) return usual;
  const stamping = openServices({ ...terminal.env }, connection);
  const stamps = new Set(timestampAuthorities.map((url) => (URL.canParse(url) ? new URL(url).href : url)));
  return {
    send: (request) => (stamps.has(request.url.href) ? stamping : usual).send(request),
    close: () => {
      usual.close();
      stamping.close();
    },
  };
}

function timestampConnection(flags: SigningFlags, terminal: Terminal): Connection | null {
  const read = (file: string) => readText(file, terminal.cwd);
  const { 'timestamp-client-cacert': ca, 'timestamp-server-name': serverName } = flags;
  const { 'timestamp-client-cert': cert, 'timestamp-client-key': key } = flags;
  if ((cert === undefined) !== (key === undefined)) {
    throw cliErrors.error('USAGE', {
      message: 'a certificate and its private key go together',
      expected: '--timestamp-client-cert and --timestamp-client-key',
      found: cert === undefined ? 'only --timestamp-client-key' : 'only --timestamp-client-cert',
    });
  }
  if ([ca, cert, serverName].every((value) => value === undefined)) return null;
  return {
    ...(ca === undefined ? {} : { ca: read(ca), onlyCa: true }),
    ...(cert === undefined || key === undefined
      ? {}
      : { clientCertificate: { cert: read(cert), key: read(key) } }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}
