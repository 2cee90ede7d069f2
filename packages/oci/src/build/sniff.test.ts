import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sniffContent, sniffMediaType } from './sniff.ts';

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

test.each([
  ['', 'text/plain'],
  ['hello\n', 'text/plain'],
  ['{"a":1}', 'text/plain'],
  ['\x1b[1mbold', 'text/plain'],
  ['a\x00b', 'application/octet-stream'],
  ['\x7fELF\x02\x01\x01\x00', 'application/octet-stream'],
  ['\x0b', 'application/octet-stream'],
  ['<!doctype html>', 'text/html'],
  [' \n\t<HtMl lang=en>', 'text/html'],
  ['<!-- x', 'text/html'],
  ['<html', 'text/plain'],
  ['<html/>', 'text/plain'],
  ['<htm\xcc>', 'text/plain'],
  ['x<html>', 'text/plain'],
  ['\v<html>', 'application/octet-stream'],
  ['\n<?xml version="1.0"?>', 'text/xml'],
  ['<?XML', 'text/plain'],
  ['%PDF-1.7', 'application/pdf'],
  [' %PDF-1.7', 'text/plain'],
  ['\xef\xbb\xbf\x00', 'text/plain'],
  ['\xef\xbb\xbf', 'text/plain'],
  ['\xff\xfea\x00', 'text/plain'],
  ['\xff\xfe\x00', 'application/octet-stream'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\x89PNG\n\x1a\n', 'application/octet-stream'],
  ['RIFF\x00\x01\x02\x03WEBPVP8', 'image/webp'],
  ['RIFF\x00\x01\x02\x03WEBPXX', 'application/octet-stream'],
  ['\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp41', 'video/mp4'],
  ['\x00\x00\x00\x10ftypisommp41', 'application/octet-stream'],
  ['\x00\x00\x00\x15ftypmp41\x00\x00\x00\x00xxxxx', 'application/octet-stream'],
  ['\x00\x00\x00\x20ftypmp41', 'application/octet-stream'],
  [`${'\xaa'.repeat(34)}LP`, 'application/vnd.ms-fontobject'],
  ['\x1f\x8b\x08\x00', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['Rar!\x1a\x07\x01\x00', 'application/x-rar-compressed'],
  ['Rar \x1a\x07\x00', 'application/octet-stream'],
  ['\x00asm\x01\x00\x00\x00', 'application/wasm'],
])('%j is %s', (text, mediaType) => {
  expect(sniffMediaType(latin1(text))).toBe(mediaType);
});

test('what comes after 512 bytes does not count', () => {
  expect(sniffMediaType(latin1(`${'a'.repeat(512)}\x00`))).toBe('text/plain');
  expect(sniffMediaType(latin1(`${'a'.repeat(511)}\x00`))).toBe('application/octet-stream');
  expect(sniffMediaType(latin1(`${' '.repeat(506)}<html>`))).toBe('text/html');
  expect(sniffMediaType(latin1(`${' '.repeat(507)}<html>`))).toBe('text/plain');
});

test('a file and bytes from elsewhere are looked at no further than needed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-sniff-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'file');
  writeFileSync(file, '<html>');
  expect(await sniffContent({ file })).toBe('text/html');
  const read: number[] = [];
  const zeros = {
    name: 'zeros',
    size: 2 ** 40,
    read: (at: number, length: number) => {
      read.push(at);
      return new Uint8Array(length);
    },
  };
  expect(await sniffContent(zeros)).toBe('application/octet-stream');
  expect(read).toEqual([0]);
  await expect(sniffContent({ file: join(directory, 'none') })).rejects.toMatchObject({
    code: 'OCI_FILE_UNREADABLE',
  });
});
