import { dpkgDirectory, type FileSystem, type LayerEntry } from '@pratique/inspect';
import { fileEntry, textAt } from '../image/entries.ts';
import type { TriggeredPackage } from './triggers.ts';

export const triggersDirectory = `${dpkgDirectory}/triggers`;

/** `/var/lib/dpkg/triggers`: who is interested in what, with these packages in the place of their old versions. */
export function triggerRecords(
  fileSystem: FileSystem,
  packages: readonly Pick<TriggeredPackage, 'recordName' | 'triggers'>[],
): readonly LayerEntry[] {
  const old = new Set(packages.map(({ recordName }) => recordName));
  const files = new Map<string, string[]>();
  const lines = (file: string): string[] => {
    const known = files.get(file);
    if (known !== undefined) return known;
    const kept = triggerLines(
      textAt(fileSystem, `${triggersDirectory}/${file}`),
      file,
      (name) => !old.has(name),
    );
    files.set(file, kept);
    return kept;
  };
  for (const { path } of fileSystem.list(triggersDirectory)) {
    const file = path.slice(triggersDirectory.length + 1);
    if (isTriggerRecord(file)) lines(file);
  }
  for (const { recordName, triggers } of packages)
    for (const { name, noawait } of triggers.interests) {
      const by = `${recordName}${noawait ? '/noawait' : ''}`;
      if (name.startsWith('/')) lines('File').push(`${name} ${by}`);
      else if (isTriggerRecord(name)) lines(name).push(by);
    }
  return [...files].flatMap(([file, all]) => {
    const text = all.map((line) => `${line}\n`).join('');
    return text === textAt(fileSystem, `${triggersDirectory}/${file}`)
      ? []
      : [fileEntry(`${triggersDirectory}/${file}`, text)];
  });
}

/** Whether a file of the folder says who is interested: not dpkg’s lock, nor what it has still to look at. */
export function isTriggerRecord(file: string): boolean {
  return /^[\w][\w.+:@-]*$/.test(file) && !['Lock', 'Unincorp'].includes(file);
}

/** Lines of a record about packages that are left. */
export function triggerLines(text: string, file: string, isLeft: (name: string) => boolean): string[] {
  return text.split('\n').filter((line) => {
    const by = file === 'File' ? line.slice(line.lastIndexOf(' ') + 1) : line;
    return line !== '' && isLeft(by.replace(/\/.*$/, ''));
  });
}
