import type { FileSystem } from '../filesystem/types.ts';
import type { LicenseTest } from './parse.ts';

/** What container-structure-test refuses, wherever it stands in a copyright file. */
const forbidden = ['AGPL', 'WTFPL'];
/** Its exception: the file only speaks of one of them. */
const excepted = 'libgnutls30';
const documents = 'usr/share/doc';

/** Whether Debian has the copyright of a package there. */
export function isCopyright(path: string): boolean {
  return /^usr\/share\/doc\/[^/]+\/copyright$/.test(path);
}

/** The files a license test looks into: those it names, and of Debian one for every package, whether it is there or not. */
export function licenseFiles({ debian, files }: LicenseTest, fileSystem: FileSystem): readonly string[] {
  if (!debian) return files;
  const packages = fileSystem
    .list(documents)
    .filter(({ type, path }) => type === 'directory' && path !== `${documents}/${excepted}`);
  return [...packages.map(({ path }) => `/${path}/copyright`), ...files];
}

/** Those a text names. */
export function forbiddenLicenses(text: string): readonly string[] {
  const upper = text.toUpperCase();
  return forbidden.filter((name) => upper.includes(name));
}
