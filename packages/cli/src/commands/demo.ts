import { play } from '../demo/play.ts';
import { demoJson, demoText } from '../demo/print.ts';
import { setStage } from '../demo/stage.ts';
import { cliErrors } from '../errors.ts';
import { exit } from '../program/exit.ts';
import { errorText } from '../program/report-error.ts';
import { serveUntilStopped } from '../program/serve.ts';
import type { Run } from '../program/spec.ts';
import { openClient } from '../registry/client.ts';
import { openPlace } from '../registry/places.ts';
import type { demo } from '../specs/servers.ts';

export const run: Run<typeof demo.flags> = async ({ flags, terminal, signal }) => {
  const client = openClient(flags, terminal);
  try {
    const base = flags.base === undefined ? undefined : await openPlace(client, flags.base, terminal);
    const stage = await setStage(base, flags.offline, terminal, signal, (step) =>
      terminal.err(`• ${step}\n`),
    ).finally(() => base?.close());
    try {
      const outcomes = await play(stage, signal);
      if (flags.output === 'json') terminal.out(demoJson(outcomes));
      else terminal.out(`\n${demoText(outcomes, stage, flags.keep, terminal.colour.out)}`);
      const wrong = outcomes.filter(({ problems }) => problems.length > 0);
      if (wrong.length > 0) {
        const message = wrong
          .map(({ demo: { case: number }, problems }) => `case ${number}: ${problems.join('; ')}`)
          .join('\n');
        terminal.err(errorText(cliErrors.error('DEMO_UNEXPECTED', { message }), terminal.colour.err));
        return exit.operational;
      }
      if (!flags.keep) return exit.ok;
      const urls = { registry: stage.registry.url, admission: stage.webhook.url };
      return await serveUntilStopped({ urls, close: async () => {} }, flags.output, terminal, signal);
    } finally {
      await stage.close();
    }
  } finally {
    client.close();
  }
};
