/** `pratique policy check` beside `opa check`: the same problems, in the same words, at the same places. */
import { deepEqual } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../packages/cli/src/program/run.ts';
import { testTerminal } from '../../packages/cli/src/testing/terminal.ts';
import type { Context, Scenario } from '../support/context.ts';
import { badModules, type Checked } from './rego-check/bad-modules.ts';
import { schemaCases } from './rego-check/schemas.ts';

const NOWHERE = { file: '', row: 0 };

type Files = Readonly<Record<string, string>>;

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number };
  readonly details?: unknown;
}

/**
 * Both commands on the same files. Ours runs in this process: several hundred would start slowly. Codes, messages and
 * places are compared as JSON; the lines below a type error, which OPA's JSON has in pieces, as OPA prints them.
 */
async function same(context: Context, files: Files, args: readonly string[]): Promise<void> {
  const cwd = context.scratch();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  const json = ['check', '--format', 'json', ...args];
  const theirs = await context.run('opa', json, { cwd });
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const code = await run(['policy', ...json], terminal, new AbortController().signal);
  const [found, wanted] = [problems(terminal.stderr), problems(theirs.stderr)];
  const text = `\n${Object.values(files).join('\n---\n')}\n`;
  deepEqual([code, ...found.map(withoutTypes)], [theirs.code, ...wanted.map(withoutTypes)], text);
  if (!wanted.some((problem) => isTyped(problem.details))) return;
  const { stderr } = await context.run('opa', ['check', ...args], { cwd });
  const shown = found.map(({ location: { file, row } = NOWHERE, code: kind, message, details }) =>
    [
      `${file}:${row}: ${kind}: ${message}`,
      ...(details === undefined ? [] : String(details).split('\n')),
    ].join('\n\t'),
  );
  deepEqual(lines(shown.join('\n')), lines(stderr.replace(/^(1 error|\d+ errors) occurred:\s/, '')), text);
}

/** Where one place has several problems, OPA tells them in the order of chance. */
function lines(text: string): readonly string[] {
  return text
    .trimEnd()
    .split(/\n(?!\t)/)
    .sort();
}

function problems(text: string): readonly Problem[] {
  const found = text.startsWith('{') ? (JSON.parse(text) as { errors: Problem[] }).errors : [];
  return found.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function sortKey({ location, message }: Problem): string {
  return JSON.stringify([location?.file, location?.row, location?.col, message]);
}

/** What was found and what was wanted, and not the line of a syntax error. */
function isTyped(details: unknown): boolean {
  return (
    typeof details === 'string' || (typeof details === 'object' && details !== null && !('line' in details))
  );
}

function withoutTypes({ details, ...problem }: Problem): unknown {
  return isTyped(details) || details === undefined ? problem : { ...problem, details };
}

async function every<C>(cases: readonly C[], check: (subject: C) => Promise<void>): Promise<void> {
  const failures: string[] = [];
  for (const subject of cases) {
    await check(subject).catch((error: unknown) => failures.push(String(error)));
  }
  deepEqual(failures.length, 0, `${failures.length} of ${cases.length} differ:\n${failures.join('\n\n')}`);
}

function bad(context: Context, { modules, strict, v0 }: Checked): Promise<void> {
  const files = typeof modules === 'string' ? { 'p.rego': modules } : modules;
  const flags = [...(strict === true ? ['--strict'] : []), ...(v0 === true ? ['--v0-compatible'] : [])];
  return same(context, files, [...flags, ...Object.keys(files)]);
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    {
      name: 'mistakes are told as opa check tells them',
      run: () => every(badModules, (subject) => bad(context, subject)),
    },
    {
      name: 'schemas refuse what opa check --schema refuses, in the same words',
      run: () => every(schemaCases, ({ files, args }) => same(context, files, args)),
    },
  ];
}
