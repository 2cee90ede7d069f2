import type { Random } from './random.ts';

/** An element of BER: its tag, and its content or what is in it. */
interface Element {
  tag: number;
  content: Uint8Array | Element[];
}

const maxDepth = 20;

/** Elements with tags and lengths of one or few bytes, as DER has them; undefined for anything else. */
function readElements(bytes: Uint8Array, depth = 0): Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    const first = bytes[at + 1];
    if (first === undefined || (tag & 0x1f) === 0x1f) return undefined;
    const extra = first < 0x80 ? 0 : first - 0x80;
    if (extra > 3 || first === 0x80) return undefined;
    let length = extra === 0 ? first : 0;
    for (let i = 0; i < extra; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
    const begin = at + 2 + extra;
    if (begin + length > bytes.length) return undefined;
    const content = bytes.subarray(begin, begin + length);
    const inner = (tag & 0x20) !== 0 && depth < maxDepth ? readElements(content, depth + 1) : undefined;
    elements.push({ tag, content: inner ?? content });
    at = begin + length;
  }
  return elements;
}

function writeElements(elements: readonly Element[]): Buffer {
  return Buffer.concat(
    elements.flatMap(({ tag, content }) => {
      const bytes = Array.isArray(content) ? writeElements(content) : content;
      const size = bytes.length;
      const length =
        size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, (size >> 8) & 0xff, size & 0xff];
      return [Uint8Array.of(tag, ...length), bytes];
    }),
  );
}

/** Changes one element of DER and writes the lengths around it anew; other bytes are damaged as they are. */
export function damageDer(der: Uint8Array, random: Random): Uint8Array {
  const elements = readElements(der);
  if (elements === undefined || elements.length === 0 || random.chance(0.2)) return damageBytes(der, random);
  let list = elements;
  for (;;) {
    const at = random.below(list.length);
    const found = list[at];
    if (found === undefined) break;
    if (Array.isArray(found.content) && found.content.length > 0 && random.chance(0.8)) {
      list = found.content;
      continue;
    }
    switch (random.below(6)) {
      case 0:
        list.splice(at, 1);
        break;
      case 1:
        list.splice(at, 0, found);
        break;
      case 2:
        found.tag = random.pick([
          0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x17, 0x18, 0x30, 0x31, 0xa0, 0xbf,
        ]);
        break;
      case 3:
        found.content = random.bytes(random.pick([0, 1, 32, 300]));
        break;
      case 4:
        list.splice(at, 1, nested(random.pick([10, 200, 2000])));
        break;
      default:
        if (!Array.isArray(found.content)) found.content = damageBytes(found.content, random);
        else found.content.reverse();
    }
    break;
  }
  return writeElements(elements);
}

/** SEQUENCEs in each other. */
function nested(depth: number): Element {
  let content: Uint8Array = new Uint8Array();
  for (let i = 1; i < depth; i++) content = writeElements([{ tag: 0x30, content }]);
  return { tag: 0x30, content };
}

export function damageBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length + 1);
  switch (random.below(6)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy, random.bytes(1 + random.below(20))]);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + random.below(8))]);
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.max(0, at - 8))]);
    case 4:
      if (at < copy.length) copy[at] = random.pick([0x00, 0x01, 0x7f, 0x80, 0xff, 0x22, 0x5c]);
      return copy;
    default:
      if (at < copy.length) copy[at]! ^= 1 << random.below(8);
      return copy;
  }
}
