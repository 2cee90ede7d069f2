/** IP addresses and CIDR blocks as Go's `net` reads and writes them. */
import { BuiltinError } from '../types.ts';

/** An address: `bits` is 32 or 128; IPv4-mapped IPv6 addresses are IPv4, as in Go. */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A block with its host bits cleared. */
export interface Block {
  readonly first: Address;
  readonly prefix: number;
}

/** `net.ParseIP`: dotted decimal without leading zeros, or IPv6 without a zone. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) return parseV4(text);
  const value = parseV6(text);
  if (value === undefined) return undefined;
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

function parseV4(text: string): Address | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const octet = Number(match[i]);
    if (octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return { bits: 32, value: BigInt(value) };
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

function groupsOf(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const v4 = last && index === parts.length - 1 ? parseV4(part) : undefined;
    if (v4 === undefined) return undefined;
    groups.push(Number(v4.value >> 16n), Number(v4.value & 0xffffn));
  }
  return groups;
}

/** `net.ParseCIDR`. Throws the error OPA gives. */
export function parseBlock(text: string): Block {
  const [address, prefix, ...rest] = text.split('/');
  // Here, unlike in ParseIP, an IPv4-mapped IPv6 address stays 128 bits wide until its network is taken.
  const parsed = rest.length === 0 && prefix !== undefined ? parseAddress(address!) : undefined;
  const wide = parsed !== undefined && address!.includes(':');
  const limit = wide ? 128 : 32;
  if (parsed === undefined || !/^\d{1,6}$/.test(prefix!) || Number(prefix) > limit) {
    throw new BuiltinError(`invalid CIDR address: ${text}`);
  }
  const length = Number(prefix);
  if (wide && parsed.bits === 32) {
    const mapped = (0xffffn << 32n) | parsed.value;
    const network = clearHost(mapped, 128, length);
    return network >> 32n === 0xffffn
      ? { first: { bits: 32, value: network & 0xffffffffn }, prefix: length - 96 }
      : { first: { bits: 128, value: network }, prefix: length };
  }
  return {
    first: { bits: parsed.bits, value: clearHost(parsed.value, parsed.bits, length) },
    prefix: length,
  };
}

function clearHost(value: bigint, bits: number, prefix: number): bigint {
  const host = BigInt(bits - prefix);
  return (value >> host) << host;
}

export function lastOf(block: Block): Address {
  const host = BigInt(block.first.bits - block.prefix);
  return { bits: block.first.bits, value: block.first.value | ((1n << host) - 1n) };
}

export function contains(block: Block, address: Address): boolean {
  return (
    block.first.bits === address.bits &&
    clearHost(address.value, address.bits, block.prefix) === block.first.value
  );
}

export function formatBlock(block: Block): string {
  return `${formatAddress(block.first)}/${block.prefix}`;
}

/** Dotted decimal, or the canonical text of RFC 5952. */
export function formatAddress(address: Address): string {
  if (address.bits === 32) {
    return [24n, 16n, 8n, 0n].map((shift) => String((address.value >> shift) & 0xffn)).join('.');
  }
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number((address.value >> BigInt(112 - 16 * i)) & 0xffffn),
  );
  const zeros = longestZeros(groups);
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  if (zeros.length < 2) return text(0, 8);
  return `${text(0, zeros.start)}::${text(zeros.start + zeros.length, 8)}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}
