import { lists } from './lists.ts';
import { regexps } from './regexps.ts';
import { strings } from './strings.ts';
import { times } from './times.ts';
import type { Package } from './types.ts';

/** The packages that can be imported, by path. */
export const packages: ReadonlyMap<string, Package> = new Map([
  ['list', lists],
  ['regexp', regexps],
  ['strings', strings],
  ['time', times],
]);
