import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { looksLike } from './index.ts';

const text = (content: string) => new TextEncoder().encode(content);

test.each([
  [gzipSync('x'), 'a gzip file'],
  [zstdCompressSync('x'), 'a zstd file'],
  [text(`${'\0'.repeat(257)}ustar`), 'a tar archive'],
  [text('\n<!DOCTYPE html><html>'), 'a page of HTML'],
  [text('-----BEGIN PUBLIC KEY-----\n'), 'PEM: PUBLIC KEY'],
  [new Uint8Array(), 'nothing'],
  [new Uint8Array([1, 0, 2]), 'binary data'],
  [text('{"a": 1}'), undefined],
  [text('just text'), undefined],
])('%#: a file that is another is called what it is', (bytes, expected) => {
  expect(looksLike(bytes)).toBe(expected);
});
