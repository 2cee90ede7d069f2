import { join, resolve } from 'node:path';
import {
  alpineKeyFile,
  choosePlatforms,
  createFetcher,
  type Hardened,
  type HardenInput,
  harden as hardenImage,
  machineKeyrings,
  platformName,
} from '@pratique/harden';
import { parsePlatform } from '@pratique/inspect';
import { type Job, readJob } from '../harden/job.ts';
import { optionalStep } from '../harden/optional-step.ts';
import { describeAndJudge, indexOver, makingOf } from '../harden/outcomes.ts';
import { refuseDenied } from '../harden/policy-step.ts';
import { publish } from '../harden/publish.ts';
import { checkReachable } from '../harden/reachable.ts';
import { scanner } from '../harden/scanner.ts';
import { writeReports } from '../harden/write-reports.ts';
import { cacheDirectory } from '../program/cache-directory.ts';
import { Opened } from '../program/opened.ts';
import type { Invocation, Run } from '../program/spec.ts';
import { openSteps } from '../program/steps.ts';
import { openClient } from '../registry/client.ts';
import { openTarget } from '../registry/copy-to.ts';
import { openPlace } from '../registry/places.ts';
import { openDatabase } from '../scan/open-database.ts';
import { openSigner } from '../signing/open-signer.ts';
import type { harden } from '../specs/harden.ts';

export const run: Run<typeof harden.flags> = async (invocation) => {
  const { args, flags, terminal, signal } = invocation;
  const startedOn = new Date();
  const job = readJob(flags, terminal);
  const { target } = job;
  const steps = openSteps(terminal, terminal.live && flags.output !== 'json');
  const opened = new Opened();
  try {
    const database = flags.scan
      ? opened.add(
          await optionalStep(
            () => openDatabase(flags, terminal, startedOn),
            'To harden without a scan: --scan=false.',
          ),
        )
      : null;
    const client = opened.add(openClient(flags, terminal));
    // Whoever cannot sign should hear of it before anything is built.
    const signing = { command: 'harden', rekorVersions: [1, 2], signal } as const;
    const signer =
      flags.sign && target !== null
        ? opened.add(
            await optionalStep(
              () => openSigner(flags, terminal, signing),
              'What is made is signed by who you are unless --key names a key; to sign nothing: --sign=false.',
            ),
          )
        : null;
    if (target !== null) await checkReachable(client, target, terminal, signal);
    const place = opened.add(await openPlace(client, args[0]!, terminal));
    const input: Shared = {
      ...inputOf(job, invocation, startedOn),
      name: place.name,
      repository: place.repository,
      openImage: (image) => openPlace(client, image, terminal),
      scan: database === null ? null : scanner(database, place.name, job.vex, steps),
      progress: steps.begin,
    };
    const index =
      flags.platform === undefined
        ? await choosePlatforms(place.repository, place.version, job.settings, signal)
        : null;
    const built: Hardened[] = [];
    if (index === null) {
      const platform = flags.platform === undefined ? {} : { platform: parsePlatform(flags.platform) };
      built.push(opened.add(await hardenImage({ ...input, ...platform, version: place.version })));
    }
    for (const platform of index?.platforms ?? []) {
      steps.end();
      steps.say(`• ${platformName(platform)}`);
      built.push(opened.add(await hardenImage({ ...input, platform, version: index!.digest })));
    }
    if (target === null) {
      steps.end();
      writeReports(
        built.map(({ report }) => report),
        flags,
        terminal,
      );
      return 0;
    }
    const made = makingOf(startedOn, job);
    const outcomes = await describeAndJudge(built, job, target, made, { steps, terminal });
    if (outcomes.some(({ policy }) => policy.denials.length > 0)) steps.fail();
    else steps.end();
    writeReports(
      outcomes.map(({ report }) => report),
      flags,
      terminal,
    );
    for (const { policy } of outcomes) refuseDenied(policy);
    const { repository, tag } = await openTarget(client, target, terminal);
    const base = index && { name: place.name, digest: index.digest };
    const descriptor = await publish({
      images: outcomes,
      index: base && indexOver(outcomes, base, job, made),
      repository,
      tag,
      signer,
      steps,
      signal,
    });
    steps.end();
    if (flags.output !== 'json') terminal.out(`${target.replace(/@.*$/, '')}@${descriptor.digest}\n`);
    return 0;
  } catch (error) {
    steps.fail();
    throw error;
  } finally {
    await opened.close();
  }
};

/** The same for every platform. */
type Shared = Omit<HardenInput, 'version' | 'platform'>;

/** What the job and the machine give. */
function inputOf(
  { settings, folder, tests, target }: Job,
  { flags, terminal, signal }: Invocation<typeof harden.flags>,
  now: Date,
): Pick<Shared, 'settings' | 'path' | 'tests' | 'repositories' | 'dryRun' | 'signal'> {
  const cache = resolve(terminal.cwd, flags['apt-cache'] ?? join(cacheDirectory(terminal.env), 'apt'));
  return {
    settings,
    path: (path) => resolve(folder, path),
    tests,
    repositories: {
      fetcher: createFetcher({ cache, signal }),
      keyrings: machineKeyrings,
      alpineKey: (path) => alpineKeyFile(resolve(folder, path)),
      now,
    },
    dryRun: target === null,
    signal,
  };
}
