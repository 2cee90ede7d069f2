/**
 * sigstore-conformance's bundles, each verified by the path of its artifact and by its digest alone: with the trusted
 * root of its own, else with the one of the public-good Sigstore that is built in.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePublicKey } from '../../packages/crypto/src/index.ts';
import {
  type Artifact,
  exactly,
  parseTrustedRoot,
  type Trust,
  verifyBundle,
} from '../../packages/sigstore/src/index.ts';
import { publicGood } from '../../packages/tuf/src/index.ts';
import type { SuiteResult } from './expectations.ts';

/** Who signed where a case names nobody else (`bundle-verify/README.md`). */
const identity =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const issuer = 'https://token.actions.githubusercontent.com';

export async function run(corpora: string): Promise<SuiteResult[]> {
  const root = join(corpora, 'sigstore', 'bundle-verify');
  if (!existsSync(root)) throw new Error(`the bundles are not at ${root}`);
  const cases = globSync('*/bundle.sigstore.json', { cwd: root })
    .map((file) => file.split('/')[0]!)
    .sort();
  if (cases.length < 70) throw new Error(`only ${cases.length} of 70 cases are at ${root}`);
  const failures = cases.flatMap((name) => check(join(root, name), name));
  const failed = failures.length;
  return [{ suite: 'sigstore-bundles', passed: 2 * cases.length - failed, failed, failures }];
}

function check(directory: string, name: string): string[] {
  const text = (file: string) =>
    existsSync(join(directory, file)) ? readFileSync(join(directory, file), 'utf8').trim() : undefined;
  const own = join(directory, 'artifact');
  const bytes = Uint8Array.from(readFileSync(existsSync(own) ? own : join(directory, '..', 'a.txt')));
  const digest = new Uint8Array(createHash('sha256').update(bytes).digest());
  const artifacts: Readonly<Record<string, Artifact>> = {
    path: { bytes },
    digest: { algorithm: 'sha256', digest },
  };
  return Object.entries(artifacts).flatMap(([form, artifact]) => {
    const outcome = verify(directory, text, artifact);
    const expected = !name.endsWith('_fail');
    return (outcome === null) === expected ? [] : [`${name} by ${form}: ${outcome ?? 'was accepted'}`];
  });
}

/** Why a case is refused; null when it is accepted. */
function verify(
  directory: string,
  text: (file: string) => string | undefined,
  artifact: Artifact,
): string | null {
  const key = text('key.pub');
  const ownRoot = join(directory, 'trusted_root.json');
  try {
    const trust: Trust = {
      ...parseTrustedRoot(existsSync(ownRoot) ? readFileSync(ownRoot) : publicGood.trustedRoot),
      keys: key === undefined ? [] : [{ name: 'key.pub', key: parsePublicKey(key) }],
      identities:
        key === undefined
          ? [
              {
                name: 'expected',
                subject: exactly(text('identity') ?? identity),
                issuer: exactly(text('issuer') ?? issuer),
              },
            ]
          : [],
    };
    const bundle = readFileSync(join(directory, 'bundle.sigstore.json'));
    const result = verifyBundle(bundle, artifact, trust, new Date());
    return result.ok ? null : `${result.rejection.code} ${result.rejection.message}`;
  } catch (error) {
    return `${(error as { code?: string }).code} ${(error as Error).message}`;
  }
}
