import { createHash } from 'node:crypto';
import {
  encodeBase64,
  formatPublicKey,
  generateSigningKey,
  parseEnvelope,
  preAuthEncoding,
  toHex,
} from '@pratique/crypto';
import { expect, test } from 'vitest';
import { checkFirstIntoto } from './dsse.ts';
import { envelopeData, messageData, type SignedContent } from './signed-content.ts';

const [key, stranger] = [generateSigningKey(), generateSigningKey()];
const payloadType = 'application/vnd.in-toto+json';
const payload = new TextEncoder().encode('{"_type":"https://in-toto.io/Statement/v0.1"}');
const signature = key.sign(preAuthEncoding(payloadType, payload));
const document = {
  payloadType,
  payload: encodeBase64(payload),
  signatures: [{ keyid: '', sig: encodeBase64(signature) }],
};
const bytes = new TextEncoder().encode(JSON.stringify(document));
const content: SignedContent = {
  ...envelopeData(parseEnvelope(document), bytes),
  signature,
  key: key.publicKey,
  certificate: null,
};

const hashOf = (data: Uint8Array) => ({
  algorithm: 'sha256',
  value: toHex(createHash('sha256').update(data).digest()),
});
const pem = (of: typeof key) => encodeBase64(new TextEncoder().encode(formatPublicKey(of.publicKey)));
const spec = (
  hash: object = hashOf(bytes),
  named = key,
  payloadHash: object | undefined = hashOf(payload),
) => ({
  content: { hash, ...(payloadHash === undefined ? {} : { payloadHash }) },
  publicKey: pem(named),
});
const check = (body: object, about: SignedContent = content) =>
  checkFirstIntoto(body as Parameters<typeof checkFirstIntoto>[0], about);

test('an entry about this envelope is one, also of the time when payloads had no hash', () => {
  check(spec());
  check({ content: { hash: hashOf(bytes) }, publicKey: pem(key) });
});

test.each<[string, object]>([
  ['another envelope', spec(hashOf(payload))],
  [
    'the same statement, signed again',
    spec(hashOf(new TextEncoder().encode(`${JSON.stringify(document)} `))),
  ],
  ['another key', spec(undefined, stranger)],
  ['another payload', spec(undefined, key, hashOf(bytes))],
  ['a hash of another kind', spec({ ...hashOf(bytes), algorithm: 'sha512' })],
])('an entry about %s is about something else', (_, body) => {
  expect(() => check(body)).toThrow(expect.objectContaining({ code: 'LOG_ENTRY_MISMATCH' }));
});

test.each<[string, object]>([
  ['no hash', { content: {}, publicKey: pem(key) }],
  ['a hash without algorithm', spec({ value: hashOf(bytes).value })],
  ['nothing', {}],
])('an entry with %s proves nothing', (_, body) => {
  expect(() => check(body)).toThrow(expect.objectContaining({ code: 'LOG_ENTRY_INVALID' }));
});

test('an envelope of which only the parts are known, or a message, is bound to no such entry', () => {
  const parts = { ...content, ...envelopeData(parseEnvelope(document)) };
  for (const about of [parts, { ...content, ...messageData(payload) }])
    expect(() => check(spec(), about)).toThrow(expect.objectContaining({ code: 'LOG_ENTRY_MISMATCH' }));
});
