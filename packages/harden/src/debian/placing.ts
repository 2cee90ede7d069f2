import type { LayerEntry } from '@pratique/inspect';
import { Accounts } from './scripts/accounts.ts';
import type { Changes } from './scripts/changes.ts';
import { diversionsOf, overridesOf } from './scripts/overrides.ts';

/** Where dpkg puts a package’s file, and with which owner and mode. */
export interface Placing {
  (entry: LayerEntry, packageName: string): LayerEntry;
  /** Of a path, which is relative to the root. */
  path(path: string, packageName: string): string;
}

/**
 * What was said before packages are unpacked, by scripts or by an administrator: files that another package diverts go
 * elsewhere (dpkg-divert(1)), and some have an owner and mode of their own (dpkg-statoverride(1)).
 */
export function placingOf(changes: Changes): Placing {
  const diversions = new Map(diversionsOf(changes).map((one) => [one.path.slice(1), one]));
  const overrides = new Map(overridesOf(changes).map((one) => [one.path.slice(1), one]));
  const accounts = new Accounts(changes);
  const path = (given: string, packageName: string): string => {
    const diversion = diversions.get(given);
    return diversion === undefined || diversion.by === packageName ? given : diversion.to.slice(1);
  };
  const place = (entry: LayerEntry, packageName: string): LayerEntry => {
    const override = entry.type === 'symlink' ? undefined : overrides.get(entry.path);
    const linkname = entry.type === 'hardlink' ? path(entry.linkname ?? '', packageName) : entry.linkname;
    const placed = {
      ...entry,
      path: path(entry.path, packageName),
      ...(linkname === undefined ? {} : { linkname }),
    };
    if (override === undefined) return placed;
    const [uid, gid] = [
      accounts.uid(override.user) ?? numberOf(override.user),
      accounts.gid(override.group) ?? numberOf(override.group),
    ];
    // A user that is gone stops dpkg; here the file has what its package says.
    if (uid === undefined || gid === undefined) return placed;
    return { ...placed, uid, gid, mode: Number.parseInt(override.mode, 8) };
  };
  return Object.assign(place, { path });
}

function numberOf(text: string): number | undefined {
  return /^#\d{1,9}$/.test(text) ? Number(text.slice(1)) : undefined;
}
