import { cliErrors } from '../errors.ts';
import { readText } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';

/** The first line of a file; undefined where no file is named. */
export function readPassphrase(file: string | undefined, terminal: Terminal): string | undefined {
  if (!file) return undefined;
  const [passphrase] = readText(file, terminal.cwd, 'secret').split(/\r?\n/, 1);
  if (passphrase) return passphrase;
  throw cliErrors.error('USAGE', {
    message: 'the first line of the passphrase file is empty',
    expected: 'the passphrase',
  });
}
