import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ground, outcome } from './test-calls.ts';

interface Answer {
  readonly call: string;
  readonly operands: readonly string[];
  readonly answers?: readonly string[];
  readonly error?: string;
}

const folder = new URL('answers/', import.meta.url);

describe.each(readdirSync(folder).filter((name) => name.endsWith('.jsonl')))('%s', (file) => {
  const rows = readFileSync(new URL(file, folder), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
  const byName = Map.groupBy(rows, (row) => row.call);
  test.each([...byName])('%s answers what OPA answers, and fails in its words', (name, calls) => {
    for (const { operands, answers, error } of calls) {
      const expected = error === undefined ? { answers } : { error };
      expect({ operands, ...outcome(name, ...operands.map(ground)) }).toEqual({ operands, ...expected });
    }
  });
});
