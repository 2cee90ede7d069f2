import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { policyErrors } from '../errors.ts';
import { holdsClusterImagePolicies } from './cluster-image-policy/objects.ts';
import { readDocuments } from './documents.ts';
import type { TrustFiles } from './material.ts';
import { parseTrust } from './parse.ts';
import type { Trust } from './types.ts';

/**
 * Reads a trust configuration and the files it names; paths in it are relative to its folder. A file of
 * ClusterImagePolicies is read as a configuration of those alone.
 *
 * @throws TRUST_UNREADABLE, TRUST_INVALID
 */
export function loadTrust(path: string): Trust {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw policyErrors.error('TRUST_UNREADABLE', {
      message: `cannot read ${path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      cause,
    });
  }
  const folder = dirname(path);
  const [first] = readDocuments(text, path);
  if (first !== undefined && holdsClusterImagePolicies(first)) {
    const trust = { apiVersion: 'pratique.dev/v1', kind: 'Trust', clusterImagePolicies: [basename(path)] };
    return parseTrust(JSON.stringify(trust), path, filesIn(folder));
  }
  return parseTrust(text, path, filesIn(folder));
}

function filesIn(folder: string): TrustFiles {
  return {
    resolve: (name) => resolve(folder, name),
    read: (name) => readFileSync(resolve(folder, name)),
  };
}
