import { openServices, type Services } from '@pratique/sigstore-client';
import type { Terminal } from '../program/terminal.ts';
import { readAuthorities, readKeyPair } from '../program/tls-files.ts';
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
  const { 'timestamp-client-cacert': ca, 'timestamp-server-name': serverName } = flags;
  const clientCertificate = readKeyPair(
    { cert: flags['timestamp-client-cert'], key: flags['timestamp-client-key'] },
    { cert: 'timestamp-client-cert', key: 'timestamp-client-key' },
    terminal,
  );
  if ([ca, clientCertificate, serverName].every((value) => value === undefined)) return null;
  return {
    ...(ca === undefined ? {} : { ca: readAuthorities(ca, terminal), onlyCa: true }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}
