/** IANA time zones through the platform's `Intl` data, with the names and errors Go's `time.LoadLocation` has. */

import { rethrowOverflow } from '../../stack.ts';
import { abbreviation } from './abbreviations.ts';

/** A zone: its offset east of UTC and its abbreviation at an instant given in whole seconds since 1970. */
export interface Zone {
  readonly name: string;
  offsetAt(seconds: number): number;
  abbreviationAt(seconds: number): string;
}

export const utc: Zone = { name: 'UTC', offsetAt: () => 0, abbreviationAt: () => 'UTC' };

/** Names come from policy input, so the number of kept formatters is bounded. */
const maxCachedZones = 64;
const cache = new Map<string, Zone>();

/** The zone with this name, or `undefined` where the platform does not know it. Names are case-sensitive as in tzdata. */
export function loadZone(name: string): Zone | undefined {
  if (name === '' || name === 'UTC') return utc;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const zone =
    name === 'Local' ? intlZone(Intl.DateTimeFormat().resolvedOptions().timeZone) : namedZone(name);
  if (zone === undefined) return undefined;
  if (cache.size >= maxCachedZones) cache.delete(cache.keys().next().value!);
  cache.set(name, zone);
  return zone;
}

function namedZone(name: string): Zone | undefined {
  // `Intl` also takes offsets such as "+01:00" and any letter case, which tzdata does not.
  if (!/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/.test(name)) return undefined;
  if (name === name.toLowerCase() || (name === name.toUpperCase() && name.includes('/'))) return undefined;
  try {
    return intlZone(name);
  } catch (error) {
    rethrowOverflow(error);
    return undefined;
  }
}

function intlZone(name: string): Zone {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (seconds: number): number => {
    const field: Record<string, string> = {};
    for (const part of parts.formatToParts(seconds * 1000)) field[part.type] = part.value;
    const year = field.era === 'BC' ? 1 - Number(field.year) : Number(field.year);
    const local = new Date(0);
    local.setUTCFullYear(year, Number(field.month) - 1, Number(field.day));
    local.setUTCHours(Number(field.hour), Number(field.minute), Number(field.second));
    return local.getTime() / 1000 - seconds;
  };
  return {
    name,
    offsetAt,
    // `Intl` makes no difference between GMT and UTC.
    abbreviationAt: (seconds) => (name === 'GMT' ? 'GMT' : abbreviation(name, seconds, offsetAt(seconds))),
  };
}
