import { type FileSystem, mergeLayers } from '@pratique/inspect';
import { Changes } from '../debian/scripts/changes.ts';
import type { NotMade } from '../debian/scripts/first-start.ts';
import { followScript } from '../debian/scripts/maintainer.ts';
import { type Files, fileSystemOf } from './file-system.ts';

/** A file system with a few users, on which scripts are followed. */
export const base: Files = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  'etc/group': 'root:x:0:\nadm:x:4:\nnogroup:x:65534:\n',
  'etc/shadow': 'root:*:19000:0:99999:7:::\n',
  'etc/there': 'old\n',
  'usr/bin/mawk': 'x',
  'usr/bin/gawk': 'x',
  'usr/share/man/gawk.1': 'x',
  'var/lib/dpkg/info/base.list': '/.\n/etc/there\n',
};

export interface Outcome {
  /** Why the script could not be followed. */
  readonly why: string | null;
  readonly notMade: readonly NotMade[];
  readonly fileSystem: FileSystem;
  readonly text: (path: string) => string | undefined;
}

/** What a script of these lines comes to. */
export async function follow(
  lines: string,
  more: { files?: Files; old?: string; control?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  const before = await fileSystemOf({ ...base, ...more.files });
  const changes = new Changes(before);
  const control: Readonly<Record<string, string>> = {
    postinst: `#!/bin/sh\nset -e\n${lines}\n`,
    ...more.control,
  };
  const read = (name: string) => control[name] ?? '';
  const why = followScript(
    'postinst',
    { name: 'x', old: more.old ?? null, architecture: 'amd64', read },
    changes,
  );
  const fileSystem = mergeLayers([...before.layers, ...changes.layers()]);
  const text = (path: string) => {
    const content = fileSystem.resolve(path)?.content;
    return content === undefined ? undefined : new TextDecoder().decode(content.read(0, content.size));
  };
  return { why, fileSystem, text, notMade: changes.takeNotMade() };
}
