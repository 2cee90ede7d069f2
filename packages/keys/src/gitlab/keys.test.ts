import { verifySignature } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { createKey, openKey, openPublicKey } from '../open.ts';
import { failure as failureOf } from '../testing/failure.ts';
import { type Answer, type Asked, startService } from '../testing/service.ts';

const data = new TextEncoder().encode('signed with a key in GitLab');
const token = 'glpat-very-secret';
const password = 'pa$$word';
const failure = (of: Promise<unknown>) => failureOf(of, [token, password, 'PRIVATE KEY']);

/** A server with the project `team/app` and the group `team`. */
function fakeGitlab() {
  const variables = new Map<string, string>();
  const answer = ({ method, path, headers, body }: Asked): Answer => {
    if (headers['private-token'] !== token) return [401, { message: '401 Unauthorized' }];
    const [, kind, name, more, variable] =
      /^\/api\/v4\/(projects|groups)\/([^/]+)(\/variables(?:\/(\w+))?)?$/.exec(path) ?? [];
    if (name !== (kind === 'projects' ? 'team%2Fapp' : 'team')) return [404, { message: '404 Not Found' }];
    if (more === undefined) return { id: 1 };
    if (method === 'POST') {
      const { key, value } = body as { key: string; value: string };
      if (variables.has(`${name} ${key}`)) return [400, { message: { key: ['has already been taken'] } }];
      variables.set(`${name} ${key}`, value);
      return [201, { key, value }];
    }
    const value = variables.get(`${name} ${variable}`);
    return value === undefined ? [404, { message: '404 Variable Not Found' }] : { key: variable!, value };
  };
  return { variables, answer };
}

async function start(answer: (asked: Asked) => Answer) {
  const { url, asked } = await startService(answer);
  const environment: NodeJS.ProcessEnv = { GITLAB_HOST: url, GITLAB_TOKEN: token };
  return { url, asked, environment, context: { environment } };
}

describe('a key in GitLab', () => {
  test.each(['gitlab://team/app', 'gitlab://team'])(
    'of %s is made, signs and verifies, and is not made twice',
    async (reference) => {
      const { answer } = fakeGitlab();
      const { context, asked } = await start(answer);
      const create = () => createKey(reference, context, () => Promise.resolve(password));
      const { publicKey } = await create();
      const key = await openKey(reference, context);
      expect(verifySignature(publicKey, data, await key.sign(data))).not.toBeNull();
      expect((await openPublicKey(reference, context)).fingerprint).toBe(publicKey.fingerprint);
      const made = asked
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => body as Record<string, unknown>);
      expect(made.map(({ key: name }) => name)).toEqual([
        'COSIGN_PASSWORD',
        'COSIGN_PRIVATE_KEY',
        'COSIGN_PUBLIC_KEY',
      ]);
      // A password with a $ would be another one in a job.
      for (const variable of made) expect(variable).toMatchObject({ raw: true, environment_scope: '*' });
      expect((await failure(create())).code).toBe('KEY_EXISTS');
    },
  );

  test('is not made where only one of its variables is there, and nothing is changed', async () => {
    for (const name of ['COSIGN_PASSWORD', 'COSIGN_PRIVATE_KEY', 'COSIGN_PUBLIC_KEY']) {
      const { answer, variables } = fakeGitlab();
      variables.set(`team ${name}`, 'x');
      const { context, asked } = await start(answer);
      const created = createKey('gitlab://team', context, () => Promise.resolve(password));
      expect((await failure(created)).code).toBe('KEY_EXISTS');
      expect(asked.every(({ method }) => method === 'GET')).toBe(true);
    }
  });

  test('is found at a host that is named without its scheme or with the path of the API', async () => {
    const { answer } = fakeGitlab();
    const { context, environment, url } = await start(answer);
    await createKey('gitlab://team', context, () => Promise.resolve(password));
    environment['GITLAB_HOST'] = `${url}/api/v4/`;
    await openPublicKey('gitlab://team', context);
    environment['GITLAB_HOST'] = new URL(url).host;
    // Over TLS, which nobody speaks there.
    expect((await failure(openPublicKey('gitlab://team', context))).code).toBe('KEY_SERVICE_UNREACHABLE');
  });
});

describe('is no key', () => {
  const only =
    (value: unknown) =>
    (asked: Asked): Answer =>
      asked.path.includes('/variables/') ? { value } : fakeGitlab().answer(asked);
  test.each<[string, (asked: Asked) => Answer, string]>([
    ['one that is not there', (asked) => fakeGitlab().answer(asked), 'KEY_NOT_FOUND'],
    ['one of nobody', () => [404, { message: '404 Project Not Found' }], 'KEY_NOT_FOUND'],
    ['one that may not be read', () => [403, { message: `403 Forbidden ${token}` }], 'KEY_SERVICE_REFUSED'],
    ['one whose server is overrun', () => 429, 'KEY_SERVICE_UNREACHABLE'],
    ['one whose server is down', () => 502, 'KEY_SERVICE_UNREACHABLE'],
    ['one whose server leads elsewhere', () => 302, 'KEY_SERVICE_REFUSED'],
    ['an answer that is no JSON', () => '<html>', 'KEY_SERVICE_ANSWER'],
    ['one that is no text', only(1), 'KEY_SERVICE_ANSWER'],
    ['one that is none', only(`${password}`), 'KEY_SERVICE_ANSWER'],
  ])('%s', async (_, answer, code) => {
    const { context } = await start(answer);
    expect((await failure(openKey('gitlab://team', context))).code).toBe(code);
    expect((await failure(openPublicKey('gitlab://team', context))).code).toBe(code);
  });

  test.each([
    'gitlab://',
    'gitlab://../x',
    'gitlab://team/../x',
    'gitlab://team//x',
    'gitlab://team?x',
    'gitlab://a@b',
  ])('%j', async (wrong) => {
    const context = { environment: { GITLAB_TOKEN: token } };
    expect((await failure(openPublicKey(wrong, context))).code).toBe('KEY_REFERENCE_INVALID');
  });

  test('one without a token, with one that is a header, or over plain HTTP', async () => {
    const of = async (environment: NodeJS.ProcessEnv) =>
      (await failure(openPublicKey('gitlab://team', { environment }))).code;
    expect(await of({})).toBe('KEY_SERVICE_CONFIG');
    expect(await of({ GITLAB_TOKEN: 'x\r\ny: z' })).toBe('KEY_SERVICE_CONFIG');
    expect(await of({ GITLAB_TOKEN: token, GITLAB_HOST: 'http://gitlab.example' })).toBe(
      'KEY_SERVICE_CONFIG',
    );
  });
});
