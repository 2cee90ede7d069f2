import { statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  BundleError,
  type BundleFile,
  bundleDirectory,
  goJson,
  signBundle,
  unpackArchive,
} from '@pratique/rego';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { readNamed } from '../policy/read-named.ts';
import { signingKey } from '../policy/signing.ts';
import { usage } from '../policy/sources.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { policySign } from '../specs/policy-bundles.ts';

export const run: Run<typeof policySign.flags> = async ({ args, flags, terminal }) => {
  if (!flags.bundle)
    throw usage('policy sign', 'enable bundle mode (--bundle) to sign bundle files or directories');
  try {
    const signing = signingKey(flags, terminal.cwd);
    if (signing === undefined)
      throw usage('policy sign', 'specify the private key or secret with --signing-key');
    const files = args.flatMap((path) => signedFiles(path, terminal));
    const place = resolve(terminal.cwd, flags['output-file-path'], '.signatures.json');
    writeFileSync(place, goJson({ signatures: [signBundle(files, signing)] }, ' '));
    return 0;
  } catch (error) {
    const problems = problemsOf(error, new Map());
    if (problems === undefined) throw error;
    terminal.err(`error: ${problemsText(problems)}`);
    return 1;
  }
};

/** As OPA names them: files of a directory with the directory's path before them. */
function signedFiles(path: string, terminal: Terminal): BundleFile[] {
  const place = resolve(terminal.cwd, path);
  const isDirectory = statSync(place, { throwIfNoEntry: false })?.isDirectory();
  if (isDirectory === undefined)
    throw new BundleError('bundle_unreadable', `stat ${path}: no such file or directory`);
  const files = isDirectory
    ? bundleDirectory(place).map((file) => ({ ...file, path: join(path, file.path).replace(/^\/+/, '') }))
    : unpackArchive(readNamed(path, terminal.cwd));
  return files.filter(({ path: name }) => !name.endsWith('.signatures.json'));
}
