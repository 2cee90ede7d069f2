import type { Changes } from './changes.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

/** update-shells(8): `/etc/shells` has those that packages bring, but for those that somebody has taken out of it. */
const updateShells: Known = (args, { changes }) => {
  if (args.length > 0) throw new NotUnderstood('');
  const [target, state, template] = ['/etc/shells', '/var/lib/shells.state', '/usr/share/debianutils/shells'];
  const shellsOf = (path: string) => linesOf(path, changes).flatMap((line) => line.replace(/#.*/, '') || []);
  const brought = [template, ...changes.list('/usr/share/debianutils/shells.d').map(({ path }) => `/${path}`)]
    .flatMap(shellsOf)
    .flatMap((shell) => [...new Set([shell, realDirectory(shell, changes)])]);
  const before = new Set(shellsOf(state));
  const isThere = changes.follow(target) !== undefined;
  const kept = linesOf(isThere ? target : template, changes).filter((line) => {
    const shell = line.replace(/#.*/, '');
    return shell === '' || brought.includes(shell) || !before.has(shell);
  });
  const there = new Set(kept.map((line) => line.replace(/#.*/, '')));
  writeLines(
    target,
    // As the program: one that two packages bring is there twice.
    [...new Set(kept), ...brought.filter((shell) => !there.has(shell) && !before.has(shell))],
    changes,
  );
  writeLines(state, brought, changes);
  return 0;
};

/** `/bin/sh` where `/bin` is a link to `usr/bin`: `/usr/bin/sh`. */
function realDirectory(path: string, changes: Changes): string {
  const slash = path.lastIndexOf('/');
  const directory = changes.follow(path.slice(0, slash) || '/');
  return directory === undefined ? path : `/${directory.path}${path.slice(slash)}`;
}

function linesOf(path: string, changes: Changes): readonly string[] {
  const text = new TextDecoder().decode(changes.read(path));
  return text.split('\n').filter((line) => line !== '');
}

function writeLines(path: string, lines: readonly string[], changes: Changes): void {
  changes.write(path, new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
}

/** `add-shell SHELL…`, and `remove-shell`. */
function changeShells(change: (lines: readonly string[], shell: string) => readonly string[]): Known {
  return (args, { changes }) => {
    if (args.some((arg) => !arg.startsWith('/'))) throw new NotUnderstood('');
    const before = linesOf('/etc/shells', changes);
    const after = args.reduce<readonly string[]>(change, before);
    if (after !== before) writeLines('/etc/shells', after, changes);
    return 0;
  };
}

/** `/etc/shells`: which programs are shells that users may have. */
export const shellCommands: Readonly<Record<string, Known>> = {
  'update-shells': updateShells,
  'add-shell': changeShells((lines, shell) => (lines.includes(shell) ? lines : [...lines, shell])),
  'remove-shell': changeShells((lines, shell) => lines.filter((line) => line !== shell)),
};
