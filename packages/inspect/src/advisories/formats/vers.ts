import type { PackageType } from '../../packages/package.ts';
import { compareVersions } from '../../versions/versions.ts';
import type { VersionRange } from '../advisory.ts';
import { advisoryVersion } from '../names.ts';

const maxConstraints = 1000;

/**
 * A range of versions, `vers:npm/>=1.0.0|<1.2.3` (https://github.com/package-url/vers-spec). A bound that leaves its
 * own version out at the lower end (`>`) is taken with it: rather one version too many than one too few.
 *
 * @throws TypeError for one that does not follow the specification
 */
export function fromVers(
  text: string,
  type: PackageType,
): { readonly ranges: readonly VersionRange[]; readonly versions: readonly string[] } {
  const [, list] = /^vers:[a-z0-9.+-]+\/(.+)$/s.exec(text) ?? [];
  if (list === undefined) throw new TypeError('a range of versions that is none');
  if (list.trim() === '*') return { ranges: [{}], versions: [] };
  const constraints = list.split('|').filter((one) => one !== '');
  if (constraints.length > maxConstraints) throw new TypeError('a range of too many constraints');
  const parsed = constraints.map((one) => {
    const [, sign = '', version = ''] = /^\s*(>=|<=|!=|>|<|=)?\s*(.+?)\s*$/s.exec(one) ?? [];
    if (version === '' || version === '*') throw new TypeError('a constraint without a version');
    return { sign, version: advisoryVersion(type, decodeURIComponent(version)) };
  });
  const versions = parsed.filter(({ sign }) => sign === '' || sign === '=').map(({ version }) => version);
  const bounds = parsed
    .filter(({ sign }) => sign.startsWith('<') || sign.startsWith('>'))
    .sort((a, b) => compareVersions(type, a.version, b.version));
  const ranges: VersionRange[] = [];
  let introduced: string | undefined;
  let open = false;
  for (const { sign, version } of bounds) {
    if (sign.startsWith('>')) {
      introduced ??= version;
      open = true;
      continue;
    }
    const end = sign === '<' ? { fixed: version } : { lastAffected: version };
    if (open || ranges.length === 0) ranges.push(introduced === undefined ? end : { introduced, ...end });
    introduced = undefined;
    open = false;
  }
  if (open) ranges.push(introduced === undefined ? {} : { introduced });
  return { ranges, versions };
}
