import { compareDigits, compareText } from './order.ts';

/**
 * RPM: `[epoch:]version[-release]`, each part compared as rpmvercmp does (rpm-version(7)): segments of digits or of
 * letters, `~` before the end, `^` after it, everything else only separates. No release is older than any release.
 */
export function compareRpm(a: string, b: string): number {
  const [epochA, versionA, releaseA] = split(a);
  const [epochB, versionB, releaseB] = split(b);
  const order = compareDigits(epochA, epochB) || compareSegments(versionA, versionB);
  if (order !== 0) return order;
  if (releaseA === undefined || releaseB === undefined)
    return Number(releaseA !== undefined) - Number(releaseB !== undefined);
  return compareSegments(releaseA, releaseB);
}

function split(version: string): [epoch: string, version: string, release: string | undefined] {
  const epoch = /^([0-9]+):/.exec(version)?.[1];
  const rest = epoch === undefined ? version : version.slice(epoch.length + 1);
  const hyphen = rest.lastIndexOf('-');
  return hyphen < 0
    ? [epoch ?? '', rest, undefined]
    : [epoch ?? '', rest.slice(0, hyphen), rest.slice(hyphen + 1)];
}

function compareSegments(a: string, b: string): number {
  const segmentsA = a.match(/[0-9]+|[A-Za-z]+|[~^]/g) ?? [];
  const segmentsB = b.match(/[0-9]+|[A-Za-z]+|[~^]/g) ?? [];
  for (let i = 0; i < Math.max(segmentsA.length, segmentsB.length); i++) {
    const left = segmentsA[i] ?? '';
    const right = segmentsB[i] ?? '';
    const order = rank(left) - rank(right);
    if (order !== 0) return order;
    const inside = rank(left) === digits ? compareDigits(left, right) : compareText(left, right);
    if (inside !== 0) return inside;
  }
  return 0;
}

const digits = 4;

/** `~`, the end, `^`, letters, digits. */
function rank(segment: string): number {
  if (segment === '~') return 0;
  if (segment === '') return 1;
  if (segment === '^') return 2;
  return /^[0-9]/.test(segment) ? digits : 3;
}
