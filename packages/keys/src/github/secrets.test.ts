import { parseSigningKey } from '@pratique/crypto';
import { newRecipient } from '@pratique/crypto/testing/sealed-box';
import { describe, expect, test } from 'vitest';
import { createKey, openKey, openPublicKey } from '../open.ts';
import { failure as failureOf } from '../testing/failure.ts';
import { type Answer, type Asked, startService } from '../testing/service.ts';

const token = 'ghp_very_secret';
const password = 'pa$$word';
const failure = (of: Promise<unknown>) => failureOf(of, [token, password, 'PRIVATE KEY']);

/** The repository `team/app` and the organization `team`. */
function fakeGithub() {
  const recipient = newRecipient();
  const secrets = new Map<string, { readonly encrypted_value: string; readonly key_id: string }>();
  const answer = ({ method, path, headers, body }: Asked): Answer => {
    if (headers.authorization !== `Bearer ${token}`) return [401, { message: 'Bad credentials' }];
    const [, owner, name] =
      /^\/api\/v3\/(repos\/team\/app|orgs\/team)\/actions\/secrets\/([\w-]+)$/.exec(path) ?? [];
    if (owner === undefined) return [404, { message: 'Not Found' }];
    if (name === 'public-key') return { key_id: '012345', key: recipient.publicKey };
    if (method === 'PUT') {
      secrets.set(`${owner} ${name}`, body as { encrypted_value: string; key_id: string });
      return [201, {}];
    }
    return secrets.has(`${owner} ${name}`) ? { name } : [404, { message: 'Not Found' }];
  };
  return { recipient, secrets, answer };
}

async function start(answer: (asked: Asked) => Answer) {
  const { url, asked } = await startService(answer);
  return { asked, context: { environment: { GITHUB_HOST: url, GITHUB_TOKEN: token } } };
}

describe('secrets of GitHub', () => {
  test.each([
    ['github://team/app', 'repos/team/app', {}],
    ['github://team', 'orgs/team', { visibility: 'private' }],
  ])('%s: a key pair is made for who reads there, and not twice', async (reference, owner, more) => {
    const { answer, secrets, recipient } = fakeGithub();
    const { context, asked } = await start(answer);
    const create = () => createKey(reference, context, () => Promise.resolve(password));
    const { publicKey } = await create();
    const secret = (name: string) => recipient.open(secrets.get(`${owner} ${name}`)!.encrypted_value);
    expect(secret('COSIGN_PASSWORD')).toBe(password);
    const key = parseSigningKey(secret('COSIGN_PRIVATE_KEY'), password);
    expect(key.publicKey.fingerprint).toBe(publicKey.fingerprint);
    expect(secret('COSIGN_PUBLIC_KEY')).toContain('BEGIN PUBLIC KEY');
    for (const one of secrets.values()) expect(one).toMatchObject({ key_id: '012345', ...more });
    // Nothing goes there in the clear.
    expect(JSON.stringify(asked)).not.toContain(password);
    expect((await failure(create())).code).toBe('KEY_EXISTS');
  });

  test.each(['COSIGN_PASSWORD', 'COSIGN_PRIVATE_KEY', 'COSIGN_PUBLIC_KEY'])(
    'nothing is changed where there is %s already',
    async (name) => {
      const { answer, secrets } = fakeGithub();
      secrets.set(`orgs/team ${name}`, { encrypted_value: '', key_id: '' });
      const { context, asked } = await start(answer);
      const created = createKey('github://team', context, () => Promise.resolve(password));
      expect((await failure(created)).code).toBe('KEY_EXISTS');
      expect(asked.every(({ method }) => method === 'GET')).toBe(true);
    },
  );

  test('are read by workflows only', async () => {
    const context = { environment: { GITHUB_TOKEN: token } };
    for (const read of [openKey('github://team/app', context), openPublicKey('github://team', context)])
      expect(await failure(read)).toMatchObject({
        code: 'KEY_REFERENCE_INVALID',
        expected: expect.stringContaining('env://COSIGN_PRIVATE_KEY'),
      });
  });

  const keyed =
    (key: unknown) =>
    (asked: Asked): Answer =>
      asked.path.endsWith('/public-key') ? { key_id: '1', key } : fakeGithub().answer(asked);
  test.each<[string, (asked: Asked) => Answer, string]>([
    ['a repository that is not there', () => [404, { message: 'Not Found' }], 'KEY_NOT_FOUND'],
    ['a token that is not allowed to', () => [403, { message: `no ${token}` }], 'KEY_SERVICE_REFUSED'],
    ['a server that leads elsewhere', () => 302, 'KEY_SERVICE_REFUSED'],
    ['a server that is down', () => 502, 'KEY_SERVICE_UNREACHABLE'],
    ['an answer that is no JSON', () => '<html>', 'KEY_SERVICE_ANSWER'],
    ['a key that is no text', keyed(1), 'KEY_SERVICE_ANSWER'],
    ['a key that is no base64', keyed('%'), 'KEY_SERVICE_ANSWER'],
    ['a key of another length', keyed('AAAA'), 'KEY_SERVICE_ANSWER'],
    ['a key that shares no secret', keyed(Buffer.alloc(32).toString('base64')), 'KEY_SERVICE_ANSWER'],
  ])('%s', async (_, answer, code) => {
    const { context, asked } = await start(answer);
    const created = createKey('github://team/app', context, () => Promise.resolve(password));
    expect((await failure(created)).code).toBe(code);
    expect(asked.some(({ method }) => method === 'PUT')).toBe(false);
  });

  test.each([
    'github://',
    'github://../x',
    'github://a/b/c',
    'github://a?b',
    'github://a//b',
    'github://a@b',
  ])('%j names none', async (wrong) => {
    const context = { environment: { GITHUB_TOKEN: token } };
    for (const of of [openKey(wrong, context), createKey(wrong, context, () => Promise.resolve(''))])
      expect((await failure(of)).code).toBe('KEY_REFERENCE_INVALID');
  });

  test('a token that is missing, or would be a header', async () => {
    for (const environment of [{}, { GITHUB_TOKEN: 'x\r\ny: z' }]) {
      const created = createKey('github://team', { environment }, () => Promise.resolve(''));
      expect((await failure(created)).code).toBe('KEY_SERVICE_CONFIG');
    }
  });
});
