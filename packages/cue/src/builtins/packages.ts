import { json } from './json.ts';
import { lists } from './lists.ts';
import { maths } from './maths.ts';
import { nets } from './nets.ts';
import { regexps } from './regexps.ts';
import { strconvs } from './strconvs.ts';
import { strings } from './strings.ts';
import { structs } from './structs.ts';
import { times } from './times.ts';
import type { Package } from './types.ts';

/** The packages that can be imported, by path. */
export const packages: ReadonlyMap<string, Package> = new Map([
  ['encoding/json', json],
  ['list', lists],
  ['math', maths],
  ['net', nets],
  ['regexp', regexps],
  ['strconv', strconvs],
  ['strings', strings],
  ['struct', structs],
  ['time', times],
]);
