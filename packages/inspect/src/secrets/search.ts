import { createHash } from 'node:crypto';
import type {
  ContentFinding,
  ContentMatch,
  ContentSearch,
  FileSearch,
  LayerEntry,
} from '../filesystem/types.ts';
import { isPlaceholder } from './placeholder.ts';
import type { SecretRule } from './rule.ts';
import { notSearched, secretRules } from './rules/index.ts';
import { WordSearch } from './word-search.ts';

/** Bytes searched at a time. */
const pieceBytes = 1024 * 1024;
/** More than any rule looks at from its word on, and more than before it. */
const aheadBytes = 6 * 1024;
const behindBytes = 2 * 1024;
/**
 * Bytes that may be looked at more closely, in all and for each byte of a file: more than any honest file needs, whose
 * words stand far apart. One made of nothing but words would take minutes for each megabyte.
 */
const lookedBytes = { inAll: 1024 * 1024, each: 16, aLook: 64 };
/** Pieces that no search uses; there are as many as files that were searched at the same time. */
const idleMemory: Uint8Array[] = [];
/** A file with as many secrets is not searched any further. */
const maxMatches = 50;

/** Every word of some rules, with whose it is. */
class RuleWords {
  readonly search: WordSearch;
  readonly rules: readonly SecretRule[];

  constructor(rules: readonly SecretRule[]) {
    const all = rules.flatMap((rule) => rule.words.map((word) => ({ word, rule })));
    this.search = new WordSearch(all.map(({ word }) => word));
    this.rules = all.map(({ rule }) => rule);
  }
}

/** Made when the first file of a kind is searched: every command would wait for it otherwise. */
const made = new Map<'text' | 'binary', RuleWords>();

function wordsFor(kind: 'text' | 'binary'): RuleWords {
  const known = made.get(kind);
  if (known !== undefined) return known;
  const words = new RuleWords(
    kind === 'text' ? secretRules : secretRules.filter(({ inBinaries }) => inBinaries),
  );
  made.set(kind, words);
  return words;
}

/**
 * Searches every file for secrets while it passes. What is kept of one is where it is and of what kind, and never what
 * it is. Files that are compressed, and text in UTF-16, are searched as they stand.
 */
export const secretSearch: ContentSearch = {
  // Nothing shorter is a secret.
  start: (file) => (file.size < 20 || isPublished(file.path) ? undefined : new SecretFileSearch(file)),
};

const packageDirectory =
  /(?:^|\/)(?:node_modules|site-packages|dist-packages|lib\/python[\d.]+|gems|pkg\/mod)\//;
const aboutPackage =
  /(?:^|[/_.-])(?:tests?|__tests__|specs?|testdata|testing|fixtures?|examples?|docs?)(?:[/_.-]|$)|\.(?:dist|egg)-info\/|\.(?:md|rst|markdown)$/i;

/** Tests, examples and documents of packages, and of Python itself: what looks like a secret there everybody has. */
function isPublished(path: string): boolean {
  const match = packageDirectory.exec(path);
  return match !== null && aboutPackage.test(path.slice(match.index + match[0].length));
}

class SecretFileSearch implements FileSearch {
  readonly #file: LayerEntry;
  readonly #matches: (ContentMatch & { readonly at: number })[] = [];
  /** What is being collected, from the byte `#start` of the file on. */
  #piece: Uint8Array | undefined;
  #memory: Uint8Array | undefined;
  #filled = 0;
  #start = 0;
  /** Line breaks before `#start`. */
  #lines = 0;
  /** Whether there is something in `#piece` that no search has seen. */
  #unseen = false;
  #kind: 'text' | 'binary' | undefined;
  #digests: readonly string[] = [];
  /** How many bytes may still be looked at more closely. */
  #left: number;

  constructor(file: LayerEntry) {
    this.#file = file;
    this.#left = lookedBytes.inAll + lookedBytes.each * file.size;
  }

  write(chunk: Uint8Array): void {
    const { size } = this.#file;
    // Most files come whole: nothing has to be copied.
    if (chunk.length === size && size <= pieceBytes) {
      this.#search(chunk, true);
      return;
    }
    for (let at = 0; at < chunk.length && this.#left >= 0 && this.#matches.length < maxMatches; ) {
      if (this.#piece === undefined) {
        this.#memory = idleMemory.pop() ?? new Uint8Array(pieceBytes);
        this.#piece = this.#memory.subarray(0, size);
      }
      const part = chunk.subarray(at, at + this.#piece.length - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      this.#unseen = true;
      if (this.#filled < this.#piece.length) return;
      this.#search(this.#piece, this.#start + this.#filled >= size);
      this.#keepEnd(this.#piece);
    }
  }

  finish(): ContentFinding | undefined {
    // A file of this machine may be shorter by now than it was.
    if (this.#unseen) this.#search(this.#piece!.subarray(0, this.#filled), true);
    if (this.#memory !== undefined) idleMemory.push(this.#memory);
    if (this.#matches.length === 0) return undefined;
    const inOrder = this.#matches.sort((a, b) => a.at - b.at);
    return { matches: inOrder.map(({ rule, line }) => ({ rule, line })), digests: this.#digests };
  }

  /** Goes on with what the next words may need of what comes before them. */
  #keepEnd(piece: Uint8Array): void {
    const left = this.#file.size - this.#start - piece.length;
    if (left <= 0) return;
    const kept = piece.subarray(piece.length - aheadBytes - behindBytes);
    if (this.#kind === 'text') this.#lines += lineBreaks(piece.subarray(0, piece.length - kept.length));
    this.#start += piece.length - kept.length;
    this.#filled = kept.length;
    piece.copyWithin(0, piece.length - kept.length);
    if (kept.length + left < piece.length) this.#piece = piece.subarray(0, kept.length + left);
  }

  #search(bytes: Uint8Array, isLast: boolean): void {
    this.#unseen = false;
    this.#kind ??= isText(bytes) ? 'text' : 'binary';
    const words = wordsFor(this.#kind);
    const until = isLast ? bytes.length : bytes.length - aheadBytes;
    words.search.find(bytes, (word, at) => {
      if (at < until && this.#left >= 0 && this.#matches.length < maxMatches)
        this.#look(words.rules[word]!, bytes, at);
    });
    if (this.#matches.length > 0 && bytes.length === this.#file.size)
      this.#digests = ['md5', 'sha1', 'sha256'].map((name) => createHash(name).update(bytes).digest('hex'));
  }

  #look(rule: SecretRule, bytes: Uint8Array, at: number): void {
    if (rule.path !== undefined && !rule.path.test(this.#file.path)) return;
    const from = Math.max(0, at - (rule.before ?? 1));
    const to = Math.min(bytes.length, at + (rule.after ?? 256));
    this.#left -= to - from + lookedBytes.aLook;
    if (this.#left < 0) {
      this.#found(notSearched, bytes, at);
      return;
    }
    const text = latin1(bytes, from, to);
    const { pattern } = rule;
    pattern.lastIndex = pattern.sticky ? at - from : 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const begin = from + match.index;
      if (begin > at) return;
      if (at < begin + match[0].length) {
        const secret = match.groups?.['secret'] ?? match[0];
        if ((rule.isGenuine ?? isNoPlaceholder)(secret)) this.#found(rule, bytes, begin);
        return;
      }
      if (pattern.sticky) return;
    }
  }

  #found({ id }: Pick<SecretRule, 'id'>, bytes: Uint8Array, begin: number): void {
    const at = this.#start + begin;
    if (this.#matches.some((match) => match.rule === id && match.at === at)) return;
    const line = this.#kind === 'text' ? this.#lines + lineBreaks(bytes.subarray(0, begin)) + 1 : null;
    this.#matches.push({ rule: id, line, at });
  }
}

function isNoPlaceholder(secret: string): boolean {
  return !isPlaceholder(secret);
}

/** As file(1) tells text: no control characters but those of text, in its first bytes. */
function isText(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, 300);
  for (let at = 0; at < length; at++) {
    const byte = bytes[at]!;
    if (byte < 0x20 ? byte < 7 || byte === 11 || (byte > 13 && byte !== 27) : byte === 0x7f) return false;
  }
  return true;
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array, from: number, to: number): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1', from, to);
}

function lineBreaks(bytes: Uint8Array): number {
  let found = 0;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0x0a) found++;
  return found;
}
