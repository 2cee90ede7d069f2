import { basename, dirname, resolve } from 'node:path';
import { isJsonObject, type JsonValue } from '@pratique/crypto';
import { readNamedFile } from '@pratique/storage';
import { policyErrors } from '../errors.ts';
import { holdsClusterImagePolicies, readObjects } from './cluster-image-policy/objects.ts';
import { type FetchPolicy, fetchPolicies } from './cluster-image-policy/remote-policies.ts';
import { fetchTrustRoots, type OpenRemote } from './cluster-image-policy/tuf-roots.ts';
import { readDocuments, toJson } from './documents.ts';
import { type OpenPublicKey, openManagedKeys, referencesInTrust } from './managed-keys.ts';
import type { TrustFiles } from './material.ts';
import { parseTrust } from './parse.ts';
import type { Trust } from './types.ts';

export interface LoadOptions {
  readonly openRemote?: OpenRemote;
  /** Looks up keys that authorities name instead of writing them down; without it they are refused. */
  readonly openPublicKey?: OpenPublicKey;
  /** Fetches policies that are elsewhere; without it they are refused. */
  readonly fetchPolicy?: FetchPolicy;
  readonly now?: Date;
}

/** Of the configuration, and of one file it names. */
const maxTrustBytes = 16 * 1024 * 1024;

/**
 * Reads a trust configuration and the files it names; paths in it are relative to its folder. A file of
 * ClusterImagePolicies is read as a configuration of those alone. TrustRoots in TUF repositories elsewhere are read
 * with `openRemote`; without it they are refused. Keys in tokens and key services are looked up with `openPublicKey`.
 *
 * @throws TRUST_UNREADABLE, TRUST_INVALID, TUF_UNREACHABLE, POLICY_UNREACHABLE, and what `openPublicKey` throws
 */
export async function loadTrust(
  path: string,
  { openRemote = noRemote, openPublicKey, fetchPolicy, now = new Date() }: LoadOptions = {},
): Promise<Trust> {
  let bytes: Uint8Array;
  try {
    bytes = readNamedFile(path, maxTrustBytes);
  } catch (cause) {
    throw policyErrors.error('TRUST_UNREADABLE', {
      message: `cannot read ${path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      cause,
    });
  }
  const text = decodeText(bytes, path);
  const files = filesIn(dirname(path));
  const [first] = readDocuments(text, path);
  const alone = first !== undefined && holdsClusterImagePolicies(first);
  const policies = alone ? [basename(path)] : first === undefined ? [] : policyFiles(toJson(first));
  const policyTexts = policies.flatMap((name) => readable(name, files));
  const trustRoots = await fetchTrustRoots(policyTexts, openRemote, now);
  const remotePolicies = await fetchPolicies(policyTexts, fetchPolicy);
  const references = [
    ...(alone || first === undefined ? [] : referencesInTrust(toJson(first))),
    ...policyTexts.flatMap(referencesInFile),
  ];
  const managedKeys =
    openPublicKey === undefined ? undefined : await openManagedKeys(references, openPublicKey);
  const trust = { apiVersion: 'pratique.dev/v1', kind: 'Trust', clusterImagePolicies: policies };
  return parseTrust(alone ? JSON.stringify(trust) : text, path, {
    ...files,
    trustRoots,
    remotePolicies,
    ...(managedKeys === undefined ? {} : { managedKeys }),
  });
}

function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw policyErrors.error('TRUST_INVALID', {
      message: `${path} is not text in UTF-8`,
      expected: 'a trust configuration, YAML or JSON',
      cause,
    });
  }
}

const noRemote: OpenRemote = async () => {
  throw policyErrors.error('TRUST_INVALID', { message: 'repositories elsewhere are not read here' });
};

/** The files of policies that a configuration names; whatever is wrong with it is said when it is parsed. */
function policyFiles(document: JsonValue): readonly string[] {
  const named = isJsonObject(document) ? document['clusterImagePolicies'] : undefined;
  return Array.isArray(named) ? named.filter((name) => typeof name === 'string') : [];
}

/** Keys named by the policies of a file; whatever is wrong with it is said when it is parsed. */
function referencesInFile(file: { name: string; text: string }): readonly string[] {
  try {
    return readObjects([file]).policies.flatMap(({ value }) =>
      value.spec.authorities.flatMap(({ key }) => key?.kms ?? []),
    );
  } catch {
    return [];
  }
}

/** A file with its text; none where it cannot be read, which parsing says with its place. */
function readable(name: string, files: TrustFiles): { name: string; text: string }[] {
  try {
    return [{ name, text: new TextDecoder().decode(files.read(name)) }];
  } catch {
    return [];
  }
}

function filesIn(folder: string): TrustFiles {
  return {
    resolve: (name) => resolve(folder, name),
    read: (name) => readNamedFile(resolve(folder, name), maxTrustBytes),
  };
}
