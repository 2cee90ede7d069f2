/** `net.cidr_*`. */

import { rethrowOverflow } from '../../stack.ts';
import { RegoArray, RegoObject, RegoSet, type Value } from '../../values/index.ts';
import { stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';
import { type Address, contains, formatAddress, lastOf, parseAddress, parseBlock } from './ip.ts';

/** Addresses of the largest block `net.cidr_expand` lists. */
const maxAddresses = 1n << 20n;

const declaration = { args: [T.string, T.string], result: T.boolean };

registerBuiltin('net.cidr_contains', declaration, (_context, a, b) => blockContains(a, b));
registerBuiltin('net.cidr_overlap', { ...declaration, deprecated: true }, (_context, a, b) =>
  blockContains(a, b),
);

registerBuiltin('net.cidr_intersects', declaration, (_context, a, b) => {
  const left = parseBlock(stringOperand(a, 1));
  const right = parseBlock(stringOperand(b, 1));
  return contains(left, right.first) || contains(right, left.first);
});

registerBuiltin('net.cidr_is_valid', { args: [T.string], result: T.boolean }, (_context, text) => {
  if (typeof text !== 'string') return false;
  try {
    parseBlock(text);
    return true;
  } catch (error) {
    rethrowOverflow(error);
    return false;
  }
});

/** Does the block contain an address or a whole other block? */
function blockContains(a: Value, b: Value): boolean {
  const outer = parseBlock(stringOperand(a, 1));
  const text = stringOperand(b, 1);
  const address = parseAddress(text);
  if (address !== undefined) return contains(outer, address);
  const inner = blockOrUndefined(text);
  if (inner === undefined) {
    throw new BuiltinError(`not a valid textual representation of an IP address or CIDR: ${text}`);
  }
  return contains(outer, inner.first) && contains(outer, lastOf(inner));
}

function blockOrUndefined(text: string): ReturnType<typeof parseBlock> | undefined {
  try {
    return parseBlock(text);
  } catch (error) {
    rethrowOverflow(error);
    return undefined;
  }
}

const entry = T.union(T.string, T.array(T.any));
const collection = T.union(T.string, T.array(entry), T.object([T.string, entry]), T.set(entry));

registerBuiltin(
  'net.cidr_contains_matches',
  { args: [collection, collection], result: T.set(T.array(null, T.any, T.any)) },
  (context, a, b) => {
    const result = new RegoSet();
    for (const [block, blockIndex] of indexed(a, 1)) {
      for (const [item, itemIndex] of indexed(b, 2)) {
        context.charge(1);
        if (blockContains(block, item)) result.add(new RegoArray([blockIndex, itemIndex]));
      }
    }
    return result;
  },
);

/** The texts of an operand with what names each in the result: an array's index, a set's element, an object's key. */
function indexed(operand: Value, position: number): readonly (readonly [text: Value, index: Value])[] {
  const textOf = (item: Value): Value => {
    const text = item instanceof RegoArray ? item.at(0) : typeof item === 'string' ? item : undefined;
    if (text === undefined) {
      throw new BuiltinError(`operand ${position}: element must be string or non-empty array`);
    }
    return text;
  };
  if (operand instanceof RegoArray) return operand.items.map((item, index) => [textOf(item), index]);
  if (operand instanceof RegoSet) return operand.values().map((item) => [textOf(item), item]);
  if (operand instanceof RegoObject) return operand.entries().map(([key, item]) => [textOf(item), key]);
  return typeof operand === 'string' ? [[operand, operand]] : [];
}

registerBuiltin('net.cidr_expand', { args: [T.string], result: T.set(T.string) }, (context, text) => {
  const block = parseBlock(stringOperand(text, 1));
  const count = 1n << BigInt(block.first.bits - block.prefix);
  if (count > maxAddresses) {
    throw new BuiltinError(`block of ${count} addresses exceeds the limit of ${maxAddresses}`);
  }
  context.charge(Number(count));
  const result = new RegoSet();
  for (let i = 0n; i < count; i++) {
    result.add(formatAddress({ bits: block.first.bits, value: block.first.value + i }));
  }
  return result;
});

const texts = T.union(T.array(T.union(T.string)), T.set(T.string));

registerBuiltin('net.cidr_merge', { args: [texts], result: T.set(T.string) }, (context, blocks) => {
  if (!(blocks instanceof RegoArray) && !(blocks instanceof RegoSet)) {
    throw new BuiltinError('operand must be an array');
  }
  const items = blocks instanceof RegoArray ? blocks.items : blocks.values();
  context.charge(items.length);
  return RegoSet.of(merge(items.map(rangeOf)).flatMap((range) => blocksOf(range, context)));
});

interface Range {
  readonly first: Address;
  readonly last: Address;
  /** The text of the block this is, where it has not been merged with another. */
  readonly text: string | undefined;
}

function rangeOf(item: Value): Range {
  if (typeof item !== 'string') throw new BuiltinError('element must be string');
  const address = parseAddress(item);
  if (address === undefined) {
    const block = parseBlock(item);
    return { first: block.first, last: lastOf(block), text: `${formatAddress(block.first)}/${block.prefix}` };
  }
  if (address.bits === 128) throw new BuiltinError('IPv6 invalid: needs prefix length');
  // A bare IPv4 address stands for its class A, B or C network.
  const top = address.value >> 24n;
  const prefix = top < 128n ? 8 : top < 192n ? 16 : 24;
  const block = parseBlock(`${item}/${prefix}`);
  return { first: block.first, last: lastOf(block), text: `${formatAddress(address)}/${prefix}` };
}

/** Joins ranges that touch or overlap, from the last to the first. */
function merge(ranges: readonly Range[]): readonly Range[] {
  const merged = [...ranges].sort((a, b) => order(a.last, b.last) || order(a.first, b.first));
  for (let i = merged.length - 1; i > 0; i--) {
    const range = merged[i]!;
    const before = merged[i - 1]!;
    const previous = mapped(range.first) - (range.first.value === 0n ? 0n : 1n);
    if (previous > mapped(before.last)) continue;
    const first = order(before.first, range.first) < 0 ? before.first : range.first;
    merged.splice(i - 1, 2, { first, last: range.last, text: undefined });
  }
  return merged;
}

/** IPv4 is ordered as the IPv4-mapped part of IPv6. */
function order(a: Address, b: Address): number {
  const [left, right] = [mapped(a), mapped(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function mapped(address: Address): bigint {
  return address.bits === 32 ? (0xffffn << 32n) | address.value : address.value;
}

/** The fewest blocks that make up a range. */
function blocksOf(range: Range, context: BuiltinContext): readonly string[] {
  if (range.text !== undefined) return [range.text];
  const narrow = range.first.bits === 32 && range.last.bits === 32;
  const bits = narrow ? 32 : 128;
  const last = narrow ? range.last.value : mapped(range.last);
  const blocks: string[] = [];
  for (let at = narrow ? range.first.value : mapped(range.first); at <= last; ) {
    context.charge(1);
    let host = 0;
    while (
      host < bits &&
      at % (1n << BigInt(host + 1)) === 0n &&
      at + (1n << BigInt(host + 1)) - 1n <= last
    ) {
      host++;
    }
    blocks.push(`${formatAddress({ bits, value: at })}/${bits - host}`);
    at += 1n << BigInt(host);
  }
  return blocks;
}
