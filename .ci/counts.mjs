// Prints `PASSED FAILED` of a part from what it left behind. Plain JavaScript: it runs on the machine's own Node.
import { readFileSync } from 'node:fs';

const [kind, path] = process.argv.slice(2);

/** The rows of `pratique demo`'s table: number, image, what it is, expected, decision, because. */
function demo(text) {
  const rows = [...text.matchAll(/^\d+ .*? {2,}(allowed|denied) +(allowed|denied)\b/gm)];
  const good = rows.filter(([, expected, decision]) => expected === decision).length;
  return [good, rows.length - good];
}

/** A test that was skipped proves nothing, so it counts as failed; so does a file that could not be run. */
function vitest(text) {
  const report = JSON.parse(text);
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const notRun = report.numPendingTests + report.numTodoTests;
  return [report.numPassedTests, report.numFailedTests + notRun + broken.length];
}

let counts = [0, 0];
try {
  counts = { demo, vitest }[kind](readFileSync(path, 'utf8'));
} catch (error) {
  process.stderr.write(`No counts of ${kind}: ${error.message}\n`);
}
process.stdout.write(`${counts.join(' ')}\n`);
