import type { Changes } from './changes.ts';
import type { Known } from './shell.ts';
import { textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

const root = '/etc/lighttpd';

/** Files of a directory by the name that is in theirs: `10-fastcgi.conf` is `fastcgi`. */
function named(directory: string, changes: Changes): ReadonlyMap<string, string> {
  const files = changes.list(`${root}/${directory}`).map(({ path }) => path.replace(/^.*\//, ''));
  return new Map(
    files.flatMap((file) => {
      const name = /^\d+-([\w.-]+)\.conf$/.exec(file)?.[1];
      return name === undefined ? [] : [[name, file] as const];
    }),
  );
}

/** `lighty-enable-mod NAME…`: 0, or 2 where one is not there or enabled already. */
const enable: Known = (args, { changes }) => {
  const available = named('conf-available', changes);
  const enabled = new Map(named('conf-enabled', changes));
  const rest = [...args];
  if (args.length === 0) throw new NotUnderstood('');
  let code = 0;
  for (let at = 0; at < rest.length; at++) {
    const name = rest[at]!;
    const file = available.get(name);
    if (file === undefined || changes.follow(`${root}/conf-enabled/${file}`)?.type === 'file') {
      code = 2;
      continue;
    }
    const text = textOf(changes.read(`${root}/conf-available/${file}`) ?? new Uint8Array());
    for (const [, kind, names] of text.matchAll(/# -\*- (depends|conflicts): ([-\w, ]+) -\*-/g))
      for (const other of names!.split(/,\s+/)) {
        if (kind === 'conflicts' ? enabled.has(other) : !available.has(other)) return 1;
        if (kind === 'depends' && !enabled.has(other)) rest.push(other);
      }
    if (rest.length > 100) throw new NotUnderstood('');
    changes.makeLink(`${root}/conf-enabled/${file}`, `../conf-available/${file}`);
    enabled.set(name, file);
  }
  return code;
};

export const lighttpdCommands: Readonly<Record<string, Known>> = {
  'lighty-enable-mod': enable,
  'lighttpd-enable-mod': enable,
};
