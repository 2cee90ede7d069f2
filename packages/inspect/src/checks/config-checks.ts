import type { Check, CheckSubject, Occurrence } from './check.ts';
import { hasSecretName, hasSecretValue } from './secrets.ts';

/** A step of the history, and what it ran without what Docker and BuildKit write around that. */
interface Step {
  readonly text: string;
  readonly command: string;
}

function steps({ config }: CheckSubject): Step[] {
  return (config?.history ?? []).map(({ createdBy }) => {
    const text = createdBy.slice(0, 10_000);
    const command = text
      .replace(/^RUN\s+/, '')
      .replace(/^(?:\|\d+ .*?)?\/bin\/sh -c (?:#\(nop\)\s*)?/, '')
      .trim();
    return { text, command };
  });
}

/** A secret can stand in any step, so none is shown further than its first word. */
function* stepsThat(
  subject: CheckSubject,
  matches: (step: Step, at: number) => boolean,
): Generator<Occurrence> {
  for (const [at, step] of steps(subject).entries()) {
    const [word] = /^[A-Za-z][A-Za-z-]{0,30}(?=\s)/.exec(step.command) ?? [];
    if (matches(step, at)) yield { what: `history step ${at + 1}${word === undefined ? '' : `: ${word} …`}` };
  }
}

const needsConfig = true;

/** Checks of the image configuration and its history. */
export const configChecks: readonly Check[] = [
  {
    id: 'user-root',
    severity: 'medium',
    title: 'The image runs as root.',
    remedy: 'Set a user that is not root: USER 65532.',
    references: ['CIS-DI-0001'],
    needsConfig,
    *find({ config }) {
      const user = config?.user.split(':')[0] ?? '';
      if (user === '' || user === 'root' || /^0+$/.test(user))
        yield { what: user === '' ? 'no user is set' : `the user is ${user}` };
    },
  },
  {
    id: 'healthcheck-missing',
    severity: 'low',
    title: 'The image does not say how to see whether it works.',
    remedy: 'Add a HEALTHCHECK, or a probe where the image is deployed (Kubernetes heeds only its own).',
    references: ['CIS-DI-0006'],
    needsConfig,
    *find({ config }) {
      const [kind] = config?.healthcheck ?? [];
      if (kind === undefined || kind === 'NONE') yield { what: 'no health check is set' };
    },
  },
  {
    id: 'secret-in-environment',
    severity: 'high',
    title: 'An environment variable of the image looks like a secret.',
    remedy:
      'Give secrets to the container when it starts, and change this one: everybody who has the image has it.',
    references: ['CIS-DI-0010'],
    needsConfig,
    *find({ config }) {
      for (const variable of config?.env ?? []) {
        const equals = variable.indexOf('=');
        const [name, value] = [variable.slice(0, equals), variable.slice(equals + 1)];
        if (equals > 0 && (hasSecretName(name, value) || hasSecretValue(value)))
          yield { what: `the variable ${name}` };
      }
    },
  },
  {
    id: 'secret-in-history',
    severity: 'high',
    title: 'A step of the history shows what looks like a secret.',
    remedy: 'Use RUN --mount=type=secret in place of build arguments, and change the secret.',
    references: ['CIS-DI-0010'],
    needsConfig,
    *find(subject) {
      const assignment = /\b([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|\S+)/g;
      yield* stepsThat(
        subject,
        // ENV is what the environment shows already.
        ({ text, command }) =>
          !command.startsWith('ENV ') &&
          (hasSecretValue(text) ||
            [...text.matchAll(assignment)].some(([, name, value]) =>
              hasSecretName(name!, value!.replaceAll(/["']/g, '')),
            )),
      );
    },
  },
  {
    id: 'tag-latest',
    severity: 'medium',
    title: 'The image was asked for by the tag latest.',
    remedy: 'Name a version, or better a digest: latest is another image tomorrow.',
    references: ['DKL-DI-0006'],
    *find({ tag }) {
      if (tag === 'latest') yield { what: 'the tag is latest' };
    },
  },
  {
    id: 'add-instruction',
    severity: 'low',
    title: 'A file was added with ADD, which fetches and unpacks.',
    remedy: 'Use COPY, or ADD with --checksum.',
    references: ['CIS-DI-0009'],
    needsConfig,
    *find(subject) {
      // The first step of most images is their root file system, added by whoever made the base.
      yield* stepsThat(
        subject,
        ({ command }, at) => at > 0 && /^ADD\s/.test(command) && !/--checksum=|\sin \/\s*$/.test(command),
      );
    },
  },
  {
    id: 'update-alone',
    severity: 'medium',
    title:
      'A step updates the package lists and installs nothing: the next one works with lists of the cache.',
    remedy: 'Run apt-get update and apt-get install in one step.',
    references: ['CIS-DI-0007'],
    needsConfig,
    *find(subject) {
      yield* stepsThat(
        subject,
        ({ command }) =>
          /\bapt(?:-get)?\s+(?:-\S+\s+)*update\b/.test(command) && !/\b(?:install|upgrade)\b/.test(command),
      );
    },
  },
  {
    id: 'dist-upgrade',
    severity: 'low',
    title: 'A step upgrades to whatever the mirrors had that day.',
    remedy: 'Take a newer base, so that two builds of one day are one image.',
    references: ['DKL-DI-0003'],
    needsConfig,
    *find(subject) {
      yield* stepsThat(subject, ({ command }) =>
        /\bapt(?:-get)?\s+(?:-\S+\s+)*(?:dist-upgrade|full-upgrade)\b/.test(command),
      );
    },
  },
  {
    id: 'sudo-in-history',
    severity: 'medium',
    title: 'A step of the history uses sudo.',
    remedy: 'Set USER root for the step and the final user after it.',
    references: ['DKL-DI-0001'],
    needsConfig,
    *find(subject) {
      yield* stepsThat(subject, ({ command }) => /(?:^|[;&|]\s*)sudo\s/.test(command));
    },
  },
  {
    id: 'volume-sensitive',
    severity: 'high',
    title: 'A volume is declared over a directory of the system.',
    remedy: 'Remove the VOLUME.',
    references: ['DKL-DI-0002'],
    needsConfig,
    *find({ config }) {
      for (const volume of config?.volumes ?? [])
        if (/^\/(?:|(?:boot|dev|etc|lib|proc|root|sys|usr)(?:\/.*)?)$/.test(volume))
          yield { what: `the volume ${volume}` };
    },
  },
];
