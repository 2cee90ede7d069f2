import { BlockList, isIP } from 'node:net';
import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import type { HttpResponse } from './exchange.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const local = new BlockList();
local.addSubnet('127.0.0.0', 8, 'ipv4');
local.addSubnet('0.0.0.0', 8, 'ipv4');
local.addSubnet('169.254.0.0', 16, 'ipv4');
local.addAddress('::1', 'ipv6');
local.addAddress('::', 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');
local.addSubnet('fd00:ec2::', 32, 'ipv6');

function listed(list: BlockList, hostname: string): boolean {
  if (/(?:^|\.)localhost\.?$/.test(hostname)) return true;
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether a URL's host name is this machine's loopback interface, by its spelling. */
export function isLoopback(hostname: string): boolean {
  return listed(loopback, hostname);
}

/** Loopback, unspecified, link-local and cloud metadata addresses, by their spelling: each machine has its own there. */
export function isLocal(hostname: string): boolean {
  return listed(local, hostname);
}

/**
 * Reads where a registry points us (`Location`, token realm, `Link`) and refuses what is never right: another scheme
 * than http(s), from https down to http, and from a remote registry to this machine or its link-local neighbours.
 * User names and passwords in the URL are dropped.
 *
 * @throws OCI_REDIRECT_REFUSED
 */
export function safeTarget(location: string, base: URL, registry: URL): URL {
  const refuse = (why: string) =>
    ociErrors.error('OCI_REDIRECT_REFUSED', {
      message: `${registry.host} points to ${printable(location.split('?')[0]!)}: ${why}`,
      found: printable(location.split('?')[0]!),
    });
  if (!URL.canParse(location, base.href)) throw refuse('not a URL');
  const target = new URL(location, base);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw refuse('neither https nor http');
  if (target.protocol === 'http:' && registry.protocol === 'https:')
    throw refuse('from https down to plain http');
  if (target.host !== registry.host && isLocal(target.hostname) && !isLocal(registry.hostname)) {
    throw refuse('an address of this machine or its network');
  }
  target.username = '';
  target.password = '';
  target.hash = '';
  return target;
}

/** Where a redirect leads; undefined if the response is none. 304 and 300 are not redirects. */
export function redirectTarget(response: HttpResponse, registry: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const { location } = response.headers;
  if (location === undefined) {
    throw ociErrors.error('OCI_RESPONSE_INVALID', {
      message: `${response.url.host} redirects without saying where`,
    });
  }
  return safeTarget(location, response.url, registry);
}
