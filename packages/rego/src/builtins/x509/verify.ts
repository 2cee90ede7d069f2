/** Building and checking a chain from a leaf to a root, as Go's `Certificate.Verify` (RFC 5280 section 6). */
import { X509Certificate } from 'node:crypto';
import { RegoArray, type RegoObject, type Value } from '../../values/index.ts';
import { formatAddress, parseAddress } from '../net/ip.ts';
import type { Certificate } from './certificate.ts';

export interface VerifyOptions {
  readonly dnsName: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** `x509.ExtKeyUsage` numbers, one of which the chain must allow; 0 is any. */
  readonly keyUsages: readonly number[];
}

const keyCertSign = 1 << 5;
/** Signatures checked while looking for a chain: certificates come from input. */
const maxSignatureChecks = 100;

/** The chain from the leaf to the root, or undefined where there is none. */
export function verifyChain(
  root: Certificate,
  intermediates: readonly Certificate[],
  leaf: Certificate,
  options: VerifyOptions,
): readonly Certificate[] | undefined {
  if (!acceptable(leaf, options.time) || !matchesHost(leaf, options.dnsName)) return undefined;
  return new ChainSearch(root, intermediates, options).extend([leaf]);
}

function acceptable(certificate: Certificate, time: number): boolean {
  return (
    time >= certificate.notBefore &&
    time <= certificate.notAfter &&
    certificate.constraints.unhandledCritical.length === 0
  );
}

class ChainSearch {
  private readonly root: Certificate;
  private readonly intermediates: readonly Certificate[];
  private readonly options: VerifyOptions;
  private checks = 0;

  constructor(root: Certificate, intermediates: readonly Certificate[], options: VerifyOptions) {
    this.root = root;
    this.intermediates = intermediates;
    this.options = options;
  }

  extend(chain: readonly Certificate[]): readonly Certificate[] | undefined {
    if (same(chain.at(-1)!, this.root)) return this.complete(chain);
    if (this.signs(this.root, chain)) {
      const whole = this.complete([...chain, this.root]);
      if (whole !== undefined) return whole;
    }
    for (const candidate of this.intermediates) {
      if (chain.some((certificate) => same(certificate, candidate)) || !this.signs(candidate, chain))
        continue;
      const whole = this.extend([...chain, candidate]);
      if (whole !== undefined) return whole;
    }
    return undefined;
  }

  /** May this be the issuer of the chain's last certificate? */
  private signs(issuer: Certificate, chain: readonly Certificate[]): boolean {
    const child = chain.at(-1)!;
    if (!Buffer.from(issuer.subject).equals(Buffer.from(child.issuer))) return false;
    if (!acceptable(issuer, this.options.time)) return false;
    const { basic, keyUsage } = issuer.constraints;
    const version = Number(issuer.members.Version);
    if (!basic.ca || (version === 3 && !basic.present)) return false;
    if (keyUsage !== 0 && (keyUsage & keyCertSign) === 0) return false;
    // The length counts the intermediates below the issuer, not the leaf.
    if (basic.pathLength !== undefined && chain.length - 1 > basic.pathLength) return false;
    if (!allowsNames(issuer, chain)) return false;
    if (++this.checks > maxSignatureChecks) return false;
    const key = new X509Certificate(Buffer.from(issuer.raw)).publicKey;
    return !weak(child) && new X509Certificate(Buffer.from(child.raw)).verify(key);
  }

  private complete(chain: readonly Certificate[]): readonly Certificate[] | undefined {
    return allowsUsage(chain, this.options.keyUsages) ? chain : undefined;
  }
}

/** Signatures with MD5 or SHA-1 are not accepted. */
function weak(certificate: Certificate): boolean {
  return [0, 2, 3, 9].includes(Number(certificate.members.SignatureAlgorithm));
}

function same(a: Certificate, b: Certificate): boolean {
  return Buffer.from(a.raw).equals(Buffer.from(b.raw));
}

/** One wanted usage must be allowed by every certificate that limits usages at all. Nothing wanted means server authentication. */
function allowsUsage(chain: readonly Certificate[], wanted: readonly number[]): boolean {
  const usages = wanted.length === 0 ? [1] : wanted;
  if (usages.includes(0)) return true;
  return usages.some((usage) =>
    chain.every(({ constraints: { extendedKeyUsage, unknownKeyUsage } }) => {
      const limited = extendedKeyUsage.length + unknownKeyUsage.length > 0;
      return !limited || extendedKeyUsage.includes(usage) || extendedKeyUsage.includes(0);
    }),
  );
}

function matchesHost(certificate: Certificate, host: string): boolean {
  if (host === '') return true;
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const address = parseAddress(bare);
  if (address !== undefined) return certificate.names.addresses.includes(formatAddress(address));
  const wanted = host.toLowerCase().replace(/\.$/, '');
  return certificate.names.dns.some((name) => matchesPattern(name.toLowerCase().replace(/\.$/, ''), wanted));
}

/** A `*` stands for one whole first label. */
function matchesPattern(pattern: string, host: string): boolean {
  const patternLabels = pattern.split('.');
  const hostLabels = host.split('.');
  if (patternLabels.length !== hostLabels.length || host.includes('*') || host === '') return false;
  return patternLabels.every((label, index) => (index === 0 && label === '*') || label === hostLabels[index]);
}

/** Name constraints of the issuer over the names of everything below it. */
function allowsNames(issuer: Certificate, chain: readonly Certificate[]): boolean {
  const members = issuer.members;
  return chain.every(({ names }) => {
    return (
      allowed(names.dns, texts(members.PermittedDNSDomains), texts(members.ExcludedDNSDomains), inDomain) &&
      allowed(
        names.emails,
        texts(members.PermittedEmailAddresses),
        texts(members.ExcludedEmailAddresses),
        inMailbox,
      ) &&
      allowed(
        names.uris.map((uri) => uri.host.replace(/:\d*$/, '')),
        texts(members.PermittedURIDomains),
        texts(members.ExcludedURIDomains),
        inDomain,
      ) &&
      allowed(names.addresses, ranges(members.PermittedIPRanges), ranges(members.ExcludedIPRanges), inRange)
    );
  });
}

function allowed<C>(
  names: readonly string[],
  permitted: readonly C[],
  excluded: readonly C[],
  matches: (name: string, constraint: C) => boolean,
): boolean {
  return names.every((name) => {
    if (excluded.some((constraint) => matches(name, constraint))) return false;
    return permitted.length === 0 || permitted.some((constraint) => matches(name, constraint));
  });
}

function items(value: Value | undefined): readonly Value[] {
  return value instanceof RegoArray ? value.items : [];
}

function texts(value: Value | undefined): readonly string[] {
  return items(value) as readonly string[];
}

function ranges(value: Value | undefined): readonly RegoObject[] {
  return items(value) as readonly RegoObject[];
}

/** A leading dot asks for a proper subdomain; without it the domain itself counts as well. */
function inDomain(name: string, constraint: string): boolean {
  const host = name.toLowerCase();
  const domain = constraint.toLowerCase();
  if (domain === '') return true;
  if (domain.startsWith('.')) return host.endsWith(domain);
  return host === domain || host.endsWith(`.${domain}`);
}

function inMailbox(name: string, constraint: string): boolean {
  const [local, domain] = split(name);
  if (constraint.includes('@')) {
    const [wantedLocal, wantedDomain] = split(constraint);
    return local === wantedLocal && domain.toLowerCase() === wantedDomain.toLowerCase();
  }
  return constraint.startsWith('.')
    ? domain.toLowerCase().endsWith(constraint.toLowerCase())
    : domain.toLowerCase() === constraint.toLowerCase();
}

function split(mailbox: string): [string, string] {
  const at = mailbox.lastIndexOf('@');
  return [mailbox.slice(0, at), mailbox.slice(at + 1)];
}

function inRange(name: string, range: RegoObject): boolean {
  const address = parseAddress(name);
  const network = parseAddress(range.get('IP') as string);
  if (address === undefined || network === undefined || address.bits !== network.bits) return false;
  const mask = BigInt(`0x${Buffer.from(range.get('Mask') as string, 'base64').toString('hex')}`);
  return (address.value & mask) === (network.value & mask);
}
