import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isJsonObject, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { replaceFile } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import type { People } from '../oidc/issuer.ts';

/** Who has a secret, from the file at `path`; everyone in `emails` who has none yet gets one of 256 random bits. */
export function loadPeople(path: string, emails: readonly string[]): People {
  const people = new Map<string, string>();
  if (existsSync(path)) {
    const stored = parseJson(readFileSync(path), 'the file of people');
    if (!isJsonObject(stored)) throw invalid('people.json is not an object of e-mail addresses and secrets');
    for (const [email, secret] of Object.entries(stored)) {
      if (typeof secret !== 'string' || secret.length < 32) {
        throw invalid('people.json has a secret of fewer than 32 characters');
      }
      people.set(email, secret);
    }
  }
  const added = emails.filter((email) => !people.has(email));
  for (const email of added) {
    if (!/^[!-?A-~]{1,64}@[a-zA-Z0-9.-]{1,253}$/.test(email)) {
      throw invalid(`not an e-mail address: ${printable(email, 80)}`);
    }
    people.set(email, randomBytes(32).toString('base64url'));
  }
  if (added.length > 0) replaceFile(path, `${JSON.stringify(Object.fromEntries(people), null, 2)}\n`, true);
  return people;
}

function invalid(message: string) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', { message });
}
