import { cliErrors } from '../errors.ts';
import type { Terminal } from './terminal.ts';

/** Asks whether to go on. Where nobody can be asked, the flag that says so must be given. */
export async function confirm(question: string, flag: string, terminal: Terminal): Promise<boolean> {
  if (!terminal.interactive) {
    throw cliErrors.error('USAGE', {
      message: `${question}, and there is nobody to ask`,
      expected: flag,
      found: `no ${flag}`,
    });
  }
  return /^y(es)?$/i.test((await terminal.ask(`${question}. Go on? [y/N] `)).trim());
}
