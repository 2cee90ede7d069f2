import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleDecision } from '../testing/decision.ts';
import type { DecisionLogConfig } from './config.ts';
import { openDecisionLog } from './log.ts';

let folder: string;
let printed: string[];
/** So many lines are read on the console, and then nobody is there. */
let readLines: number;
let problems: Error[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  [printed, problems, readLines] = [[], [], Number.POSITIVE_INFINITY];
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (config: Partial<DecisionLogConfig>) =>
  openDecisionLog(
    { console: false, file: null, http: null, labels: {}, policies: [], ...config },
    { console: (line) => printed.push(line) <= readLines, onProblem: (error) => problems.push(error) },
  );
const file = (sync: boolean) => ({ path: join(folder, 'd.json'), sync, maxMiB: 1, keep: 1 });

test('a decision is one line on the console and in the file, with the same id', async () => {
  const log = open({ console: true, file: file(true), labels: { site: 'a' } });
  await log.log(sampleDecision());
  const [line] = readFileSync(join(folder, 'd.json'), 'utf8').trim().split('\n');
  expect(line).toBe(printed[0]);
  expect(JSON.parse(line!)).toMatchObject({
    decision_id: sampleDecision().decisionId,
    labels: { site: 'a', id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });
  await log.close();
});

test('with sync, a decision that cannot be written may not be answered', async () => {
  mkdirSync(join(folder, 'd.json'));
  const log = open({ file: file(true) });
  await expect(log.log(sampleDecision())).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
  expect(log.stats.lost.not_written).toBe(1);
});

test('without sync it may, and is counted', async () => {
  mkdirSync(join(folder, 'd.json'));
  const log = open({ file: file(false) });
  await log.log(sampleDecision());
  await log.close();
  expect(log.stats.lost.not_written).toBe(1);
  expect(problems).toMatchObject([{ code: 'LOG_WRITE_FAILED' }]);
});

test('a decision that nobody reads on the console any more is counted as lost', async () => {
  readLines = 1;
  const log = open({ console: true });
  for (let i = 0; i < 3; i++) await log.log(sampleDecision());
  expect(log.stats).toMatchObject({ logged: 3, lost: { not_written: 2 } });
});

test('dropped and masked events are dropped and masked everywhere', async () => {
  const rules = join(folder, 'log.rego');
  writeFileSync(
    rules,
    'package system.log\ndrop if input.result.allowed\nmask contains "/input/subject/name"\n',
  );
  const log = open({ console: true, file: file(true), policies: [rules] });
  await log.log(sampleDecision({ allowed: true }));
  await log.log(sampleDecision());
  expect(printed).toHaveLength(1);
  expect(`${printed[0]}${readFileSync(join(folder, 'd.json'), 'utf8')}`).not.toContain('"shop"');
  expect(log.stats).toMatchObject({ logged: 1, dropped: 1 });
  await log.close();
});
