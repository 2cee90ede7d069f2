/** softhsm2: PKCS#11 tokens in a directory, with keys that OpenSSL's formats are put in from. */
import { type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context } from './context.ts';

export const pin = '1234';

export interface SoftHsm {
  readonly module: string;
  /** What a program needs to find the tokens and the module, without the PIN. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a token. */
  token(label: string): Promise<void>;
  /** Puts a key pair into a token. */
  put(token: string, label: string, id: string, key: KeyObject): Promise<void>;
}

/** The module of the softhsm2 that is installed, in the cache or on this machine. */
function moduleOf(util: string): string {
  const home = dirname(dirname(util));
  const places = ['root/usr/lib/*/softhsm', 'lib/*/softhsm', 'lib/softhsm'];
  const found = places
    .flatMap((place) => globSync(join(place, 'libsofthsm2.so'), { cwd: home }))
    .map((path) => join(home, path));
  if (found[0] === undefined || !existsSync(found[0])) throw new Error(`no libsofthsm2.so beside ${util}`);
  return found[0];
}

export async function openSoftHsm(context: Context): Promise<SoftHsm> {
  const directory = context.scratch();
  const tokens = join(directory, 'tokens');
  mkdirSync(tokens);
  const config = join(directory, 'softhsm2.conf');
  writeFileSync(config, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const module = moduleOf(context.tools['softhsm2-util']);
  const env = { SOFTHSM2_CONF: config, COSIGN_PKCS11_MODULE_PATH: module };
  const util = (...args: string[]) => context.ok('softhsm2-util', ['--module', module, ...args], { env });
  return {
    module,
    env,
    async token(label) {
      await util('--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', '87654321');
    },
    async put(token, label, id, key) {
      const file = join(directory, randomBytes(8).toString('hex'));
      writeFileSync(file, key.export({ type: 'pkcs8', format: 'pem' }));
      await util('--import', file, '--token', token, '--label', label, '--id', id, '--pin', pin);
    },
  };
}
