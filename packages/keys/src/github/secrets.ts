import {
  decodeBase64,
  encodeBase64,
  formatPublicKey,
  formatSigningKey,
  generateSigningKey,
  sealBox,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { type KeyService, openKeyService, refused, textAt, wrongAnswer } from '../http/service.ts';
import type { CreatedKey, KeyContext, KeyProvider } from '../managed-key.ts';

const github = 'GitHub';

/** Secrets of Actions, as cosign names them. */
const [passwordName, privateName, publicName] = [
  'COSIGN_PASSWORD',
  'COSIGN_PRIVATE_KEY',
  'COSIGN_PUBLIC_KEY',
] as const;

/** `github://OWNER/REPOSITORY` and `github://ORGANIZATION`: secrets can be written there, and are read by workflows only. */
export const githubSecrets: KeyProvider = {
  async open(reference) {
    throw unreadable(reference);
  },
  async publicKey(reference) {
    throw unreadable(reference);
  },
};

/**
 * Makes a key pair and stores it in secrets of Actions that are new, as `cosign generate-key-pair github://…` does. Those of
 * an organization are for its private repositories. GITHUB_TOKEN must be allowed to write secrets; GITHUB_HOST names an
 * Enterprise server.
 *
 * @throws KEY_EXISTS, KEY_NOT_FOUND, KEY_SERVICE_…
 */
export async function createGithubSecrets(
  reference: string,
  context: KeyContext,
  askPassword: () => Promise<string>,
): Promise<CreatedKey> {
  const { name, isOrganization } = parseReference(reference);
  const service = connect(context);
  const path = `/${isOrganization ? 'orgs' : 'repos'}/${name}/actions/secrets`;
  try {
    const recipient = await readRecipient(service, path, name);
    for (const secret of [passwordName, privateName, publicName]) {
      const { status, said } = await service.send('GET', `${path}/${secret}`);
      if (status === 200) throw exists(name, secret);
      if (status !== 404) throw refused(github, status, said);
    }
    const password = await askPassword();
    const key = generateSigningKey();
    for (const [secret, value] of [
      [passwordName, password],
      [privateName, formatSigningKey(key, password)],
      [publicName, formatPublicKey(key.publicKey)],
    ] as const) {
      const sealed = recipient.seal(new TextEncoder().encode(value));
      const { status, said } = await service.send('PUT', `${path}/${secret}`, {
        encrypted_value: encodeBase64(sealed),
        key_id: recipient.id,
        ...(isOrganization ? { visibility: 'private' } : {}),
      });
      if (status !== 201 && status !== 204) throw refused(github, status, said);
    }
    return { publicKey: key.publicKey, place: `the secret ${privateName} of ${name} in ${github}` };
  } finally {
    service.close();
  }
}

/** Whom secrets are encrypted for. */
async function readRecipient(service: KeyService, path: string, name: string) {
  const { status, document, said } = await service.send('GET', `${path}/public-key`);
  if (status === 404) {
    throw keysErrors.error('KEY_NOT_FOUND', {
      message: `${github} has no ${name}, or its secrets are not for you to write`,
      remedy: 'Check GITHUB_HOST and what GITHUB_TOKEN is allowed to.',
    });
  }
  if (status !== 200) throw refused(github, status, said);
  const [id, encoded] = [textAt(github, document, 'key_id'), textAt(github, document, 'key')];
  try {
    const key = decodeBase64(encoded, 'the key');
    const seal = (message: Uint8Array) => sealBox(key, message);
    // A key that is none shows before anybody is asked for a password.
    seal(new Uint8Array());
    return { id, seal };
  } catch {
    throw wrongAnswer(github, 'its key is none to encrypt for');
  }
}

/** @throws KEY_SERVICE_CONFIG */
function connect({ environment, signal }: KeyContext): KeyService {
  const { GITHUB_TOKEN: token, GITHUB_HOST: host } = environment;
  if (!token || /[^\x21-\x7e]/.test(token)) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: token ? 'GITHUB_TOKEN is no token' : 'GITHUB_TOKEN is not set',
      expected: 'an access token of GitHub that may write secrets of Actions',
      remedy: 'Set GITHUB_TOKEN, and GITHUB_HOST where the server is not github.com.',
    });
  }
  return openKeyService({
    name: github,
    url: apiOf(host),
    authorization: { headers: { authorization: `Bearer ${token}` }, secrets: [token] },
    connection: {},
    environment,
    signal,
    answers: [404],
  });
}

/** That of an Enterprise server is below its own address. */
function apiOf(host: string | undefined): string {
  if (!host) return 'https://api.github.com';
  const url = host.replace(/\/+$/, '').replace(/\/api\/v3$/, '');
  return `${/^[a-z]+:\/\//i.test(url) ? '' : 'https://'}${url}/api/v3`;
}

/** @throws KEY_REFERENCE_INVALID */
function parseReference(reference: string) {
  const part = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}';
  const match = new RegExp(`^github://(${part}(/${part})?)$`).exec(reference);
  if (match !== null) return { name: match[1]!, isOrganization: match[2] === undefined };
  throw keysErrors.error('KEY_REFERENCE_INVALID', {
    message: 'the reference names no repository and no organization',
    expected: 'github://OWNER/REPOSITORY or github://ORGANIZATION',
    found: printable(reference, 100),
  });
}

function exists(name: string, secret: string) {
  return keysErrors.error('KEY_EXISTS', {
    message: `${name} in ${github} has a secret ${secret} already`,
    remedy: 'Remove it first (Settings, Secrets and variables, Actions), if nobody relies on it.',
  });
}

function unreadable(reference: string) {
  parseReference(reference);
  return keysErrors.error('KEY_REFERENCE_INVALID', {
    message: 'secrets of GitHub can be written, and only workflows read them',
    expected: '--key env://COSIGN_PRIVATE_KEY in a workflow that has the secrets in its environment',
    found: printable(reference, 100),
  });
}
