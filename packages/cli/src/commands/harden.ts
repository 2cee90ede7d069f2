import { writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  alpineKeyFile,
  createFetcher,
  type HardenReport,
  type HardenSettings,
  harden as hardenImage,
  machineKeyrings,
  parseSettings,
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
import { parseReference, pushImage, type Reference } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import { attachEverything, signEverything, statements } from '../harden/attested.ts';
import { judge, openPolicies, refuseDenied } from '../harden/policy-step.ts';
import { reportHtml } from '../harden/report-html.ts';
import { removalTree, reportText } from '../harden/report-text.ts';
import { readStructureTests } from '../inspect/structure-tests.ts';
import { cacheDirectory } from '../program/cache-directory.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import { style } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import { programVersion } from '../program/version.ts';
import { openClient } from '../registry/client.ts';
import { openTarget } from '../registry/copy-to.ts';
import { openPlace, parseLocal } from '../registry/places.ts';
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
  const signs = flags.sign && !flags['dry-run'];
  const signer = signs
    ? await openSigner(flags, terminal, { command: 'harden', rekorVersions: [1, 2], signal })
    : null;
  try {
    const place = await openPlace(client, args[0]!, terminal);
    try {
      const hardened = await hardenImage({
        name: place.name,
        repository: place.repository,
        version: place.version,
        settings,
        path: (path) => resolve(folder, path),
        openImage: (image) => openPlace(client, image, terminal),
        tests,
        repositories: {
          fetcher: createFetcher({
            cache: flags['apt-cache'] ?? join(cacheDirectory(terminal.env), 'apt'),
            signal,
          }),
          keyrings: machineKeyrings,
          alpineKey: (path) => alpineKeyFile(resolve(folder, path)),
          now: startedOn,
        },
        scan: database === null ? null : scanner(database, place.name, vex),
        ...(flags.platform === undefined ? {} : { platform: parsePlatform(flags.platform) }),
        dryRun: flags['dry-run'],
        progress: (step) => terminal.err(`• ${step}\n`),
        signal,
      });
      try {
        const { image, report } = hardened;
        if (target === undefined || image === null) {
          writeReport(report, flags, terminal);
          return 0;
        }
        terminal.err('• asking the policies\n');
        const attested = statements(hardened, settings, target, {
          version: programVersion(),
          startedOn,
          finishedOn: new Date(),
          policyDigest: policies.engine.digest,
          databaseDigest: hardened.after.report?.database.digest ?? null,
        });
        const policy = await judge(policies, targetReference(target, terminal), image, attested);
        writeReport({ ...report, policy }, flags, terminal);
        refuseDenied(policy);
        const { repository, tag } = await openTarget(client, target, terminal);
        const subject = image.descriptor;
        if (signer !== null) terminal.err('• signing\n');
        const bundles =
          signer === null ? [] : await signEverything(repository, subject, signer, attested, signal);
        terminal.err('• pushing\n');
        await pushImage(image, repository, { signal });
        await attachEverything(repository, subject, bundles, signal);
        // The tag comes last: whoever asks for it finds the signature as well.
        if (tag !== undefined)
          await repository.putManifest(image.manifest, subject.mediaType, { tag, signal });
        if (flags.output !== 'json') terminal.out(`${target.replace(/@.*$/, '')}@${subject.digest}\n`);
        return 0;
      } finally {
        hardened.close();
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
): (catalog: Catalog, subject: 'base' | 'result') => ScanReport {
  return ({ distro, packages }, subject) =>
    scan({ kind: 'image', name, digest: null, distro, packages }, database, {
      ignore: [],
      vex: subject === 'base' ? [] : vex,
      onlyFixed: false,
      now: new Date(),
      version: programVersion(),
    });
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

function writeReport(report: HardenReport, flags: Flags, terminal: Terminal): void {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (flags.report !== undefined) {
    const html = flags.report.endsWith('.html');
    writeFileSync(resolve(terminal.cwd, flags.report), html ? reportHtml(report) : json);
  }
  if (flags.output === 'json') terminal.out(json);
  else {
    const colour = style(terminal.colour.out);
    if (flags['dry-run']) terminal.out(removalTree(report, colour));
    terminal.out(reportText(report, colour));
  }
}
