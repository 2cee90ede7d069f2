import { Accounts } from './accounts.ts';
import { find } from './find.ts';
import type { Known } from './shell.ts';
import { Input, textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** `sh -c COMMANDS`, `sh FILE ARGUMENT…`: a shell of its own. */
const sh: Known = (args, shell, streams) => {
  const [first = '', ...rest] = args;
  const [, options = ''] = /^-([eux]+)$/.exec(first) ?? [];
  if (options !== '') return rest.length === 0 ? unknown() : run(rest, options);
  return run(args, '');
  function run([path = '', ...more]: readonly string[], letters: string): number {
    const [, ofShell] = /^-([eux]*)c$/.exec(path) ?? [];
    if (ofShell !== undefined) {
      const [commands = unknown(), name = 'sh', ...given] = more;
      return shell.program(commands, name, given, letters + ofShell, streams);
    }
    if (path === '' || path.startsWith('-')) return unknown();
    if (shell.knows(path)) return shell.start(path, more, streams);
    const bytes = shell.changes.read(path);
    return bytes === undefined ? 127 : shell.program(textOf(bytes), path, more, letters, streams);
  }
};

/** `su USER -c COMMANDS`: what a user finds. It may not change anything, since what it makes would be that user’s. */
const su: Known = (args, shell, streams) => {
  const rest: string[] = [];
  let commands: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '-c' || arg === '--command') commands = args[++at];
    else if (arg === '-s' || arg === '--shell') at++;
    else if (arg !== '-' && arg !== '-l' && arg !== '--') rest.push(arg);
  }
  const [user = ''] = rest;
  if (commands === undefined || rest.length !== 1) return unknown();
  if (new Accounts(shell.changes).uid(user) === undefined) return 1;
  const before = shell.user;
  shell.user = user;
  try {
    return shell.changes.only(`it changes files as ${user}`, () =>
      shell.program(commands, 'sh', [], '', streams),
    );
  } finally {
    shell.user = before;
  }
};

/** `xargs COMMAND`: with all that is read as arguments. */
const xargs: Known = (args, shell, { input, output }) => {
  let [isNull, needsSome, at] = [false, false, 0];
  let each = Number.POSITIVE_INFINITY;
  for (; args[at]?.startsWith('-') === true; at++) {
    const [, count] = /^-n(\d{0,4})$/.exec(args[at]!) ?? [];
    if (args[at] === '-0' || args[at] === '--null') isNull = true;
    else if (args[at] === '-r' || args[at] === '--no-run-if-empty') needsSome = true;
    else if (count !== undefined) each = Number(count === '' ? args[++at] : count);
    else return unknown();
  }
  const text = input.rest();
  if (!(each >= 1) || (!isNull && /["'\\]/.test(text))) return unknown();
  const items = text.split(isNull ? '\0' : /\s+/).filter((item) => item !== '');
  const [command = 'echo', ...given] = args.slice(at);
  if (items.length === 0)
    return needsSome ? 0 : shell.start(command, given, { input: new Input(''), output });
  let code = 0;
  for (let from = 0; from < items.length; from += each) {
    const some = items.slice(from, from + each);
    if (shell.start(command, [...given, ...some], { input: new Input(''), output }) !== 0) code = 123;
    if (each === Number.POSITIVE_INFINITY) break;
  }
  return code;
};

/** `run-parts DIRECTORY`: each program in it, by its name (run-parts(8)). */
const runParts: Known = (args, shell, streams) => {
  const [directory = '', ...more] = args;
  if (more.length > 0 || directory.startsWith('-')) return unknown();
  let code = 0;
  for (const node of shell.changes.list(directory)) {
    const name = node.path.replace(/^.*\//, '');
    const isProgram = shell.changes.follow(`/${node.path}`)?.type === 'file' && (node.mode & 0o111) !== 0;
    if (/^[\w-]+$/.test(name) && isProgram && shell.start(`/${node.path}`, [], streams) !== 0) code = 1;
  }
  return code;
};

function unknown(): never {
  throw new NotUnderstood('');
}

/** Programs that run others, or look for those that run: of which there are none. */
export const processCommands: Readonly<Record<string, Known>> = {
  sh,
  dash: sh,
  bash: sh,
  su,
  runuser: su,
  xargs,
  find,
  'run-parts': runParts,
  pidof: () => 1,
  pgrep: () => 1,
  pkill: () => 1,
  killall: () => 1,
};
