import { controlBlocks, dpkgDirectory, type FileSystem, parseParagraph } from '@pratique/inspect';
import { apkDirectory } from '../alpine/place.ts';
import { strippedApkFiles } from '../alpine/stripped.ts';
import { isTriggerRecord, triggerLines, triggersDirectory } from '../debian/trigger-records.ts';
import { directoryOf, resolveWithLinks } from '../reach/resolve.ts';
import { rpmVersion } from '../rpm/installed.ts';
import { strippedRpmDatabase } from '../rpm/stripped.ts';
import type { InstalledPackage } from '../strip/installed.ts';
import type { StripPlan } from '../strip/plan.ts';

/**
 * The files of the package database that a strip changes, by path: without the packages that are gone, and with no
 * record of a kept package claiming what is gone. dpkg’s `status`, `status.d`, lists, checksums, configuration files and who
 * is interested in triggers; apk’s `installed`, `world`, scripts and triggers; rpm’s `rpmdb.sqlite`.
 */
export function strippedDatabase(
  fileSystem: FileSystem,
  { database, staying, removals }: Pick<StripPlan, 'database' | 'staying' | 'removals'>,
): ReadonlyMap<string, Uint8Array> {
  const written = new Map<string, Uint8Array>();
  if (database === null) return written;
  const removed = new Set(removals.map(({ path }) => path));
  if (database.manager === 'rpm') {
    const names = new Set(staying.map(rpmIdentity));
    const { path, bytes } = strippedRpmDatabase(
      fileSystem,
      ({ header }) =>
        names.has(
          rpmIdentity({
            name: header.name,
            version: rpmVersion(header),
            architecture: header.architecture ?? '',
          }),
        ),
      (claimed) => {
        const real = realPath(fileSystem, claimed);
        // Devices and pipes are not in what is built.
        return (
          real !== undefined &&
          !removed.has(real) &&
          /^(file|directory|symlink)$/.test(fileSystem.get(real)!.type)
        );
      },
    );
    return written.set(path, bytes);
  }
  const isThere = (path: string) => {
    const real = realPath(fileSystem, path);
    return real !== undefined && !removed.has(real);
  };
  const rewrite = (path: string, change: (text: string) => string): void => {
    const node = fileSystem.resolve(path);
    if (node?.content === undefined) return;
    const text = new TextDecoder().decode(node.content.read(0, node.content.size));
    const changed = change(text);
    if (changed !== text) written.set(node.path, new TextEncoder().encode(changed));
  };
  if (database.manager === 'apk') {
    const directory = apkDirectory(fileSystem)!;
    const names = new Set(staying.map(({ name }) => name));
    rewrite(`${directory}/installed`, (text) => apkInstalled(text, names, isThere));
    for (const { path, content } of strippedApkFiles(fileSystem, directory, database.packages, staying))
      written.set(path, content!.read(0, content!.size));
    return written;
  }
  const kept = new Set(staying.map(identity));
  rewrite(`${dpkgDirectory}/status`, (text) => dpkgStatus(text, kept, isThere));
  for (const path of staying.flatMap(({ records }) => records)) {
    if (path.endsWith('.list')) rewrite(path, (text) => linesThat(text, isThere));
    else if (path.endsWith('.md5sums'))
      rewrite(path, (text) =>
        linesThat(text, (line) => isThere(`/${line.replace(/^[0-9a-f]{32} [ *]/, '')}`)),
      );
    else if (path.endsWith('.conffiles'))
      rewrite(path, (text) => linesThat(text, (line) => isThere(line.replace(/^[\w-]+ +(?=\/)/, ''))));
    else if (path.startsWith(`${dpkgDirectory}/status.d/`))
      rewrite(path, (text) => withoutGone(text, isThere));
  }
  const names = new Set(staying.flatMap(({ name, architecture }) => [name, `${name}:${architecture}`]));
  for (const { path } of fileSystem.list(triggersDirectory)) {
    const file = path.slice(path.lastIndexOf('/') + 1);
    if (!isTriggerRecord(file)) continue;
    rewrite(path, (text) =>
      triggerLines(text, file, (name) => names.has(name))
        .map((line) => `${line}\n`)
        .join(''),
    );
  }
  return written;
}

function identity({ name, architecture }: Pick<InstalledPackage, 'name' | 'architecture'>): string {
  return `${name}:${architecture}`;
}

/** Several versions of a package may be installed. */
function rpmIdentity({
  name,
  version,
  architecture,
}: Pick<InstalledPackage, 'name' | 'version' | 'architecture'>): string {
  return `${name} ${version} ${architecture}`;
}

/** Where a path that a package lists really lies, links of directories followed; undefined where nothing is there. */
function realPath(fileSystem: FileSystem, path: string): string | undefined {
  if (path === '/.') return '';
  const parent = resolveWithLinks(fileSystem, `/${directoryOf(path.slice(1))}`);
  if (parent === undefined) return undefined;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return fileSystem.get(parent.node.path === '' ? name : `${parent.node.path}/${name}`)?.path;
}

function linesThat(text: string, isRight: (line: string) => boolean): string {
  const lines = text.split('\n').filter((line) => line !== '' && isRight(line));
  return lines.map((line) => `${line}\n`).join('');
}

/** Paragraphs of kept packages. One of a package that is not installed any more stands for no files, and goes. */
function dpkgStatus(text: string, kept: ReadonlySet<string>, isThere: (path: string) => boolean): string {
  return [...controlBlocks(text)]
    .filter((block) => {
      const control = parseParagraph(block);
      const [name = '', architecture = ''] = [control.get('package'), control.get('architecture')];
      return kept.has(identity({ name, architecture }));
    })
    .map((block) => `${withoutGone(block, isThere).trimEnd()}\n\n`)
    .join('');
}

/** A control paragraph whose `Conffiles` (deb-control(5)) are those that are there. */
function withoutGone(block: string, isThere: (path: string) => boolean): string {
  return block.replace(/^Conffiles:[ \t]*\n((?:[ \t]+[^\n]*(?:\n|$))*)/m, (_field, list: string) => {
    const lines = linesThat(list, (line) => isThere(line.trim().replace(/ [0-9a-f]{32}( obsolete)?$/, '')));
    return lines === '' ? '' : `Conffiles:\n${lines}`;
  });
}

/** Blocks of kept packages, in which a file (`R:` with the `a:` and `Z:` that are about it) stands only if it is there. */
function apkInstalled(text: string, kept: ReadonlySet<string>, isThere: (path: string) => boolean): string {
  return text
    .split(/\n{2,}/)
    .filter((block) => kept.has(/^P:(\S+)/m.exec(block)?.[1] ?? ''))
    .map((block) => {
      let directory = '';
      let listed = true;
      const lines = block
        .trimEnd()
        .split('\n')
        .filter((line) => {
          if (line.startsWith('F:')) {
            directory = line.slice(2);
            listed = isThere(`/${directory}`) || directory === '';
          } else if (line.startsWith('R:'))
            listed = isThere(`/${directory === '' ? '' : `${directory}/`}${line.slice(2)}`);
          else if (!/^[MaZ]:/.test(line)) listed = true;
          return listed;
        });
      return `${lines.join('\n')}\n\n`;
    })
    .join('');
}
