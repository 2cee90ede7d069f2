import type { JsonObject, JsonValue } from '@pratique/crypto';
import { type MetadataKey, parseMetadataKey } from './key.ts';
import { invalid, Members } from './members.ts';
import { isTargetPath } from './target-path.ts';
import {
  type Common,
  type Delegation,
  type FileInfo,
  type HashName,
  type MetadataInfo,
  type RoleKeys,
  type Root,
  type Snapshot,
  type TargetInfo,
  type Targets,
  type Timestamp,
  type TopLevelRole,
  topLevelRoles,
} from './types.ts';

const maxKeys = 1024;
const maxFiles = 100_000;
const maxDelegations = 1024;
const hashForms = { sha256: /^[0-9a-f]{64}$/i, sha512: /^[0-9a-f]{128}$/i };

/** TUF specification §4.3. */
export function parseRoot(signed: JsonObject): Root {
  const root = new Members(signed, 'root');
  const keys = parseKeys(root.object('keys'));
  const roles = root.object('roles');
  const role = (name: TopLevelRole) => parseRoleKeys(roles.object(name), keys, name);
  return {
    ...parseCommon(root, 'root'),
    consistentSnapshot: root.boolean('consistent_snapshot', false),
    roles: {
      root: role('root'),
      timestamp: role('timestamp'),
      snapshot: role('snapshot'),
      targets: role('targets'),
    },
  };
}

/** TUF specification §4.6. */
export function parseTimestamp(signed: JsonObject): Timestamp {
  const timestamp = new Members(signed, 'timestamp');
  const meta = timestamp.object('meta');
  return {
    ...parseCommon(timestamp, 'timestamp'),
    snapshot: parseMetadataInfo(meta.value('snapshot.json'), 'snapshot.json'),
  };
}

/** TUF specification §4.4. */
export function parseSnapshot(signed: JsonObject): Snapshot {
  const snapshot = new Members(signed, 'snapshot');
  const meta = new Map(
    snapshot
      .object('meta')
      .entries(maxFiles)
      .map(([name, value]) => [name, parseMetadataInfo(value, name)]),
  );
  return { ...parseCommon(snapshot, 'snapshot'), meta };
}

/** TUF specification §4.5: the top-level targets and those of delegated roles. */
export function parseTargets(signed: JsonObject): Targets {
  const targets = new Members(signed, 'targets');
  const files = new Map(
    targets
      .object('targets')
      .entries(maxFiles)
      .map(([path, value]) => [path, parseTargetInfo(path, value)]),
  );
  const delegations =
    targets.value('delegations') === undefined ? [] : parseDelegations(targets.object('delegations'));
  return { ...parseCommon(targets, 'targets'), targets: files, delegations };
}

function parseCommon(members: Members, type: TopLevelRole): Common {
  if (members.text('_type') !== type) throw invalid(`${type} metadata is of another type`);
  if (!/^1\.\d+(\.\d+)?$/.test(members.text('spec_version'))) {
    throw invalid(`${type} metadata is of another version of TUF than 1`);
  }
  const expires = members.text('expires');
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(expires) ? Date.parse(expires) : Number.NaN;
  if (Number.isNaN(time)) throw invalid(`${type} metadata expires at no time that can be read`);
  return { version: members.integer('version', 1), expires: new Date(time) };
}

function parseKeys(keys: Members): ReadonlyMap<string, MetadataKey | null> {
  return new Map(keys.entries(maxKeys).map(([id, value]) => [id, parseMetadataKey(value)]));
}

function parseRoleKeys(role: Members, keys: ReadonlyMap<string, MetadataKey | null>, name: string): RoleKeys {
  const keyIds = role.texts('keyids', maxKeys);
  if (new Set(keyIds).size !== keyIds.length) throw invalid(`the role ${name} names a key twice`);
  return { keys, keyIds, threshold: role.integer('threshold', 1) };
}

function parseDelegations(delegations: Members): readonly Delegation[] {
  const keys = parseKeys(delegations.object('keys'));
  const seen = new Set<string>();
  return delegations.list('roles', maxDelegations).map((value) => {
    const role = new Members(value, 'a delegated role');
    const name = role.text('name');
    // A file of that name would take the place of the top-level role's.
    if (name === '' || topLevelRoles.some((top) => top === name) || seen.has(name)) {
      throw invalid(`a delegated role cannot be called ${name}`);
    }
    seen.add(name);
    const has = (member: string) => role.value(member) !== undefined;
    if (has('paths') === has('path_hash_prefixes')) {
      throw invalid(`the role ${name} says in neither or both ways what is delegated to it`);
    }
    return {
      ...parseRoleKeys(role, keys, name),
      name,
      terminating: role.boolean('terminating', false),
      paths: has('paths') ? role.texts('paths', maxFiles) : [],
      pathHashPrefixes: has('paths') ? [] : role.texts('path_hash_prefixes', maxFiles),
    };
  });
}

function parseMetadataInfo(value: JsonValue | undefined, name: string): MetadataInfo {
  const members = new Members(value, name);
  return { ...parseFileInfo(members, name), version: members.integer('version', 1) };
}

function parseTargetInfo(path: string, value: JsonValue): TargetInfo {
  if (!isTargetPath(path)) throw invalid(`a target cannot be called ${path}`);
  const members = new Members(value, path);
  const info = parseFileInfo(members, path);
  if (info.hashes.size === 0) throw invalid(`the target ${path} has no hash`);
  return { ...info, path, length: members.integer('length', 0) };
}

function parseFileInfo(members: Members, name: string): FileInfo {
  const hashes = new Map<HashName, string>();
  if (members.value('hashes') !== undefined) {
    for (const [algorithm, value] of members.object('hashes').entries(16)) {
      if (algorithm !== 'sha256' && algorithm !== 'sha512') continue;
      if (typeof value !== 'string' || !hashForms[algorithm].test(value)) {
        throw invalid(`the ${algorithm} of ${name} is none`);
      }
      hashes.set(algorithm, value.toLowerCase());
    }
    if (hashes.size === 0) throw invalid(`${name} has no hash that is known here`);
  }
  return {
    hashes,
    ...(members.value('length') === undefined ? {} : { length: members.integer('length', 0) }),
  };
}
