import { writeFileSync } from 'node:fs';
import { basename, dirname, join, parse, resolve } from 'node:path';
import {
  alpineKeyFile,
  choosePlatforms,
  createFetcher,
  type Hardened,
  type HardenReport,
  type HardenSettings,
  hardenedIndex,
  harden as hardenImage,
  indexProvenance,
  machineKeyrings,
  parseSettings,
  platformName,
  provenanceType,
} from '@pratique/harden';
import {
  AdvisoryDatabase,
  type Catalog,
  parsePlatform,
  parseVex,
  type ScanReport,
  scan,
  type VexStatement,
} from '@pratique/inspect';
import { parseReference, type Reference } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import { statements } from '../harden/attested.ts';
import { judge, openPolicies, refuseDenied } from '../harden/policy-step.ts';
import { publish } from '../harden/publish.ts';
import { reportHtml } from '../harden/report-html.ts';
import { removalTree, reportText } from '../harden/report-text.ts';
import { readStructureTests } from '../inspect/structure-tests.ts';
import { cacheDirectory } from '../program/cache-directory.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import { openSteps, type Steps } from '../program/steps.ts';
import { style } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import { programVersion } from '../program/version.ts';
import { openClient } from '../registry/client.ts';
import { openTarget } from '../registry/copy-to.ts';
import { openPlace, parseLocal } from '../registry/places.ts';
import { blindSpots, endOfUpdates } from '../scan/blind-spots.ts';
import { databasePath } from '../scan/database-path.ts';
import { openSigner } from '../signing/open-signer.ts';
import type { harden } from '../specs/harden.ts';

type Flags = FlagValues<typeof harden.flags>;

export const run: Run<typeof harden.flags> = async ({ args, flags, terminal, signal }) => {
  const startedOn = new Date();
  const settings = readSettings(flags.file, terminal);
  const target = flags.tag;
  if (target === undefined && !flags['dry-run']) {
    throw cliErrors.error('USAGE', {
      message: 'nothing says where the image goes',
      expected: '-t TARGET, or --dry-run',
      found: 'neither',
    });
  }
  const folder = resolve(terminal.cwd, dirname(flags.file ?? ''));
  const tests = settings.tests.files.map((file) => readStructureTests(file, folder));
  const vex = flags.vex.flatMap((file) => parseVex(readFile(file, terminal.cwd)));
  const policies = openPolicies(settings, folder);
  const database = flags.scan ? AdvisoryDatabase.open(databasePath(flags.db, terminal)) : null;
  const client = openClient(flags, terminal);
  // Whoever cannot sign should hear of it before anything is built.
  const steps = openSteps(terminal, terminal.live && flags.output !== 'json');
  const signs = flags.sign && !flags['dry-run'];
  const signer = signs
    ? await openSigner(flags, terminal, { command: 'harden', rekorVersions: [1, 2], signal })
    : null;
  try {
    const place = await openPlace(client, args[0]!, terminal);
    try {
      const chosen =
        flags.platform === undefined
          ? await choosePlatforms(place.repository, place.version, settings, signal)
          : null;
      const single = flags.platform === undefined ? undefined : parsePlatform(flags.platform);
      const all: Hardened[] = [];
      try {
        for (const platform of chosen?.platforms ?? [single]) {
          steps.end();
          if (chosen !== null) steps.say(`• ${platformName(platform!)}`);
          const input = {
            name: place.name,
            repository: place.repository,
            version: chosen?.digest ?? place.version,
            settings,
            path: (path: string) => resolve(folder, path),
            openImage: (image: string) => openPlace(client, image, terminal),
            tests,
            repositories: {
              fetcher: createFetcher({
                cache: resolve(terminal.cwd, flags['apt-cache'] ?? join(cacheDirectory(terminal.env), 'apt')),
                signal,
              }),
              keyrings: machineKeyrings,
              alpineKey: (path: string) => alpineKeyFile(resolve(folder, path)),
              now: startedOn,
            },
            scan: database === null ? null : scanner(database, place.name, vex, steps),
            dryRun: flags['dry-run'],
            progress: steps.begin,
            signal,
          };
          all.push(await hardenImage(platform === undefined ? input : { ...input, platform }));
        }
        if (target === undefined || flags['dry-run']) {
          steps.end();
          writeReports(
            all.map(({ report }) => report),
            flags,
            terminal,
          );
          return 0;
        }
        steps.begin('describing what was built');
        const made = {
          version: programVersion(),
          startedOn,
          finishedOn: new Date(),
          policyDigest: policies.engine.digest,
        };
        const described = all.map((hardened) => {
          const databaseDigest = hardened.after.report?.database.digest ?? null;
          return { hardened, attested: statements(hardened, settings, target, { ...made, databaseDigest }) };
        });
        steps.begin('asking the policies');
        const outcomes = await Promise.all(
          described.map(async ({ hardened, attested }) => {
            const image = hardened.image!;
            const policy = await judge(policies, targetReference(target, terminal), image, attested);
            return {
              image,
              platform: hardened.platform,
              attested,
              report: { ...hardened.report, policy },
              policy,
            };
          }),
        );
        const reports = outcomes.map(({ report }) => report);
        const denied = outcomes.some(({ policy }) => policy.denials.length > 0);
        if (denied) steps.fail();
        else steps.end();
        writeReports(reports, flags, terminal);
        for (const { policy } of outcomes) refuseDenied(policy);
        const base = chosen && { name: place.name, digest: chosen.digest };
        const index = base && {
          ...hardenedIndex(outcomes, base),
          attested: [
            { predicateType: provenanceType, predicate: indexProvenance(base, reports, settings, made) },
          ],
        };
        const { repository, tag } = await openTarget(client, target, terminal);
        const images = outcomes.map(({ image, attested }) => ({ image, attested }));
        const descriptor = await publish({ images, index, repository, tag, signer, steps, signal });
        steps.end();
        if (flags.output !== 'json') terminal.out(`${target.replace(/@.*$/, '')}@${descriptor.digest}\n`);
        return 0;
      } catch (error) {
        steps.fail();
        throw error;
      } finally {
        for (const hardened of all) hardened.close();
      }
    } finally {
      await place.close();
    }
  } finally {
    signer?.close();
    client.close();
    database?.close();
  }
};

function readSettings(file: string | undefined, terminal: Terminal): HardenSettings {
  if (file === undefined) return parseSettings('', 'defaults');
  return parseSettings(new TextDecoder().decode(readFile(file, terminal.cwd)), file);
}

function scanner(
  database: AdvisoryDatabase,
  name: string,
  vex: readonly VexStatement[],
  steps: Steps,
): (catalog: Catalog, subject: 'base' | 'result') => ScanReport {
  return ({ distro, packages }, subject) => {
    const report = scan({ kind: 'image', name, digest: null, distro, packages }, database, {
      ignore: [],
      vex: subject === 'base' ? [] : vex,
      onlyFixed: false,
      now: new Date(),
      version: programVersion(),
    });
    const ended = endOfUpdates(report);
    for (const line of [...blindSpots(report), ...(ended === undefined ? [] : [ended])])
      steps.say(`warning: ${subject}: ${line}`);
    return report;
  };
}

/** How policies see the name the image will have. A directory has no registry. */
function targetReference(target: string, terminal: Terminal): Reference {
  const local = parseLocal(target, terminal);
  if (local === undefined) return parseReference(target);
  return {
    registry: 'localhost',
    repository: basename(local.path),
    ...(local.tag === undefined ? {} : { tag: local.tag }),
  };
}

/** One report for each image: on standard output a list where there are several, in files of their own with the platform's name. */
function writeReports(reports: readonly HardenReport[], flags: Flags, terminal: Terminal): void {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const several = reports.length > 1;
  for (const report of flags.report === undefined ? [] : reports) {
    const { dir, name, ext } = parse(resolve(terminal.cwd, flags.report!));
    const platform = several ? `.${report.platform.replaceAll('/', '-')}` : '';
    writeFileSync(join(dir, `${name}${platform}${ext}`), ext === '.html' ? reportHtml(report) : json(report));
  }
  if (flags.output === 'json') {
    terminal.out(json(several ? reports : reports[0]));
    return;
  }
  const colour = style(terminal.colour.out);
  for (const report of reports) {
    if (flags['dry-run']) terminal.out(removalTree(report, colour));
    terminal.out(reportText(report, colour));
  }
}
