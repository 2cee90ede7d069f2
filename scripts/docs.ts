// Writes what is made from the code and from measurements: docs/reference/errors.md, docs/reference/cli.md,
// docs/reference/secrets.md and the table in docs/executable.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allErrors } from '../packages/cli/src/catalog.ts';
import { commandHelp } from '../packages/cli/src/program/help.ts';
import { commands } from '../packages/cli/src/specs/index.ts';
import { notSearched, secretRules, severities } from '../packages/inspect/src/index.ts';

const kinds = {
  denial: 'an answer about an image: no',
  fault: 'something did not work; never an answer, and never an allow',
  usage: 'the call or a file given to it is wrong',
  auth: 'a credential is missing or refused',
} as const;

/** The error registry, one section a code. */
async function errorsPage(): Promise<string> {
  const all = [...(await allErrors())].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [
    '# Error and denial codes',
    'Made from the code by `scripts/docs.ts`. `pratique explain CODE` prints the same. Codes are stable; messages may change.',
    `| kind | means |\n|---|---|\n${Object.entries(kinds)
      .map(([kind, means]) => `| ${kind} | ${means} |`)
      .join('\n')}`,
  ];
  for (const [code, { kind, area, title, remedy }] of all) {
    parts.push(`## ${code}\n\n*${kind}, ${area}.* ${title}\n\n**What to do:** ${remedy}`);
  }
  return `${parts.join('\n\n')}\n`;
}

/** Help of every command. */
function cliPage(): string {
  const parts = [
    '# The command line',
    'Made from the code by `scripts/docs.ts`: what `pratique COMMAND --help` prints.',
    '| exit code | means |\n|---|---|\n| 0 | ok |\n| 1 | something did not work (a fault) |\n| 2 | denied |\n| 3 | usage |\n| 4 | authentication |\n| 10 | verify: the image has no signature |\n| 11 | verify: no such image |\n| 12 | verify: none of the signatures matches |\n| 13 | verify: no certificate |\n| 130 | interrupted |',
  ];
  for (const command of commands)
    parts.push(`## pratique ${command.name}\n\n\`\`\`text\n${commandHelp(command, false)}\`\`\``);
  return `${parts.join('\n\n')}\n`;
}

/** Every kind of secret, worst first. */
function secretsPage(): string {
  const kinds = [
    ...secretRules.map((rule) => ({ ...rule, where: rule.inBinaries ? 'all' : 'text' })),
    { ...notSearched, where: 'all' },
  ];
  const rows = severities.flatMap((severity) =>
    kinds
      .filter((kind) => kind.severity === severity)
      .map(({ id, title, where }) => `| \`${id}\` | ${title} | ${severity} | ${where} |`)
      .sort(),
  );
  return [
    '# Kinds of secrets',
    'Made from the code by `scripts/docs.ts`: what [`pratique scan`](../scan.md#secrets) and `pratique check` look for in files.',
    `| id | what it is | severity | in which files |\n|---|---|---|---|\n${rows.join('\n')}\n`,
  ].join('\n\n');
}

interface Measurements {
  readonly time: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly os: string };
  readonly rows: readonly { readonly what: string; readonly ours: number; readonly peer: number }[];
}

const atRoot = (path: string) => new URL(`../${path}`, import.meta.url);

/** The page about the executable, with its table as it was last measured. */
function executablePage(): string {
  const page = readFileSync(atRoot('docs/executable.md'), 'utf8');
  const results = 'bench/results/verify.json';
  const { time, machine, rows } = JSON.parse(readFileSync(atRoot(results), 'utf8')) as Measurements;
  const prefix = 'verify command, executable, ';
  const lines = rows
    .filter(({ what }) => what.startsWith(prefix))
    .map(
      ({ what, ours, peer }) => `| ${what.slice(prefix.length)} | ${ours.toFixed(0)} | ${peer.toFixed(0)} |`,
    );
  const table = `| signature | \`pratique verify\` | \`cosign verify\` |\n|---|---|---|\n${lines.join('\n')}`;
  const where = `Measured ${time.slice(0, 10)} on ${machine.cores} cores of an ${machine.cpu}, ${machine.os}: \`${results}\`.`;
  return page.replace(
    /(<!-- bench\/results\/verify\.json -->\n).*(<!-- end -->)/s,
    (_, begin, end) => `${begin}${table}\n\n${where}\n${end}`,
  );
}

/** Path below the repository's root → content. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/reference/errors.md', await errorsPage()],
    ['docs/reference/cli.md', cliPage()],
    ['docs/reference/secrets.md', secretsPage()],
    ['docs/executable.md', executablePage()],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, content] of await generatedDocs()) writeFileSync(atRoot(path), content);
}
