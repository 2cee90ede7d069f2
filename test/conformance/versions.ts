/** Version comparisons of google/osv-scalibr: lines `a < b`, `a = b`, `a > b`, each also asked the other way round. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareVersions, type PackageType } from '../../packages/inspect/src/index.ts';
import type { SuiteResult } from './expectations.ts';

/** Whose order each file of the corpus gives. */
const files: readonly (readonly [file: string, types: readonly PackageType[]])[] = [
  ['alpine-versions.txt', ['apk']],
  ['alpine-versions-generated.txt', ['apk']],
  ['cran-versions.txt', ['cran']],
  ['cran-versions-generated.txt', ['cran']],
  ['debian-versions.txt', ['deb']],
  ['debian-versions-generated.txt', ['deb']],
  ['hackage-versions.txt', ['hackage']],
  ['maven-versions.txt', ['maven']],
  ['maven-versions-generated.txt', ['maven']],
  ['nuget-versions.txt', ['nuget']],
  ['packagist-versions.txt', ['composer']],
  ['packagist-versions-generated.txt', ['composer']],
  ['pub-versions.txt', ['pub']],
  ['pypi-versions.txt', ['pypi']],
  ['pypi-versions-generated.txt', ['pypi']],
  ['redhat-versions.txt', ['rpm']],
  ['rubygems-versions.txt', ['gem']],
  ['rubygems-versions-generated.txt', ['gem']],
  ['semver-versions.txt', ['npm', 'cargo', 'golang']],
];

const signs: Readonly<Record<string, number>> = { '<': -1, '=': 0, '>': 1 };

export async function run(corpora: string): Promise<SuiteResult[]> {
  const suites = new Map<PackageType, { passed: number; failures: string[] }>();
  for (const [file, types] of files) {
    const lines = readFileSync(join(corpora, 'versions', file), 'utf8').split('\n');
    for (const [index, line] of lines.entries()) {
      if (line === '' || line.startsWith('# ') || line.startsWith('// ')) continue;
      const [a, sign, b, ...more] = line.split(' ');
      const expected = signs[sign ?? ''];
      if (a === undefined || b === undefined || expected === undefined || more.length > 0)
        throw new Error(`${file}:${index + 1}: not a comparison: ${line}`);
      for (const type of types) {
        const suite = suites.get(type) ?? { passed: 0, failures: [] };
        suites.set(type, suite);
        const there = Math.sign(compareVersions(type, a, b));
        const back = Math.sign(compareVersions(type, b, a));
        if (there === expected && back === 0 - expected) suite.passed++;
        else suite.failures.push(`${file}:${index + 1}: ${line}: found ${there}, backwards ${back}`);
      }
    }
  }
  return [...suites].map(([type, { passed, failures }]) => ({
    suite: `versions/${type}`,
    passed,
    failed: failures.length,
    failures,
  }));
}
