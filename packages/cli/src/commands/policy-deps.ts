import { type Dependencies, dependencies, type GoJson, goJson, refText } from '@pratique/rego';
import { loadSources } from '../policy/load-sources.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { compileInput, languageOf, textsOf } from '../policy/sources.ts';
import { boxed } from '../policy/table.ts';
import type { Run } from '../program/spec.ts';
import type { policyDeps } from '../specs/policy-queries.ts';

export const run: Run<typeof policyDeps.flags> = async ({ args, flags, terminal, signal }) => {
  let texts = new Map<string, string>();
  try {
    const sources = await loadSources(flags, terminal, signal);
    texts = textsOf(sources);
    const found = dependencies(compileInput(sources, { regoVersion: languageOf(flags) }), args[0]!);
    terminal.out(flags.format === 'json' ? json(found) : pretty(found));
    return 0;
  } catch (error) {
    const problems = problemsOf(error, texts);
    if (problems === undefined) throw error;
    terminal.err(problemsText(problems));
    return 1;
  }
};

type Ref = Dependencies['base'][number];

function json({ base, virtual }: Dependencies): string {
  const list = (refs: readonly Ref[]): GoJson | undefined =>
    refs.length === 0 ? undefined : refs.map(({ terms }) => terms.map(termJson));
  return `${goJson({ base: list(base), virtual: list(virtual) }, '  ')}\n`;
}

function termJson(term: Ref['terms'][number]): GoJson {
  switch (term.kind) {
    case 'var':
      return { type: 'var', value: term.name };
    case 'number':
      return { type: 'number', value: Number(term.text) };
    case 'string':
    case 'boolean':
      return { type: term.kind, value: term.value };
    default:
      return { type: 'null', value: null };
  }
}

function pretty({ base, virtual }: Dependencies): string {
  const columns = [
    { title: 'BASE DOCUMENTS', refs: base.map(({ terms }) => refText(terms)) },
    { title: 'VIRTUAL DOCUMENTS', refs: virtual.map(({ terms }) => refText(terms)) },
  ].filter(({ refs }) => refs.length > 0);
  if (columns.length === 0) return '';
  const height = Math.max(...columns.map(({ refs }) => refs.length));
  const rows = Array.from({ length: height }, (_, row) => columns.map(({ refs }) => refs[row] ?? ''));
  return boxed(
    rows,
    columns.map(({ title }) => title),
  );
}
