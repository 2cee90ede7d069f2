import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { type FormatOptions, format } from '@pratique/rego';
import { keywordsInRefs as keywordsMayBeInRefs } from '../policy/capabilities.ts';
import { lineDiff } from '../policy/line-diff.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { readText } from '../program/read-file.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import { style } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import { writeFile } from '../program/write-file.ts';
import type { policyFmt } from '../specs/policy-files.ts';

type Flags = FlagValues<typeof policyFmt.flags>;

export const run: Run<typeof policyFmt.flags> = async ({ args, flags, terminal }) => {
  if (args.length === 0) {
    const formatted = formatText('stdin', new TextDecoder().decode(terminal.stdin()), flags, terminal);
    if (formatted === undefined) return 1;
    terminal.out(formatted);
    return 0;
  }
  for (const path of args) {
    if (!existsSync(resolve(terminal.cwd, path))) {
      terminal.err(`lstat ${printable(path)}: no such file or directory\n`);
      return 1;
    }
    for (const file of regoFiles(path, terminal)) {
      if (!formatFile(file, flags, terminal)) return 2;
    }
  }
  return 0;
};

/** False where the run ends: the file cannot be formatted, or would change and must not. */
function formatFile(file: string, flags: Flags, terminal: Terminal): boolean {
  const text = readText(file, terminal.cwd);
  const formatted = formatText(file, text, flags, terminal);
  if (formatted === undefined) return false;
  const isChanged = formatted !== text;
  if (flags.list) {
    if (isChanged) terminal.out(`${file}\n`);
  } else if (flags.diff) {
    if (isChanged) terminal.out(lineDiff(file, text, formatted, style(terminal.colour.out)));
  } else if (!(isChanged && flags.fail)) {
    if (flags.write) {
      if (isChanged) writeFile(file, formatted, terminal.cwd);
    } else terminal.out(formatted);
  }
  if (!isChanged || !flags.fail) return true;
  terminal.err('unexpected diff\n');
  return false;
}

function formatText(file: string, text: string, flags: Flags, terminal: Terminal): string | undefined {
  try {
    const keywordsInRefs = keywordsMayBeInRefs(flags.capabilities, terminal.cwd);
    return format(text, { file, ...languages(flags), keywordsInRefs });
  } catch (error) {
    const problems = problemsOf(error, new Map([[file, text]]));
    if (problems === undefined) throw error;
    terminal.err(`failed to format Rego source file: ${problemsText(problems)}`);
    return undefined;
  }
}

/** As OPA's: `--v0-v1` reads v0 unless told that the source is v1. */
function languages(flags: Flags): FormatOptions {
  const v0v1 = flags['v0-v1'];
  const v0 = flags['v0-compatible'];
  return {
    regoVersion: v0 || (v0v1 && !flags['v1-compatible']) ? 'v0' : 'v1',
    targetVersion: v0v1 ? 'v0v1' : v0 ? 'v0' : 'v1',
    dropV0Imports: flags['drop-v0-imports'],
    checkResult: flags['check-result'],
  };
}

/** The file, or every `.rego` file below a directory, in the order of their names. */
function regoFiles(path: string, terminal: Terminal): string[] {
  const place = resolve(terminal.cwd, path);
  if (!statSync(place).isDirectory()) return path.endsWith('.rego') ? [path] : [];
  return readdirSync(place)
    .sort()
    .flatMap((name) => regoFiles(join(path, name), terminal));
}
