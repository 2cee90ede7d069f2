import { execFile } from 'node:child_process';
import { parseJson } from '@pratique/crypto';
import * as v from 'valibot';
import { ociErrors } from '../errors.ts';
import type { Credentials } from './keychain.ts';

/** Longest a helper may take, and most it may print. A helper may ask a key ring, never a person. */
const helperLimits = { timeoutMs: 15_000, bytes: 256 * 1024 } as const;

/** Asks `docker-credential-<name>` for a server's credentials; undefined where it has none. */
export type Helper = (
  name: string,
  server: string,
  environment: NodeJS.ProcessEnv,
) => Promise<Credentials | undefined>;

const answerSchema = v.object({ Username: v.string(), Secret: v.string() });

/**
 * Runs a credential helper (docker-credential-helpers protocol): its input on standard input. No shell; the name was
 * checked to hold no path. Undefined where it says that it has no such credentials.
 *
 * @throws OCI_CREDENTIALS_UNREADABLE
 */
function runVerb(
  name: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  environment: NodeJS.ProcessEnv,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const program = `docker-credential-${name}`;
    const options = {
      env: environment,
      timeout: helperLimits.timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: helperLimits.bytes,
      encoding: 'buffer',
      windowsHide: true,
    } as const;
    const child = execFile(program, [verb], options, (error, stdout) => {
      if (!error) return resolve(stdout);
      // The protocol reports this on standard output, with a failing status.
      if (/credentials not found/i.test(stdout.toString('utf8'))) return resolve(undefined);
      if (error.code === 'ENOENT') return reject(refused(name, 'the program is not on the PATH'));
      if (error.killed) {
        const why = `did not finish within ${helperLimits.timeoutMs} ms, or printed too much`;
        return reject(refused(name, why));
      }
      reject(refused(name, `failed with status ${String(error.code)}`));
    });
    // A helper that exits without reading its input is reported by its status.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Asks a helper; what it prints is JSON. */
export const runHelper: Helper = async (name, server, environment) => {
  const stdout = await runVerb(name, 'get', server, environment);
  if (stdout === undefined) return undefined;
  const credentials = parseAnswer(stdout);
  if (credentials === null) throw refused(name, 'did not print credentials');
  return credentials;
};

/** Has a helper keep credentials. @throws OCI_CREDENTIALS_UNREADABLE */
export async function storeWithHelper(
  name: string,
  server: string,
  { username, password }: { readonly username: string; readonly password: string },
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
  await runVerb(name, 'store', input, environment);
}

/** Has a helper forget credentials. @throws OCI_CREDENTIALS_UNREADABLE */
export async function eraseWithHelper(
  name: string,
  server: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  await runVerb(name, 'erase', server, environment);
}

function refused(name: string, why: string) {
  return ociErrors.error('OCI_CREDENTIALS_UNREADABLE', { message: `docker-credential-${name}: ${why}` });
}

function parseAnswer(stdout: Uint8Array): Credentials | undefined | null {
  let document: unknown;
  try {
    document = parseJson(stdout, 'the answer');
  } catch {
    return null;
  }
  const answer = v.safeParse(answerSchema, document);
  if (!answer.success) return null;
  const { Username: username, Secret: secret } = answer.output;
  if (secret === '') return undefined;
  // By the protocol this name marks an identity token.
  return username === '<token>' ? { identityToken: secret } : { username, password: secret };
}
