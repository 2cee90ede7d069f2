import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { isJsonObject, type JsonObject, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import type { KeyContext } from '../managed-key.ts';

/** `common.ProtocolVersion` of sigstore's `pkg/signature/kms/cliplugin`. */
export const protocolVersion = 'v1';
/** Longest a plugin may take, and most it may print. A cloud's KMS answers within seconds. */
const limits = { timeoutMs: 60_000, bytes: 1024 * 1024 } as const;

/** The program for a scheme: on the PATH, at an absolute place. @throws KEY_PLUGIN_MISSING */
export function findPlugin(scheme: string, environment: NodeJS.ProcessEnv): string {
  const name = `sigstore-kms-${scheme}`;
  for (const directory of (environment['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not here.
    }
  }
  throw keysErrors.error('KEY_PLUGIN_MISSING', {
    message: `keys of ${scheme}:// need the program ${name}, which is not on the PATH`,
    expected: `${name}, speaking sigstore's KMS plugin protocol ${protocolVersion}`,
  });
}

/**
 * Calls one method of a plugin: arguments in the second argument as JSON, the message on standard input, the answer as
 * JSON on standard output, whatever the exit status. No shell. The plugin finds its credentials in the environment.
 *
 * @throws KEY_PLUGIN_FAILED
 */
export async function callPlugin(
  program: string,
  call: JsonObject,
  message: Uint8Array,
  { environment, signal }: KeyContext,
): Promise<JsonObject> {
  const { stdout, stderr, problem } = await run(program, JSON.stringify(call), message, environment, signal);
  const said = stderr.trim() === '' ? '' : `; it printed: ${printable(stderr.trim(), 300)}`;
  if (problem !== undefined) throw failed(program, `${problem}${said}`);
  const answer = parseAnswer(stdout);
  if (answer === undefined) throw failed(program, `it did not answer with a JSON object${said}`);
  const error = Object.hasOwn(answer, 'errorMessage') ? answer['errorMessage'] : undefined;
  if (typeof error === 'string' && error !== '')
    throw failed(program, `it says: ${printable(error, 300)}${said}`);
  return answer;
}

function parseAnswer(bytes: Uint8Array): JsonObject | undefined {
  try {
    const answer = parseJson(bytes, 'the answer');
    return isJsonObject(answer) ? answer : undefined;
  } catch (error) {
    if (error instanceof PratiqueError) return undefined;
    throw error;
  }
}

interface Finished {
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly problem: string | undefined;
}

function run(
  program: string,
  call: string,
  message: Uint8Array,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const options = {
      env: environment,
      timeout: limits.timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: limits.bytes,
      encoding: 'buffer',
      windowsHide: true,
      ...(signal === undefined ? {} : { signal }),
    } as const;
    const child = execFile(program, [protocolVersion, call], options, (error, stdout, stderr) => {
      const finished = { stdout, stderr: stderr.toString('utf8', 0, 4096) };
      if (error?.name === 'AbortError') return reject(error);
      // A status of its own is no problem: the answer says what went wrong.
      if (error === null || typeof error.code === 'number')
        return resolve({ ...finished, problem: undefined });
      resolve({
        ...finished,
        problem: error.killed
          ? `it did not finish within ${limits.timeoutMs} ms`
          : `it cannot be run (${String(error.code ?? error.signal)})`,
      });
    });
    // One that exits without reading its input is known by its answer.
    child.stdin?.on('error', () => {});
    child.stdin?.end(message);
  });
}

export function failed(program: string, problem: string) {
  return keysErrors.error('KEY_PLUGIN_FAILED', {
    message: `the KMS plugin ${printable(program)} failed: ${problem}`,
  });
}
