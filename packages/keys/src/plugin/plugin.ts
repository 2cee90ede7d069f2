import {
  decodeBase64,
  isJsonObject,
  type JsonObject,
  type PublicKey,
  parsePublicKey,
  signatureHash,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import type { CreatedKey, KeyContext, KeyProvider } from '../managed-key.ts';
import { callPlugin, failed, findPlugin, protocolVersion } from './run.ts';

/** Numbers of Go's `crypto.Hash`. */
const hashNumbers = { sha256: 5, sha384: 6, sha512: 7 } as const;
const rpcOptions = { keyVersion: '', remoteVerification: false } as const;

interface Plugin {
  readonly program: string;
  /** What stands behind `SCHEME://`, which only the plugin understands. */
  readonly resource: string;
}

/**
 * `SCHEME://REFERENCE` of any scheme without an implementation here, by sigstore's plugin protocol
 * (`pkg/signature/kms/cliplugin`, version 1): a program `sigstore-kms-SCHEME` on the PATH.
 */
export const pluginKeys: KeyProvider = {
  async open(reference, context) {
    const plugin = pluginOf(reference, context);
    const publicKey = await readPublicKey(plugin, context);
    return {
      publicKey,
      close: () => {},
      sign: (data, signal) =>
        sign(plugin, publicKey, data, signal === undefined ? context : { ...context, signal }),
    };
  },
  publicKey: async (reference, context) => await readPublicKey(pluginOf(reference, context), context),
};

/** Asks the plugin to make a key of the kind that is its default. @throws KEY_PLUGIN_MISSING, KEY_PLUGIN_FAILED */
export async function createPluginKey(reference: string, context: KeyContext): Promise<CreatedKey> {
  const plugin = pluginOf(reference, context);
  const call = (method: JsonObject) => callPlugin(plugin.program, method, new Uint8Array(), context);
  const preferred = await call({
    ...initial(plugin, 'sha256'),
    methodName: 'defaultAlgorithm',
    defaultAlgorithm: {},
  });
  const algorithm = answerText(plugin, preferred, 'defaultAlgorithm', 'defaultAlgorithm');
  const created = await call({
    ...initial(plugin, 'sha256'),
    methodName: 'createKey',
    createKey: { algorithm },
  });
  return { publicKey: pemKey(plugin, created, 'createKey'), place: plugin.program };
}

function pluginOf(reference: string, { environment }: KeyContext): Plugin {
  const [, scheme = '', resource = ''] = /^([a-z0-9-]+):\/\/(.*)$/s.exec(reference) ?? [];
  if (resource === '' || resource.length > 2048 || /[\0-\x1f\x7f]/.test(resource)) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'the reference names no key',
      expected: `${scheme}://KEY, of at most 2048 characters`,
    });
  }
  return { program: findPlugin(scheme, environment), resource };
}

function initial({ resource }: Plugin, hash: keyof typeof hashNumbers): JsonObject {
  return {
    initOptions: {
      protocolVersion,
      keyResourceID: resource,
      hashFunc: hashNumbers[hash],
      rpcOptions: { ...rpcOptions },
    },
  };
}

async function readPublicKey(plugin: Plugin, context: KeyContext): Promise<PublicKey> {
  const call = {
    ...initial(plugin, 'sha256'),
    methodName: 'publicKey',
    publicKey: { publicKeyOptions: { rpcOptions: { ...rpcOptions } } },
  };
  return pemKey(plugin, await callPlugin(plugin.program, call, new Uint8Array(), context), 'publicKey');
}

async function sign(
  plugin: Plugin,
  key: PublicKey,
  data: Uint8Array,
  context: KeyContext,
): Promise<Uint8Array> {
  const call = {
    ...initial(plugin, signatureHash(key)),
    methodName: 'signMessage',
    signMessage: { signOptions: { rpcOptions: { ...rpcOptions }, messageOptions: {} } },
  };
  const answer = await callPlugin(plugin.program, call, data, context);
  return base64(plugin, answerText(plugin, answer, 'signMessage', 'signature'), 'signature');
}

function pemKey(plugin: Plugin, answer: JsonObject, method: string): PublicKey {
  const pem = base64(plugin, answerText(plugin, answer, method, 'publicKeyPEM'), 'publicKeyPEM');
  return parsePublicKey(new TextDecoder().decode(pem));
}

function answerText({ program }: Plugin, answer: JsonObject, method: string, member: string): string {
  const result = Object.hasOwn(answer, method) ? answer[method] : undefined;
  const value = isJsonObject(result) && Object.hasOwn(result, member) ? result[member] : undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw failed(program, `its answer has no ${method}.${member}`);
}

function base64({ program }: Plugin, text: string, member: string): Uint8Array {
  try {
    return decodeBase64(text, member);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw failed(program, `${member} is not base64`);
  }
}
