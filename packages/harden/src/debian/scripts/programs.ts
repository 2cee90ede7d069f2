import type { Changes } from './changes.ts';

const directories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Where a program is: by its path, or by its name in the directories of every script. Undefined where it is not there. */
export function programPath(name: string, changes: Changes): string | undefined {
  const isProgram = (path: string) => {
    const node = changes.follow(path);
    return node?.type === 'file' && (node.mode & 0o111) !== 0;
  };
  if (name.includes('/')) return isProgram(name) ? name : undefined;
  return directories.map((directory) => `${directory}/${name}`).find(isProgram);
}

/** A program of the image that is a script of the shell. */
export function scriptOf(
  name: string,
  changes: Changes,
): { readonly path: string; readonly text: string; readonly options: string } | undefined {
  const path = programPath(name, changes);
  const node = path === undefined ? undefined : changes.follow(path);
  if (path === undefined || node?.content === undefined) return undefined;
  const head = new TextDecoder().decode(node.content.read(0, Math.min(node.size, 64)));
  const options = /^#! *\/bin\/(?:ba|da)?sh(?: +-([eux]+))? *\n/.exec(head);
  if (options === null) return undefined;
  return { path, text: new TextDecoder().decode(changes.read(path)), options: options[1] ?? '' };
}
