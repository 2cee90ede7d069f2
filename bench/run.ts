/**
 * `npm run bench [-- NAME…]`: our numbers beside a peer's, measured in the same run. Each `<name>.ts` beside this
 * file exports `run()`. Prints a table, writes `results/<name>.json`. Speed never fails a run; an error does. Each has
 * a process of its own: where one has a gigabyte in memory, starting programs takes longer, which others measure.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Row } from './row.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const notBenches = ['run', 'row', 'measure'];
const available = globSync('*.ts', { cwd: here })
  .map((file) => basename(file, '.ts'))
  .filter((name) => !notBenches.includes(name))
  .sort();
const [, script = '', ...asked] = process.argv;
const unknown = asked.filter((name) => !available.includes(name));

if (unknown.length > 0) {
  process.stderr.write(`Unknown: ${unknown.join(', ')}. Known: ${available.join(', ')}\n`);
  process.exitCode = 3;
} else if (asked.length === 1) {
  await measure(asked[0]!);
} else {
  for (const name of asked.length === 0 ? available : asked) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, script, name], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}

async function measure(name: string): Promise<void> {
  try {
    const module = (await import(pathToFileURL(resolve(here, `${name}.ts`)).href)) as {
      run: () => Promise<Row[]>;
    };
    const rows = await module.run();
    print(name, rows);
    const result = { name, time: new Date().toISOString(), ...machine(), rows };
    mkdirSync(resolve(here, 'results'), { recursive: true });
    writeFileSync(resolve(here, 'results', `${name}.json`), `${JSON.stringify(result, rounded, 2)}\n`);
  } catch (error) {
    process.stdout.write(`\n${name}: FAILED\n${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  }
}

function print(name: string, rows: readonly Row[]): void {
  process.stdout.write(`\n${name}\n`);
  const number = (value: number) =>
    value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
  for (const row of rows) {
    const verdict =
      row.goal === undefined ? '' : `goal ${row.goal}: ${row.ratio >= row.goal ? 'met' : 'NOT MET'}`;
    process.stdout.write(
      `  ${row.what.padEnd(46)} ours ${number(row.ours).padStart(9)} ${row.unit.padEnd(9)}` +
        `${row.share === undefined ? '' : ` ${row.share.toFixed(1).padStart(4)} %  `}` +
        ` ${row.peerName} ${number(row.peer)}   ratio ${number(row.ratio)}  ${verdict}\n`,
    );
  }
}

/** Four digits are more than a measurement is worth. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

/** What a reader needs to judge the numbers. */
function machine(): { machine: object; node: string; commit: string } {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: here, encoding: 'utf8' }).stdout.trim();
  const changed = git('status', '--porcelain', '--', ':(top)', ':(top,exclude)bench/results') !== '';
  const commit = `${git('rev-parse', 'HEAD')}${changed ? ' with changes' : ''}`;
  return {
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      os: `${process.platform} ${process.arch}`,
    },
    node: process.version,
    commit,
  };
}
