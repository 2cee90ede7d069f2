/** OPA's own pairs of source and formatted text (`v1/format/testfiles` of OPA), and the files that must not format. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ParseError } from '../../packages/rego/src/ast/errors.ts';
import { FormatError } from '../../packages/rego/src/format/errors.ts';
import { type FormatOptions, format } from '../../packages/rego/src/format/format.ts';
import type { SuiteResult } from './expectations.ts';

/** Per directory: the language of the source, and the language it is formatted for. */
const languages: Readonly<Record<string, FormatOptions>> = {
  v0: { regoVersion: 'v0' },
  v1: { regoVersion: 'v1' },
  v0_to_v1: { regoVersion: 'v0', targetVersion: 'v0v1' },
};

export async function run(corpora: string): Promise<SuiteResult[]> {
  const root = join(corpora, 'opa', 'format');
  if (!existsSync(root)) throw new Error(`OPA's format files are not at ${root}`);
  const files = globSync('*/*', { cwd: root }).sort();
  const failures: string[] = [];
  const check = (id: string, problem: string | undefined): void => {
    if (problem !== undefined) failures.push(`${id}: ${problem}`);
  };
  const pairs = files.filter((file) => file.includes('.formatted'));
  const errors = files.filter((file) => file.endsWith('.error'));
  if (pairs.length < 100) throw new Error(`only ${pairs.length} of OPA's format files are at ${root}`);
  for (const file of pairs) check(file, checkPair(root, file));
  for (const file of errors) check(file, checkError(root, file));
  const failed = failures.length;
  return [{ suite: 'rego-format', passed: pairs.length + errors.length - failed, failed, failures }];
}

function optionsFor(file: string): FormatOptions {
  const options = languages[file.split('/')[0]!];
  if (options === undefined) throw new Error(`${file}: no language known for this directory`);
  return { ...options, file: `testfiles/${file.replace(/\.(formatted|error)\w*$/, '')}` };
}

/** The formatted text must be OPA's, and must not change when it is formatted again. */
function checkPair(root: string, file: string): string | undefined {
  const keywordsInRefs = !file.endsWith('_no_keywords_in_refs');
  const options = { ...optionsFor(file), keywordsInRefs };
  const source = readFileSync(join(root, file.replace(/\.formatted\w*$/, '')), 'utf8');
  const expected = readFileSync(join(root, file), 'utf8');
  try {
    const once = format(source, options);
    if (once !== expected) return firstDifference(once, expected);
    const twice = format(once, options);
    return twice === once ? undefined : `formatted again: ${firstDifference(twice, once)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Beside a source the file holds the message of the error; alone it is itself a source that does not parse. */
function checkError(root: string, file: string): string | undefined {
  const path = join(root, file);
  const source = path.replace(/\.error$/, '');
  const text = readFileSync(path, 'utf8');
  const expected = file.startsWith('v0_to_v1/') ? text : undefined;
  try {
    format(expected === undefined ? text : readFileSync(source, 'utf8'), optionsFor(file));
    return 'was formatted';
  } catch (error) {
    if (!(error instanceof ParseError || error instanceof FormatError)) throw error;
    if (expected === undefined) return error instanceof ParseError ? undefined : error.message;
    return error.message === expected ? undefined : firstDifference(error.message, expected);
  }
}

function firstDifference(found: string, expected: string): string {
  const [ours, theirs] = [found.split('\n'), expected.split('\n')];
  const line = theirs.findIndex((text, i) => text !== ours[i]);
  const at = line < 0 ? theirs.length : line;
  return `line ${at + 1}: expected ${JSON.stringify(theirs[at] ?? null)}, found ${JSON.stringify(ours[at] ?? null)}`;
}
