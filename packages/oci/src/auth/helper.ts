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
 * Runs a credential helper (docker-credential-helpers protocol, `get`): the server on its standard input, JSON on its
 * standard output. No shell; the name was checked to hold no path.
 *
 * @throws OCI_CREDENTIALS_UNREADABLE
 */
export const runHelper: Helper = (name, server, environment) =>
  new Promise((resolve, reject) => {
    const program = `docker-credential-${name}`;
    const refuse = (why: string) =>
      reject(ociErrors.error('OCI_CREDENTIALS_UNREADABLE', { message: `${program}: ${why}` }));
    const child = execFile(
      program,
      ['get'],
      {
        env: environment,
        timeout: helperLimits.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: helperLimits.bytes,
        encoding: 'buffer',
        windowsHide: true,
      },
      (error, stdout) => {
        if (error) {
          // The protocol reports this on standard output, with a failing status.
          if (/credentials not found/i.test(stdout.toString('utf8'))) return resolve(undefined);
          if (error.code === 'ENOENT') return refuse('the program is not on the PATH');
          if (error.killed)
            return refuse(`did not finish within ${helperLimits.timeoutMs} ms, or printed too much`);
          return refuse(`failed with status ${String(error.code)}`);
        }
        const credentials = parseAnswer(stdout);
        return credentials === null ? refuse('did not print credentials') : resolve(credentials);
      },
    );
    // A helper that exits without reading its input is reported by its status.
    child.stdin?.on('error', () => {});
    child.stdin?.end(server);
  });

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
