import type { Changes } from './changes.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

/** `mktemp`, with names that are the same each time: what stays of them, stays the same. */
const mktemp: Known = (args, { changes }, { output }) => {
  let [isDirectory, directory, template] = [false, '', 'tmp.XXXXXXXXXX'];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '-d' || arg === '--directory') isDirectory = true;
    else if (arg === '-q' || arg === '--quiet') continue;
    else if (arg === '-t' || arg === '--tmpdir') directory ||= '/tmp';
    else if (arg.startsWith('--tmpdir=')) directory = arg.slice('--tmpdir='.length);
    else if (arg === '-p') directory = args[++at] ?? '';
    else if (arg.startsWith('-')) throw new NotUnderstood('');
    else template = arg;
  }
  const isGiven = args.includes(template);
  if (!/X{3,}/.test(template)) return 1;
  const base = isGiven && directory === '' ? template : `${directory || '/tmp'}/${template}`;
  const path = freeName(base, changes);
  if (isDirectory) changes.makeDirectory(path, 0o700);
  else changes.write(path, new Uint8Array(), { mode: 0o600, uid: 0, gid: 0 });
  output(`${path}\n`);
  return 0;
};

function freeName(template: string, changes: Changes): string {
  for (let number = 1; number < 1000; number++) {
    const path = template.replace(/X{3,}(?!.*XXX)/, (places) => String(number).padStart(places.length, '0'));
    if (changes.at(path) === undefined) return path;
  }
  throw new NotUnderstood('it makes too many files');
}

export const temporaryCommands: Readonly<Record<string, Known>> = {
  mktemp,
  tempfile: (args, shell, streams) => (args.length > 0 ? unknown() : mktemp([], shell, streams)),
};

function unknown(): never {
  throw new NotUnderstood('');
}
