import type { TestResult } from '@pratique/rego';

/** Test results as the XML that CI systems read: one suite a package. */
export function junitReport(results: readonly TestResult[]): string {
  const suites = new Map<string, TestResult[]>();
  for (const result of results) suites.set(result.package, [...(suites.get(result.package) ?? []), result]);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites ${totals(results)}>`];
  for (const [name, members] of suites) {
    lines.push(
      `  <testsuite name="${xml(name)}" ${totals(members)}>`,
      ...members.flatMap(testCase),
      '  </testsuite>',
    );
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function totals(results: readonly TestResult[]): string {
  const count = (outcome: TestResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const seconds = results.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
  return `tests="${results.length}" failures="${count('fail')}" errors="${count('error')}" skipped="${count('skip')}" time="${seconds.toFixed(6)}"`;
}

function testCase(result: TestResult): string[] {
  const { package: suite, name, location, outcome, error, output, durationMs } = result;
  const time = (durationMs / 1000).toFixed(6);
  const place = `${location.file}:${location.row}`;
  const head = `    <testcase classname="${xml(suite)}" name="${xml(name)}" file="${xml(location.file)}" line="${location.row}" time="${time}"`;
  const inside: string[] = [];
  if (outcome === 'skip') inside.push('      <skipped/>');
  if (outcome === 'fail') inside.push(`      <failure message="${xml(`${place}: the test is not true`)}"/>`);
  if (outcome === 'error')
    inside.push(
      `      <error message="${xml(error?.message ?? '')}">${xml(error?.toString() ?? '')}</error>`,
    );
  if (output !== '') inside.push(`      <system-out>${xml(output)}</system-out>`);
  return inside.length === 0 ? [`${head}/>`] : [`${head}>`, ...inside, '    </testcase>'];
}

/** XML 1.0 text; characters that it has no way to write become U+FFFD. */
function xml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '<': '&lt;',
    '>': '&gt;',
    '&': '&amp;',
    '"': '&quot;',
    '\n': '&#10;',
  };
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[<>&"\n]/g, (character) => names[character]!);
}
