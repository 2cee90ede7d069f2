import { hash } from 'node:crypto';
import type { Package } from '../packages/package.ts';

/** What a package is called inside a document: two packages of one URL are in two places, or layers. */
export function packageRef({ purl, location }: Pick<Package, 'purl' | 'location'>): string {
  return `${purl}#${hash('sha256', `${location.layer ?? ''} ${location.path}`).slice(0, 12)}`;
}
