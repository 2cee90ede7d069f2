import { printable } from '@pratique/errors';
import { style, table } from '../program/style.ts';
import type { Outcome } from './play.ts';
import type { Stage } from './stage.ts';

/** The table, what just happened, and what to do next. */
export function demoText(outcomes: readonly Outcome[], stage: Stage, keep: boolean, colour: boolean): string {
  const c = style(colour);
  const rows = outcomes.map(({ demo, answer, codes, problems }) => [
    String(demo.case),
    demo.image,
    demo.title,
    demo.expected,
    problems.length === 0
      ? answer.allowed
        ? c.green('allowed')
        : c.yellow('denied')
      : c.red(`${answer.allowed ? 'allowed' : 'denied'} (wrong)`),
    codes.join(', ') || 'pinned to its digest',
  ]);
  const heading = ['', 'image', 'what it is', 'expected', 'decision', 'because'].map((cell) => c.bold(cell));
  const wrong = outcomes.flatMap(({ demo, problems }) =>
    problems.map((problem) => `case ${demo.case}: ${printable(problem, 1000)}`),
  );
  const parts = [table([heading, ...rows])];
  if (wrong.length > 0) parts.push(wrong.join('\n'));
  parts.push(
    [
      c.bold('What just happened'),
      `  One image, ${stage.subject.digest.slice(0, 19)}…, was pushed under many names to a registry in this process.`,
      '  The team signed two of them, for dev and for prod; a stranger signed another; one tag was moved, one signature copied.',
      '  Alice and Bob signed it without keys, as who they are to an issuer; others tried to pass for them.',
      '  The public image was hardened to a base image; what developers build must be made on that one, and say so.',
      '  A Pod or Deployment with each was sent as an AdmissionReview to the webhook, over HTTPS, as a cluster does.',
      '  The webhook resolved each tag once, verified the signatures, and asked the Rego policies.',
    ].join('\n'),
  );
  const proposals = next(stage, keep);
  // Commands with paths in them are too long for a column beside them.
  const lines = keep
    ? proposals.map(([line, does]) => `  ${c.dim(`# ${does}`)}\n${line}`).join('\n')
    : table(proposals);
  parts.push(`${c.bold('Next')}\n${lines}`);
  return `${parts.join('\n\n')}\n`;
}

/** How whoever reads this starts the program. */
const command = process.versions['bun'] === undefined ? 'npx pratique' : 'pratique';

function next(stage: Stage, keep: boolean): string[][] {
  if (!keep) {
    return [
      [`  ${command} explain SIGNER_UNTRUSTED`, 'what a denial means, and what to do'],
      [`  ${command} demo --keep`, 'the same, left running to try things on'],
      [`  ${command} generate-key-pair`, 'a key pair of your own, to sign with'],
    ];
  }
  const image = `${stage.registry.address}/guestbook-dev:0.1`;
  return [
    [`  ${command} verify --key ${stage.directory}/team.pub ${image}`, 'check a signature'],
    [
      `  ${command} admit --trust ${stage.directory}/trust.yaml ${stage.registry.address}/public/guestbook:0.1`,
      'see a denial',
    ],
    [
      `  ${command} verify --trusted-root ${stage.directory}/trusted_root.json --certificate-identity alice@example.com --certificate-oidc-issuer ${stage.issuer} ${stage.registry.address}/keyless/dev:0.1`,
      'check whose signature it is',
    ],
    [`  ${command} tree ${image}`, 'what is attached to the image'],
  ];
}

/** The same table for programs. */
export function demoJson(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ demo, image, answer, codes, decisionId }) => ({
    case: demo.case,
    image,
    expected: demo.expected,
    allowed: answer.allowed,
    codes,
    decisionId,
  }));
  return `${JSON.stringify(rows, null, 2)}\n`;
}
