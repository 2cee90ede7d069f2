/** The transparency-dev project's proofs: inclusion and consistency, of whole trees and of subtrees. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  verifyConsistencyProof,
  verifyInclusionProof,
  verifySubtreeConsistencyProof,
  verifySubtreeInclusionProof,
} from '../../packages/crypto/src/index.ts';
import type { SuiteResult } from './expectations.ts';

/** Numbers may be beyond 2⁵³, and are read as text. */
interface Case {
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
  readonly [name: string]: unknown;
}

const suites: Readonly<Record<string, (test: Case, proof: readonly Uint8Array[]) => boolean>> = {
  inclusion: (test, proof) =>
    verifyInclusionProof(
      bytes(test.leafHash),
      number(test.leafIdx),
      number(test.treeSize),
      proof,
      bytes(test.root),
    ),
  consistency: (test, proof) =>
    verifyConsistencyProof(
      number(test.size1),
      number(test.size2),
      proof,
      bytes(test.root1),
      bytes(test.root2),
    ),
  subtreeinclusion: (test, proof) =>
    verifySubtreeInclusionProof(
      bytes(test.leafHash),
      number(test.leafIdx),
      { start: number(test.start), end: number(test.end) },
      proof,
      bytes(test.root),
    ),
  subtreeconsistency: (test, proof) =>
    verifySubtreeConsistencyProof(
      { start: number(test.start), end: number(test.end) },
      number(test.size),
      proof,
      bytes(test.root1),
      bytes(test.root2),
    ),
};

export async function run(corpora: string): Promise<SuiteResult[]> {
  const root = join(corpora, 'merkle', 'testdata');
  if (!existsSync(root)) throw new Error(`the Merkle proofs are not at ${root}`);
  return Object.entries(suites).map(([name, verify]) => {
    const files = globSync('**/*.json', { cwd: join(root, name) }).sort();
    const failures = files.flatMap((file) => {
      const text = readFileSync(join(root, name, file), 'utf8');
      const test = JSON.parse(text.replace(/(:\s*)(-?\d+)(?=\s*[,}])/g, '$1"$2"')) as Case;
      const accepted = verify(test, (test.proof ?? []).map(bytes));
      return accepted === !test.wantErr ? [] : [`${file}: ${accepted ? 'accepted' : 'refused'}`];
    });
    return {
      suite: `merkle-${name}`,
      passed: files.length - failures.length,
      failed: failures.length,
      failures,
    };
  });
}

function bytes(value: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(String(value ?? ''), 'base64'));
}

function number(value: unknown): bigint {
  return BigInt(String(value));
}
