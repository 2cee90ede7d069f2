import { resolve } from 'node:path';
import type { EngineChoice } from '@pratique/policy';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';

export interface EngineFlags {
  readonly opa?: string | undefined;
  readonly 'opa-cacert'?: string | undefined;
  readonly 'opa-token-file'?: string | undefined;
  readonly wasm?: string | undefined;
}

/** The engine the flags ask for instead of the trust configuration's; undefined when they ask for none. */
export function chosenEngine(flags: EngineFlags, terminal: Pick<Terminal, 'cwd'>): EngineChoice | undefined {
  const { opa, wasm, 'opa-cacert': caFile, 'opa-token-file': tokenFile } = flags;
  const path = (file: string): string => resolve(terminal.cwd, file);
  if (opa !== undefined && wasm !== undefined) {
    throw usage('policies are evaluated by one engine', '--opa URL or --wasm FILE', 'both');
  }
  if (opa === undefined && (caFile !== undefined || tokenFile !== undefined)) {
    throw usage(
      'there is no OPA server to use them for',
      '--opa URL',
      'only --opa-cacert or --opa-token-file',
    );
  }
  if (wasm !== undefined) return { kind: 'wasm', file: path(wasm) };
  if (opa === undefined) return undefined;
  return {
    kind: 'opa',
    url: opa,
    caFile: caFile === undefined ? undefined : path(caFile),
    token: tokenFile === undefined ? undefined : { file: path(tokenFile) },
  };
}

function usage(message: string, expected: string, found: string): Error {
  return cliErrors.error('USAGE', { message, expected, found });
}
