import type { Terminal } from '../program/terminal.ts';
import { writeFile } from '../program/write-file.ts';

/** Writes to the file of `--out`, else to standard output. */
export function writeOut(bytes: Uint8Array, file: string | undefined, terminal: Terminal): void {
  if (file === undefined) terminal.out(`${new TextDecoder().decode(bytes)}\n`);
  else writeFile(file, bytes, terminal.cwd, { mode: 0o600 });
}
