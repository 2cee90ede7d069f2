import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIPv6, type Socket } from 'node:net';

/** One connection: since when no request of it is answered, in the order of events; requests under way. */
interface Connection {
  readonly socket: Socket;
  readonly peer: string;
  idleSince: number;
  requests: number;
}

/**
 * Keeps at most `most` connections open. One more is taken at the cost of the address that has the most of them, which may
 * be its own: there the one is closed that waits longest for a request (or its headers), else the last that came. So who
 * opens all and says little keeps nobody out but those of the same address; behind a proxy all have that of the proxy.
 *
 * Bun says only of a connection on which a request has begun that it is there.
 */
export function boundConnections(server: Server, most: number): void {
  const open = new Map<string, Connection>();
  let events = 0;
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    const connection = { socket, peer: peerOf(socket.remoteAddress ?? ''), idleSince: events++, requests: 0 };
    open.set(name, connection);
    socket.once('close', () => {
      if (open.get(name) === connection) open.delete(name);
    });
    if (open.size <= most) return;
    const victim = victimOf([...open.values()]);
    open.delete(nameOf(victim.socket));
    victim.socket.destroy();
  });
  server.on('request', ({ socket }: IncomingMessage, outgoing: ServerResponse) => {
    // Over TLS this is another socket than the one that was connected, with the same ends.
    const connection = open.get(nameOf(socket));
    if (connection === undefined) return;
    connection.requests++;
    outgoing.once('close', () => {
      connection.requests--;
      connection.idleSince = events++;
    });
  });
}

const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** An IPv4 address; of IPv6 the network of 64 bits, which is what one customer gets. */
export function peerOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}

function victimOf(open: readonly Connection[]): Connection {
  const ofPeer = Map.groupBy(open, ({ peer }) => peer);
  const most = [...ofPeer.values()].reduce((a, b) => (b.length > a.length ? b : a));
  const idle = most.filter(({ requests }) => requests === 0);
  if (idle.length === 0) return most.at(-1)!;
  return idle.reduce((a, b) => (b.idleSince < a.idleSince ? b : a));
}
