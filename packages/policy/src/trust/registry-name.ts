import { dockerHub, isLoopback } from '@pratique/oci';

const dockerHubAliases = new Set(['docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);

/**
 * One spelling for each registry. `GHCR.io`, `ghcr.io:443` and `ghcr.io:0443` pull from `ghcr.io`, so a pattern for that
 * one must be about them, too; otherwise whoever writes the reference chooses which requirements apply. So it is with
 * addresses: `[2001:DB8:0::1]` is `[2001:db8::1]`, and `10.5` is `10.0.0.5`. Loopback keeps its port: without one it may
 * mean plain HTTP on port 80.
 *
 * @param registry of a reference, or of a pattern, whose host or port may be a wildcard
 */
export function canonicalRegistry(registry: string): string {
  const [, host = registry, port] = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/.exec(registry.toLowerCase()) ?? [];
  const name = canonicalHost(host);
  const number = port === undefined || /^\d+$/.test(port) ? Number(port ?? 443) : port;
  if (dockerHubAliases.has(name) && number === 443) return dockerHub;
  const isImplied = port === undefined || (number === 443 && !isLoopback(name));
  return isImplied ? name : `${name}:${number}`;
}

/** As a URL has it, which is whom a request goes to; a pattern stays as it is. */
function canonicalHost(host: string): string {
  const url = /[*?]/.test(host) ? null : URL.parse(`https://${host}/`);
  return url === null || url.pathname !== '/' ? host : url.hostname;
}
