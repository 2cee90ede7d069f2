import type { JsonObject, JsonValue } from '@pratique/crypto';
import { decodeBase64, type JsonMembers, toHex } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { type NotaryKey, parseKey } from './key.ts';
import { invalid, Members } from './members.ts';
import { isChildRole } from './role-name.ts';
import type {
  Common,
  Delegation,
  FileInfo,
  RoleKeys,
  Root,
  SignedTag,
  Snapshot,
  Targets,
  Timestamp,
  TopLevelRole,
} from './types.ts';

const maxKeys = 1024;
const maxRoles = 256;
const maxPaths = 4096;
const maxTags = 200_000;

/** `root.json`: the keys of the four roles that every repository has. */
export function parseRoot(signed: JsonObject): Root {
  const root = new Members(signed, 'root');
  const keys = parseKeys(root.object('keys'));
  const roles = root.object('roles');
  const role = (name: TopLevelRole) => parseRoleKeys(roles.object(name), keys, name);
  return {
    ...parseCommon(root, 'root'),
    roles: {
      root: role('root'),
      timestamp: role('timestamp'),
      snapshot: role('snapshot'),
      targets: role('targets'),
    },
  };
}

/** `timestamp.json`: which snapshot is the newest. */
export function parseTimestamp(signed: JsonObject): Timestamp {
  const timestamp = new Members(signed, 'timestamp');
  return {
    ...parseCommon(timestamp, 'timestamp'),
    snapshot: parseFileInfo(timestamp.object('meta').value('snapshot'), 'snapshot'),
  };
}

/** `snapshot.json`: which files of all roles are the newest. */
export function parseSnapshot(signed: JsonObject): Snapshot {
  const snapshot = new Members(signed, 'snapshot');
  const meta = snapshot.object('meta').entries(maxRoles + 4);
  return {
    ...parseCommon(snapshot, 'snapshot'),
    meta: new Map(meta.map(([name, value]) => [name, parseFileInfo(value, name)])),
  };
}

/** `targets.json` and those of delegated roles. @param role its name, of which delegations must be direct children */
export function parseTargets(signed: JsonObject, role: string): Targets {
  const targets = new Members(signed, role);
  const tags = new Map<string, SignedTag>();
  for (const [name, value] of orEmpty(targets, 'targets')?.entries(maxTags) ?? []) {
    const info = new Members(value, `the target ${name}`);
    const sha256 = hash(info.object('hashes'), 'sha256', name);
    if (sha256 !== undefined)
      tags.set(name, { digest: `sha256:${sha256}`, length: info.integer('length', 0) });
  }
  return {
    ...parseCommon(targets, 'targets'),
    tags,
    delegations: parseDelegations(orEmpty(targets, 'delegations'), role),
  };
}

/** What Go writes as null or leaves out where it is empty. */
function orEmpty(members: JsonMembers, name: string): JsonMembers | undefined {
  return (members.value(name) ?? null) === null ? undefined : members.object(name);
}

const typeNames = { root: 'Root', timestamp: 'Timestamp', snapshot: 'Snapshot', targets: 'Targets' } as const;

function parseCommon(members: Members, type: TopLevelRole): Common {
  if (members.text('_type') !== typeNames[type]) throw invalid(`${type} is of another type`);
  return { version: members.integer('version', 1), expires: parseTime(members.text('expires'), type) };
}

/** RFC 3339 as Go writes it: up to nanoseconds, in any zone. */
function parseTime(text: string, what: string): Date {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const time = parts === null ? Number.NaN : Date.parse(`${parts[1]}${parts[2]}`);
  if (Number.isNaN(time)) throw invalid(`${what} expires at no time that can be read`);
  return new Date(time);
}

function parseKeys(keys: JsonMembers | undefined): ReadonlyMap<string, NotaryKey | null> {
  return new Map((keys?.entries(maxKeys) ?? []).map(([id, value]) => [id, parseKey(id, value)]));
}

function parseRoleKeys(
  role: JsonMembers,
  keys: ReadonlyMap<string, NotaryKey | null>,
  name: string,
): RoleKeys {
  const keyIds = (role.value('keyids') ?? null) === null ? [] : role.texts('keyids', maxKeys);
  if (new Set(keyIds).size !== keyIds.length) throw invalid(`the role ${name} names a key twice`);
  const unknown = keyIds.find((id) => !keys.has(id));
  if (unknown !== undefined) throw invalid(`the role ${name} names the key ${unknown}, which is not there`);
  return { keys, keyIds, threshold: role.integer('threshold', 1) };
}

function parseDelegations(delegations: JsonMembers | undefined, parent: string): readonly Delegation[] {
  if (delegations === undefined || (delegations.value('roles') ?? null) === null) return [];
  const keys = parseKeys(orEmpty(delegations, 'keys'));
  const seen = new Set<string>();
  return delegations.list('roles', maxRoles).map((value) => {
    const role = new Members(value, 'a delegated role');
    const name = role.text('name');
    if (!isChildRole(name, parent) || seen.has(name)) throw invalid(`${parent} cannot delegate to ${name}`);
    seen.add(name);
    const paths = (role.value('paths') ?? null) === null ? [] : role.texts('paths', maxPaths);
    return { ...parseRoleKeys(role, keys, name), name, paths };
  });
}

function parseFileInfo(value: JsonValue | undefined, name: string): FileInfo {
  const members = new Members(value, `${name} in the metadata`);
  const hashes = members.object('hashes');
  const sha256 = hash(hashes, 'sha256', name);
  if (sha256 === undefined) throw invalid(`${name} has no sha256`);
  return { length: members.integer('length', 0), sha256, sha512: hash(hashes, 'sha512', name) };
}

const hashBytes = { sha256: 32, sha512: 64 } as const;

/** In hexadecimal; undefined where there is none. */
function hash(hashes: JsonMembers, algorithm: keyof typeof hashBytes, name: string): string | undefined {
  if (hashes.value(algorithm) === undefined) return undefined;
  const bytes = bytesOf(hashes.text(algorithm));
  if (bytes?.byteLength !== hashBytes[algorithm]) throw invalid(`the ${algorithm} of ${name} is none`);
  return toHex(bytes);
}

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return decodeBase64(text, 'a hash');
  } catch (error) {
    if (error instanceof PratiqueError) return undefined;
    throw error;
  }
}
