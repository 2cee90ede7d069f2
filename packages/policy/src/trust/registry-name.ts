import { dockerHub } from '@pratique/oci';

const dockerHubAliases = new Set(['docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);

/**
 * One spelling for each registry. `GHCR.io` and `ghcr.io:443` pull from `ghcr.io`, so a pattern for that one must be
 * about them, too; otherwise whoever writes the reference chooses which requirements apply. Loopback keeps its port:
 * without one it may mean plain HTTP on port 80.
 */
export function canonicalRegistry(registry: string): string {
  const lower = registry.toLowerCase();
  const isLoopback = /^(localhost|127\.|\[::1\])/.test(lower);
  const host = isLoopback ? lower : lower.replace(/:443$/, '');
  return dockerHubAliases.has(host) ? dockerHub : host;
}
