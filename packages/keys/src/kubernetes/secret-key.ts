import {
  decodeBase64,
  encodeBase64,
  formatPublicKey,
  formatSigningKey,
  generateSigningKey,
  type JsonObject,
  parsePublicKey,
} from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { memberOf, objectAt, signingKeyOf, wrongAnswer } from '../http/service.ts';
import type { CreatedKey, KeyContext, KeyProvider } from '../managed-key.ts';
import { connectKubernetes, kubernetes } from './connect.ts';

/** Members of the Secret, as cosign names them. */
const [keyMember, passwordMember, publicMember] = ['cosign.key', 'cosign.password', 'cosign.pub'] as const;

interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * `k8s://NAMESPACE/SECRET`: a key pair in a Secret, as `cosign generate-key-pair k8s://…` writes it: `cosign.key`
 * (encrypted), `cosign.password`, `cosign.pub`. The key comes into this process.
 */
export const secretKeys: KeyProvider = {
  async open(reference, context) {
    const secret = parseReference(reference);
    const data = await readSecret(secret, context);
    const key = signingKeyOf(
      kubernetes,
      new TextDecoder().decode(required(data, keyMember, secret)),
      memberBytes(data, passwordMember) ?? '',
    );
    return { publicKey: key.publicKey, sign: (bytes) => key.sign(bytes), close: () => {} };
  },

  async publicKey(reference, context) {
    const secret = parseReference(reference);
    const data = await readSecret(secret, context);
    return parsePublicKey(new TextDecoder().decode(required(data, publicMember, secret)));
  },
};

/** Makes a key pair and stores it in a new, immutable Secret. @throws KEY_EXISTS, KEY_SERVICE_… */
export async function createSecretKey(
  reference: string,
  context: KeyContext,
  askPassword: () => Promise<string>,
): Promise<CreatedKey> {
  const { namespace, name } = parseReference(reference);
  const password = await askPassword();
  const key = generateSigningKey();
  const data = {
    [keyMember]: base64(formatSigningKey(key, password)),
    [publicMember]: base64(formatPublicKey(key.publicKey)),
    [passwordMember]: base64(password),
  };
  const service = await connectKubernetes(context);
  try {
    const { status } = await service.send('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      immutable: true,
      data,
    });
    if (status === 404) throw notFound(`there is no namespace ${namespace}`);
    if (status === 409) {
      throw keysErrors.error('KEY_EXISTS', {
        message: `there is a secret ${namespace}/${name} already`,
        remedy: `Name another one, or remove it first: kubectl -n ${namespace} delete secret ${name}`,
      });
    }
  } finally {
    service.close();
  }
  return { publicKey: key.publicKey, place: `secret ${name} in namespace ${namespace}` };
}

async function readSecret({ namespace, name }: SecretName, context: KeyContext): Promise<JsonObject> {
  const service = await connectKubernetes(context);
  try {
    const { status, document } = await service.send('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`);
    if (status !== 200) throw notFound(`there is no secret ${namespace}/${name}`);
    return objectAt(kubernetes, document, 'data');
  } finally {
    service.close();
  }
}

function required(data: JsonObject, member: string, { namespace, name }: SecretName): Uint8Array {
  const bytes = memberBytes(data, member);
  if (bytes !== undefined) return bytes;
  throw notFound(`the secret ${namespace}/${name} holds no ${member}`);
}

function memberBytes(data: JsonObject, member: string): Uint8Array | undefined {
  const value = memberOf(data, member);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw wrongAnswer(kubernetes, `${member} of the secret is not a string`);
  try {
    return decodeBase64(value, member);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    // Without the cause, which may quote it.
    throw wrongAnswer(kubernetes, `${member} of the secret is not base64`);
  }
}

/** Names are DNS labels and subdomains (RFC 1123): never a step in a path. @throws KEY_REFERENCE_INVALID */
function parseReference(reference: string): SecretName {
  const [, namespace, name] =
    /^k8s:\/\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/.exec(
      reference,
    ) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw keysErrors.error('KEY_REFERENCE_INVALID', {
    message: 'the reference names no secret',
    expected: 'k8s://NAMESPACE/SECRET',
    found: printable(reference, 100),
  });
}

function notFound(message: string) {
  return keysErrors.error('KEY_NOT_FOUND', {
    message,
    remedy: 'pratique generate-key-pair k8s://NAMESPACE/SECRET makes a key pair and stores it in a secret.',
  });
}

function base64(text: string): string {
  return encodeBase64(new TextEncoder().encode(text));
}
