import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, parseJson } from '@pratique/crypto';
import { notationErrors, type PolicyStatement, parseTrustPolicy, statementFor } from '@pratique/notation';
import { cliErrors } from '../errors.ts';
import { readFile } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';

/** notation's own folder: where Go has the user's configuration. */
export function notationDirectory({ env, cwd }: Terminal): string {
  const home = env['HOME'] || homedir();
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'notation');
  if (process.platform === 'win32') return join(env['AppData'] || env['APPDATA'] || cwd, 'notation');
  return join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'notation');
}

/** The trust policy of notation's folder. @throws NOTATION_POLICY_INVALID, FILE_UNREADABLE */
export function readTrustPolicy(terminal: Terminal): readonly PolicyStatement[] {
  const directory = notationDirectory(terminal);
  const file = ['trustpolicy.oci.json', 'trustpolicy.json'].find((name) => has(directory, name));
  if (file === undefined) {
    throw notationErrors.error('NOTATION_POLICY_INVALID', {
      message: 'there is no trust policy, so that nobody is trusted',
      expected: join(directory, 'trustpolicy.json'),
      found: 'none',
      remedy: 'Write one by https://notaryproject.dev/docs/quickstart-guides, or take over that of notation.',
    });
  }
  return parseTrustPolicy(readFile(join(directory, file), terminal.cwd, 'text'));
}

/** The statement that is about a repository, or the scope that stands for one. @throws NOTATION_POLICY_MISSING */
export function statementOf(policy: readonly PolicyStatement[], name: string): PolicyStatement {
  const statement = statementFor(policy, name);
  if (statement !== undefined) return statement;
  throw notationErrors.error('NOTATION_POLICY_MISSING', {
    message: `the trust policy has no statement about ${name}`,
    expected: `a statement with the registry scope ${name}, or *`,
    found: policy.flatMap(({ registryScopes }) => registryScopes).join(', '),
  });
}

/** Files of a key, as signingkeys.json names them. */
export interface KeyFiles {
  readonly keyPath: string;
  readonly certPath: string;
}

/** The key of that name in signingkeys.json, or its default one. @throws NOTATION_KEY_UNUSABLE, FILE_UNREADABLE */
export function keyNamed(name: string | undefined, terminal: Terminal): KeyFiles {
  const directory = notationDirectory(terminal);
  const unusable = (message: string, found?: string) =>
    notationErrors.error('NOTATION_KEY_UNUSABLE', {
      message,
      expected: `a key in ${join(directory, 'signingkeys.json')}, or --key-path and --cert-path`,
      ...(found === undefined ? {} : { found }),
    });
  if (!has(directory, 'signingkeys.json')) throw unusable('notation has no keys here');
  const { default: usual, keys } = readObject(join(directory, 'signingkeys.json'), terminal);
  const wanted = name ?? usual;
  if (typeof wanted !== 'string') throw unusable('there is no default key');
  const found = (Array.isArray(keys) ? keys : []).find((key) => isJsonObject(key) && key.name === wanted);
  if (!isJsonObject(found)) throw unusable('there is no such key', wanted);
  const { keyPath, certPath } = found;
  if (typeof keyPath !== 'string' || typeof certPath !== 'string')
    throw unusable('the key is behind a plugin of notation, which are not run here', wanted);
  return { keyPath, certPath };
}

/** The envelope that config.json asks for; jws where it says nothing. @throws USAGE, FILE_UNREADABLE */
export function usualFormat(terminal: Terminal): 'jws' | 'cose' {
  const directory = notationDirectory(terminal);
  if (!has(directory, 'config.json')) return 'jws';
  const { signatureFormat = 'jws' } = readObject(join(directory, 'config.json'), terminal);
  if (signatureFormat === 'jws' || signatureFormat === 'cose') return signatureFormat;
  throw cliErrors.error('USAGE', {
    message: `${join(directory, 'config.json')} has an unknown signatureFormat`,
    expected: 'jws or cose',
    found: JSON.stringify(signatureFormat),
  });
}

function readObject(path: string, terminal: Terminal): JsonObject {
  const document = parseJson(readFile(path, terminal.cwd, 'text'), path);
  if (isJsonObject(document)) return document;
  throw cliErrors.error('USAGE', {
    message: `${path} is not an object`,
    expected: 'what notation writes there',
  });
}

/** A file that is there and cannot be read is told when it is read. */
function has(directory: string, name: string): boolean {
  try {
    return readdirSync(directory).includes(name);
  } catch {
    return false;
  }
}
