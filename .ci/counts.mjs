// Prints `PASSED FAILED` of a part from what it left behind. Plain JavaScript: it runs on the machine's own Node.
import { readFileSync } from 'node:fs';

const [kind, path] = process.argv.slice(2);

/** Decisions that came out as expected, and the others, of `pratique demo -o json`. */
function demo(text) {
  // The document stands alone on its lines; npm and the demo may say other things around it.
  const cases = JSON.parse(text.slice(text.indexOf('\n[') + 1, text.lastIndexOf(']') + 1));
  const good = cases.filter((one) => one.allowed === (one.expected === 'allowed')).length;
  return [good, cases.length - good];
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
  counts = { demo, vitest }[kind](`\n${readFileSync(path, 'utf8')}`);
} catch (error) {
  process.stderr.write(`No counts of ${kind}: ${error.message}\n`);
}
process.stdout.write(`${counts.join(' ')}\n`);
