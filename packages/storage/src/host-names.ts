import type { Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';

/** Says whether a request with this `Host` header may be answered. */
export type HostCheck = (header: string | undefined) => boolean;

/**
 * For a server that speaks plain HTTP and listens on loopback: refuses to go by names that are not its own. A web page can
 * have its own name lead to 127.0.0.1 once it is loaded in a browser of this machine ("DNS rebinding"), and could then read
 * and write here as if it came from here; but its requests still carry its name. Addresses are always answered, since no
 * name server was asked, and so are `localhost` and the names below it, which never leave the machine (RFC 6761, section
 * 6.3). On TLS the certificate says what the server is called, and browsers check it.
 *
 * @param names what the server is called elsewhere: the name in its address to listen on, in its URL, those it was told
 */
export function hostCheck(server: Server, names: readonly string[]): HostCheck {
  const own = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  return (header) => {
    // Only HTTP/1.0 comes without, and no browser sends that.
    if (header === undefined || !isOnLoopback(server)) return true;
    const [, address, text = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header) ?? [];
    if (isIP(address ?? text) !== 0) return true;
    const name = text.toLowerCase().replace(/\.$/, '');
    return own.has(name) || name.endsWith('.localhost');
  };
}

function isOnLoopback(server: Server): boolean {
  const bound = server.address() as AddressInfo | null;
  return bound !== null && (bound.address === '::1' || bound.address.startsWith('127.'));
}
