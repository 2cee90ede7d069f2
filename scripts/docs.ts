// Writes the reference pages that are made from the code: docs/reference/errors.md and docs/reference/cli.md.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allErrors } from '../packages/cli/src/catalog.ts';
import { commandHelp } from '../packages/cli/src/program/help.ts';
import { commands } from '../packages/cli/src/specs/index.ts';

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

/** Path below the repository's root → content. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/reference/errors.md', await errorsPage()],
    ['docs/reference/cli.md', cliPage()],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, content] of await generatedDocs())
    writeFileSync(new URL(`../${path}`, import.meta.url), content);
}
