import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkNotExpired, parseIdentityToken } from './token.ts';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: object) => `${encode({ alg: 'RS256' })}.${encode(claims)}.c2lnbmF0dXJl`;
const claims = { iss: 'https://issuer.test', sub: 'someone', exp: 1_800_000_000 };

test('the key proves itself over the e-mail address, else over the subject', () => {
  expect(parseIdentityToken(token(claims))).toMatchObject({ challenge: 'someone', issuer: claims.iss });
  const person = { ...claims, email: 'alice@example.test', email_verified: true };
  expect(parseIdentityToken(` ${token(person)}\n`)).toMatchObject({ challenge: 'alice@example.test' });
});

test.each([
  ['an address nobody verified', token({ ...claims, email: 'alice@example.test', email_verified: false })],
  ['an address without a word about it', token({ ...claims, email: 'alice@example.test' })],
  ['no issuer', token({ sub: 'someone' })],
  ['no subject', token({ iss: claims.iss })],
  ['no signature', `${encode({})}.${encode(claims)}.`],
  ['claims twice', `${encode({})}.${Buffer.from('{"iss":"a","iss":"b","sub":"c"}').toString('base64url')}.x`],
  ['nothing', ''],
])('a token with %s is refused, and not shown', (_name, text) => {
  expect(() => parseIdentityToken(text)).toThrow(expect.objectContaining({ code: 'IDENTITY_TOKEN_INVALID' }));
});

test('whatever the text is, nothing else comes out, and the text is in no message', () => {
  const payload = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
  );
  fc.assert(
    fc.property(payload, (part) => {
      try {
        parseIdentityToken(`header.${part}.signature`);
      } catch (error) {
        expect(error).toMatchObject({ code: 'IDENTITY_TOKEN_INVALID' });
        if (part.length > 12) expect((error as Error).message).not.toContain(part);
      }
    }),
  );
});

test('a token that has expired is not sent', () => {
  const read = parseIdentityToken(token(claims));
  checkNotExpired(read, new Date(1_799_999_999_000));
  expect(() => checkNotExpired(read, new Date(1_800_000_000_000))).toThrow(
    expect.objectContaining({ code: 'IDENTITY_TOKEN_INVALID' }),
  );
});
