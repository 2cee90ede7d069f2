import { join } from 'node:path';
import { readNamedFile } from '@pratique/storage';
import { keysErrors } from '../errors.ts';
import { readSetting } from '../http/files.ts';
import { type KeyService, openKeyService } from '../http/service.ts';
import type { KeyContext } from '../managed-key.ts';

/** What Vault and OpenBao are called in messages. */
export const vault = 'Vault';

/**
 * Connects as cosign does: VAULT_ADDR or BAO_ADDR; VAULT_TOKEN, BAO_TOKEN or `~/.vault-token`; VAULT_NAMESPACE;
 * VAULT_CACERT, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME.
 *
 * @throws KEY_SERVICE_CONFIG
 */
export function connectVault({ environment, signal }: KeyContext): KeyService {
  const address = environment['VAULT_ADDR'] || environment['BAO_ADDR'];
  if (!address) throw missing('VAULT_ADDR is not set');
  const token = environment['VAULT_TOKEN'] || environment['BAO_TOKEN'] || storedToken(environment);
  const namespace = environment['VAULT_NAMESPACE'];
  const serverName = environment['VAULT_TLS_SERVER_NAME'];
  const [ca, cert, key] = ['VAULT_CACERT', 'VAULT_CLIENT_CERT', 'VAULT_CLIENT_KEY'].map((name) => {
    const file = environment[name];
    return file ? readSetting(name, file) : undefined;
  });
  if ((cert === undefined) !== (key === undefined)) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'a client certificate for Vault needs its key, and a key its certificate',
      expected: 'VAULT_CLIENT_CERT and VAULT_CLIENT_KEY',
      found: `only ${cert === undefined ? 'VAULT_CLIENT_KEY' : 'VAULT_CLIENT_CERT'}`,
    });
  }
  return openKeyService({
    name: vault,
    url: address.replace(/\/+$/, ''),
    authorization: {
      headers: {
        'x-vault-token': token,
        'x-vault-request': 'true',
        ...(namespace ? { 'x-vault-namespace': namespace } : {}),
      },
      secrets: [token],
    },
    connection: {
      ...(ca === undefined ? {} : { ca }),
      ...(serverName ? { serverName } : {}),
      ...(cert === undefined || key === undefined ? {} : { clientCertificate: { cert, key } }),
    },
    environment,
    signal,
    answers: [404],
  });
}

const maxFileBytes = 4 * 1024 * 1024;

function storedToken({ HOME: home }: NodeJS.ProcessEnv): string {
  try {
    const token = new TextDecoder()
      .decode(readNamedFile(join(home ?? '', '.vault-token'), maxFileBytes))
      .trim();
    if (home && token !== '') return token;
  } catch {
    // There is none: the variable is what to set.
  }
  throw missing('VAULT_TOKEN is not set, and there is no ~/.vault-token');
}

function missing(message: string) {
  return keysErrors.error('KEY_SERVICE_CONFIG', { message, expected: 'VAULT_ADDR and VAULT_TOKEN' });
}
