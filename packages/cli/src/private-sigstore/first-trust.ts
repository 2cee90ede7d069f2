import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories } from '@pratique/storage';
import { stringify } from 'yaml';

/**
 * Writes the trust configuration of a directory that has none: an image is allowed when somebody signed it whom the
 * private Sigstore beside it knows. Returns whether it did; what is there already is its owner's.
 */
export function writeFirstTrust(path: string, issuer: string): boolean {
  if (existsSync(path)) return false;
  const trust = stringify({
    apiVersion: 'pratique.dev/v1',
    kind: 'Trust',
    authorities: { people: { identities: [{ issuer, subjectRegExp: '.+' }] } },
    images: [{ match: '**', require: { any: ['people'] } }],
    log: { trustedRoot: 'sigstore/trusted_root.json' },
  });
  makeDirectories(dirname(path));
  // Nobody else's, should one have come in between.
  writeFileSync(
    path,
    `# Made by \`pratique up\` at its first start, and yours from then on: name who may sign which images.\n${trust}`,
    {
      flag: 'wx',
    },
  );
  return true;
}
