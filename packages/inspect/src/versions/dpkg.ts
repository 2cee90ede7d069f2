import { compareDigits } from './order.ts';

/**
 * Debian and Ubuntu: `[epoch:]upstream[-revision]` (deb-version(7)). A missing epoch or revision is 0; `~` sorts
 * before everything, even the end.
 */
export function compareDpkg(a: string, b: string): number {
  const [epochA, upstreamA, revisionA] = split(a);
  const [epochB, upstreamB, revisionB] = split(b);
  return (
    compareDigits(epochA, epochB) || compareParts(upstreamA, upstreamB) || compareParts(revisionA, revisionB)
  );
}

function split(version: string): [epoch: string, upstream: string, revision: string] {
  const epoch = /^([0-9]+):/.exec(version)?.[1];
  const rest = epoch === undefined ? version : version.slice(epoch.length + 1);
  const hyphen = rest.lastIndexOf('-');
  return hyphen < 0 ? [epoch ?? '', rest, ''] : [epoch ?? '', rest.slice(0, hyphen), rest.slice(hyphen + 1)];
}

/** Alternates runs without digits, compared by `weight`, and runs of digits, compared by value. */
function compareParts(a: string, b: string): number {
  const partsA: string[] = a.match(/[0-9]+|[^0-9]+/g) ?? [];
  const partsB: string[] = b.match(/[0-9]+|[^0-9]+/g) ?? [];
  // Both lists start with a run without digits, possibly an empty one.
  if (/^[0-9]/.test(a)) partsA.unshift('');
  if (/^[0-9]/.test(b)) partsB.unshift('');
  for (let i = 0; i < Math.max(partsA.length, partsB.length); i++) {
    const order = (i % 2 === 0 ? compareText : compareDigits)(partsA[i] ?? '', partsB[i] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = weight(a[i]) - weight(b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** `~`, then the end, then letters, then all other characters. */
function weight(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 0x10000;
}
