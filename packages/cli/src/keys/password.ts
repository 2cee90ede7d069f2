import { Writable } from 'node:stream';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';

/** Asks on the terminal without showing what is typed. */
export async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline');
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  return await new Promise((resolve, reject) => {
    reader.question('', (answer) => {
      process.stderr.write('\n');
      reader.close();
      resolve(answer);
    });
    reader.on('SIGINT', () => {
      reader.close();
      reject(cliErrors.error('PASSWORD_MISSING', { message: 'interrupted while asking for the password' }));
    });
  });
}

/** The password of an existing private key: COSIGN_PASSWORD, else asked for. */
export async function openingPassword(terminal: Terminal): Promise<string> {
  const given = terminal.env['COSIGN_PASSWORD'];
  if (given !== undefined) return given;
  if (!terminal.interactive)
    throw cliErrors.error('PASSWORD_MISSING', { message: 'the private key is encrypted' });
  return await ask('Enter password for private key: ');
}

/** The password for a new private key: COSIGN_PASSWORD, else asked for twice. */
export async function newPassword(terminal: Terminal): Promise<string> {
  const given = terminal.env['COSIGN_PASSWORD'];
  if (given !== undefined) return given;
  if (!terminal.interactive) {
    throw cliErrors.error('PASSWORD_MISSING', { message: 'the new private key needs a password' });
  }
  const first = await ask('Enter password for private key: ');
  if (first !== (await ask('Enter password for private key again: '))) {
    throw cliErrors.error('PASSWORD_MISSING', {
      message: 'the two passwords are not the same',
      remedy: 'Try again.',
    });
  }
  return first;
}
