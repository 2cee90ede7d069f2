import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Terminal } from '../program/terminal.ts';

/** Writes to the file of `--out`, else to standard output. */
export function writeOut(bytes: Uint8Array, file: string | undefined, terminal: Terminal): void {
  if (file === undefined) terminal.out(`${new TextDecoder().decode(bytes)}\n`);
  else writeFileSync(resolve(terminal.cwd, file), bytes, { mode: 0o600 });
}
