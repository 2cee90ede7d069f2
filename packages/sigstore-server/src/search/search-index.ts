import { parseJson } from '@pratique/crypto';
import { IndexMap } from './index-map.ts';

/** The longest list an answer has. */
const maxFound = 1000;
const digest = /^[a-z0-9]+:[0-9a-f]{32,}$/;

/** Indices of a log's entries by what they can be found by: digests (`sha256:…`), hashes of keys, names of signers. */
export class SearchIndex {
  readonly #byKey = new IndexMap();
  /** The keys that are names: few beside the digests, and all a pattern has to be held against. */
  readonly #names = new Set<string>();

  /** Adds an entry by the keys that are stored beside its leaf. */
  add(stored: Uint8Array, index: number): void {
    for (const key of parseJson(stored, 'the search keys') as readonly string[]) {
      this.#byKey.add(key, index);
      if (!digest.test(key)) this.#names.add(key);
    }
  }

  /** The newest entries that have all of `keys`, or any of them. */
  find(keys: readonly string[], operator: 'and' | 'or'): number[] {
    const lists = keys.map((key) => this.#byKey.get(key.toLowerCase()));
    if (operator === 'or') return merge(lists.map((list) => newest(list, [])));
    // The shortest is gone through.
    const [shortest = [], ...others] = lists.toSorted((a, b) => a.length - b.length);
    return newest(shortest, others);
  }

  /** The newest entries with a signer's name of this pattern and all of `keys`. `*` stands for any characters. */
  findNames(pattern: string, keys: readonly string[]): number[] {
    const matches = globMatcher(pattern.toLowerCase());
    const lists = keys.map((key) => this.#byKey.get(key.toLowerCase()));
    let found: number[] = [];
    /** Where there are enough, older ones than the oldest of them are not looked for. */
    let floor = -1;
    for (const name of this.#names) {
      if (!matches(name)) continue;
      found.push(...newest(this.#byKey.get(name), lists, floor));
      if (found.length < 4 * maxFound) continue;
      found = merge([found]);
      if (found.length === maxFound) floor = found.at(-1)!;
    }
    return merge([found]);
  }
}

/** The last above `floor` of a list in ascending order that are in all `others` too, the last first. */
function newest(list: readonly number[], others: readonly (readonly number[])[], floor = -1): number[] {
  const found: number[] = [];
  for (let at = list.length - 1; at >= 0 && found.length < maxFound; at--) {
    const index = list[at]!;
    if (index <= floor) break;
    if (others.every((other) => includes(other, index))) found.push(index);
  }
  return found;
}

/** Whether a list in ascending order has a number. */
function includes(list: readonly number[], wanted: number): boolean {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return list[low] === wanted;
}

/** The largest numbers of all lists, each once. */
function merge(lists: readonly (readonly number[])[]): number[] {
  return [...new Set(lists.flat())].sort((a, b) => b - a).slice(0, maxFound);
}

/** Compares piece by piece: no pattern makes it slow. */
export function globMatcher(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= text.length - last.length;
  };
}
