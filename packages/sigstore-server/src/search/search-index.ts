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
    return newest(
      keys.map((key) => this.#byKey.get(key.toLowerCase())),
      operator,
    );
  }

  /** The newest entries with a signer's name of this pattern and all of `keys`. `*` stands for any characters. */
  findNames(pattern: string, keys: readonly string[]): number[] {
    const matches = globMatcher(pattern.toLowerCase());
    const named: number[] = [];
    for (const name of this.#names)
      if (matches(name)) for (const index of this.#byKey.get(name)) named.push(index);
    return newest([named, ...keys.map((key) => this.#byKey.get(key.toLowerCase()))], 'and');
  }
}

function newest(lists: readonly (readonly number[])[], operator: 'and' | 'or'): number[] {
  const found =
    operator === 'or'
      ? new Set(lists.flat())
      : lists.map((list) => new Set(list)).reduce((all, list) => all.intersection(list));
  return [...found].sort((a, b) => b - a).slice(0, maxFound);
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
