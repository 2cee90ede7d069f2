import type { Changes } from './changes.ts';
import type { Known } from './shell.ts';
import { textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** The lines of settings in a file, and of those it includes. */
function settings(path: string, changes: Changes, depth: number): readonly string[] {
  const bytes = changes.read(path);
  if (bytes === undefined || depth > 5) throw new NotUnderstood('');
  const lines = textOf(bytes)
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => !/^([!;#%]|$)/.test(line));
  return lines.flatMap((line) => {
    const [word = '', ...directories] = line.split(' ');
    if (/^include$/i.test(word)) throw new NotUnderstood('');
    const ending = { confdir: '.conf', sourcedir: '.sources' }[word.toLowerCase()];
    if (ending === undefined) return [line];
    const files = directories
      .flatMap((directory) => changes.list(directory))
      .filter((node) => node.path.endsWith(ending));
    return [line, ...files.flatMap((node) => settings(`/${node.path}`, changes, depth + 1))];
  });
}

/** `chronyd -p`: the settings, one a line. */
export const chronyCommands: Readonly<Record<string, Known>> = {
  chronyd: (args, { changes }, { output }) => {
    if (args.join(' ') !== '-p') throw new NotUnderstood('');
    for (const line of settings('/etc/chrony/chrony.conf', changes, 0)) output(`${line}\n`);
    return 0;
  },
};
