import { formatPublicKey, formatSigningKey, generateSigningKey } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import {
  type KeyService,
  memberOf,
  openKeyService,
  publicKeyOf,
  refused,
  signingKeyOf,
  wrongAnswer,
} from '../http/service.ts';
import type { CreatedKey, KeyContext, KeyProvider } from '../managed-key.ts';

const gitlab = 'GitLab';

/** CI/CD variables, as cosign names them. */
const [passwordName, privateName, publicName] = [
  'COSIGN_PASSWORD',
  'COSIGN_PRIVATE_KEY',
  'COSIGN_PUBLIC_KEY',
] as const;

/**
 * `gitlab://PROJECT` and `gitlab://GROUP`, by path or number: a key pair in CI/CD variables, as `cosign generate-key-pair
 * gitlab://…` writes it. The key comes into this process. GITLAB_TOKEN must be allowed `api`; GITLAB_HOST names the server,
 * if it is not gitlab.com.
 */
export const gitlabKeys: KeyProvider = {
  async open(reference, context) {
    const [pem, password] = await readVariables(reference, context, [privateName, passwordName]);
    const key = signingKeyOf(gitlab, pem!, password!);
    return { publicKey: key.publicKey, sign: (bytes) => key.sign(bytes), close: () => {} };
  },

  async publicKey(reference, context) {
    const [pem] = await readVariables(reference, context, [publicName]);
    return publicKeyOf(gitlab, pem!);
  },
};

/** Makes a key pair and stores it in variables that are new. @throws KEY_EXISTS, KEY_SERVICE_… */
export async function createGitlabKey(
  reference: string,
  context: KeyContext,
  askPassword: () => Promise<string>,
): Promise<CreatedKey> {
  const name = parseReference(reference);
  const service = connect(context);
  try {
    const owner = await ownerPath(service, name);
    const path = `${owner}/variables`;
    for (const variable of [passwordName, privateName, publicName]) {
      const { status } = await service.send('GET', `${path}/${variable}`);
      if (status !== 404) throw exists(name, variable);
    }
    const password = await askPassword();
    const key = generateSigningKey();
    for (const [variable, value] of [
      [passwordName, password],
      [privateName, formatSigningKey(key, password)],
      [publicName, formatPublicKey(key.publicKey)],
    ] as const) {
      // Multi-line values cannot be masked. As they are: a $ in a password names no other variable.
      const options = { variable_type: 'env_var', protected: false, masked: false, raw: true };
      const { status, said } = await service.send(
        'POST',
        path,
        { key: variable, value, ...options, environment_scope: '*' },
        { once: true },
      );
      if (status === 400) throw exists(name, variable);
      if (status !== 201) throw refused(gitlab, status, said);
    }
    return { publicKey: key.publicKey, place: `the variable ${privateName} of ${name} in ${gitlab}` };
  } finally {
    service.close();
  }
}

/** @throws KEY_SERVICE_CONFIG */
function connect({ environment, signal }: KeyContext): KeyService {
  const { GITLAB_TOKEN: token, GITLAB_HOST: host } = environment;
  if (!token || /[^\x21-\x7e]/.test(token)) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: token ? 'GITLAB_TOKEN is no token' : 'GITLAB_TOKEN is not set',
      expected: 'an access token of GitLab with the scope api',
      remedy: 'Set GITLAB_TOKEN, and GITLAB_HOST where the server is not gitlab.com.',
    });
  }
  const url = (host || 'https://gitlab.com').replace(/\/+$/, '').replace(/\/api\/v4$/, '');
  return openKeyService({
    name: gitlab,
    url: `${/^[a-z]+:\/\//i.test(url) ? '' : 'https://'}${url}/api/v4`,
    authorization: { headers: { 'private-token': token }, secrets: [token] },
    connection: {},
    environment,
    signal,
    answers: [400, 404],
  });
}

/** The values of variables, in the order they are named in. */
async function readVariables(
  reference: string,
  context: KeyContext,
  names: readonly string[],
): Promise<readonly string[]> {
  const name = parseReference(reference);
  const service = connect(context);
  try {
    const owner = await ownerPath(service, name);
    const values: string[] = [];
    for (const variable of names) {
      const { status, document, said } = await service.send('GET', `${owner}/variables/${variable}`);
      if (status === 404)
        throw notFound(`${name} in ${gitlab} has no variable ${variable}, or not for you to see`);
      if (status !== 200) throw refused(gitlab, status, said);
      const value = memberOf(document, 'value');
      // What it is instead is not to be shown.
      if (typeof value !== 'string') throw wrongAnswer(gitlab, `the value of ${variable} is not a string`);
      values.push(value);
    }
    return values;
  } finally {
    service.close();
  }
}

/** Where the API has a project, or else a group. */
async function ownerPath(service: KeyService, name: string): Promise<string> {
  for (const kind of ['projects', 'groups']) {
    const path = `/${kind}/${encodeURIComponent(name)}`;
    const { status, said } = await service.send('GET', path);
    if (status === 200) return path;
    if (status !== 404) throw refused(gitlab, status, said);
  }
  throw notFound(`${gitlab} has no project or group ${name}, or not for you to see`);
}

/** Paths as GitLab allows them, or a number. @throws KEY_REFERENCE_INVALID */
function parseReference(reference: string): string {
  const name = /^gitlab:\/\/(\w[\w.-]{0,254}(?:\/\w[\w.-]{0,254}){0,20})$/.exec(reference)?.[1];
  if (name !== undefined) return name;
  throw keysErrors.error('KEY_REFERENCE_INVALID', {
    message: 'the reference names no project or group',
    expected: 'gitlab://GROUP/PROJECT, gitlab://GROUP, or a number instead',
    found: printable(reference, 100),
  });
}

function exists(name: string, variable: string) {
  return keysErrors.error('KEY_EXISTS', {
    message: `${name} in ${gitlab} has a variable ${variable} already`,
    remedy: 'Remove it first (Settings, CI/CD, Variables), if nobody relies on it.',
  });
}

function notFound(message: string) {
  return keysErrors.error('KEY_NOT_FOUND', {
    message,
    remedy:
      'Check GITLAB_HOST and what GITLAB_TOKEN is allowed to; pratique generate-key-pair gitlab://GROUP/PROJECT makes a key pair there.',
  });
}
