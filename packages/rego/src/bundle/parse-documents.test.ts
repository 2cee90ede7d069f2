import { expect, test } from 'vitest';
import { parseJsonOrYaml } from './parse-documents.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const of = (part: string, count: number) => bytes(part.repeat(count));

// Read to its end, each of these takes minutes, and all the memory there is.
test.each<[string, Uint8Array, string]>([
  ['brackets without end', of('[', 60_000_000), 'input: yaml: exceeded max depth of 1000'],
  ['mappings without end', of('{[', 10_000_000), 'input: yaml: exceeded max depth of 1000'],
  ['dashes without end', of('- ', 10_000_000), 'input: yaml: exceeded max depth of 1000'],
  [
    'brackets that close nothing',
    of(']', 20_000_000),
    'input: yaml: line 1: did not find expected node content',
  ],
])('what is no document is not read on: %s', (_, text, message) => {
  expect(() => parseJsonOrYaml(text, 'input')).toThrow(message);
});
