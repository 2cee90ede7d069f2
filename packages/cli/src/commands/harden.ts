import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { printable } from '@pratique/errors';
import {
  createFetcher,
  type Hardened,
  type HardenSettings,
  harden as hardenImage,
  machineKeyrings,
  parseSettings,
  provenance,
  provenanceType,
  reportPredicate,
  reportType,
} from '@pratique/harden';
import {
  AdvisoryDatabase,
  type Catalog,
  parsePlatform,
  type ScanReport,
  scan,
  toCosignVuln,
  toCyclonedxSbom,
} from '@pratique/inspect';
import { type Descriptor, pushImage, type Repository } from '@pratique/oci';
import { attestImage, type Claim, type ContentSigner, signImage } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { reportHtml } from '../harden/report-html.ts';
import { removalTree, reportText } from '../harden/report-text.ts';
import { cacheDirectory } from '../program/cache-directory.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import { style } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import { programVersion } from '../program/version.ts';
import { openClient } from '../registry/client.ts';
import { openTarget } from '../registry/copy-to.ts';
import { openPlace } from '../registry/places.ts';
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
        file: (path) => ({ file: resolve(terminal.cwd, dirname(flags.file ?? ''), path) }),
        repositories: {
          fetcher: createFetcher({
            cache: flags['apt-cache'] ?? join(cacheDirectory(terminal.env), 'apt'),
            signal,
          }),
          keyrings: machineKeyrings,
          now: startedOn,
        },
        scan: database === null ? null : scanner(database, place.name),
        ...(flags.platform === undefined ? {} : { platform: parsePlatform(flags.platform) }),
        dryRun: flags['dry-run'],
        progress: (step) => terminal.err(`• ${step}\n`),
        signal,
      });
      try {
        writeReport(hardened, flags, terminal);
        if (target === undefined || hardened.image === null) return 0;
        const { repository, tag } = await openTarget(client, target, terminal);
        terminal.err('• pushing\n');
        const subject = await pushImage(hardened.image, repository, { signal });
        if (signer !== null) {
          const times = { version: programVersion(), startedOn, finishedOn: new Date() };
          await signAll(repository, subject, signer, claims(hardened, settings, target, times), signal);
        }
        // The tag comes last: whoever asks for it finds the signature as well.
        if (tag !== undefined)
          await repository.putManifest(hardened.image.manifest, subject.mediaType, { tag, signal });
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
  try {
    return parseSettings(readFileSync(resolve(terminal.cwd, file), 'utf8'), file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Error && error.name === 'PratiqueError') throw error;
    throw cliErrors.error('FILE_UNREADABLE', { message: `${printable(file)}: ${code}`, cause: error });
  }
}

function scanner(database: AdvisoryDatabase, name: string): (catalog: Catalog) => ScanReport {
  return ({ distro, packages }) =>
    scan({ kind: 'image', name, digest: null, distro, packages }, database, {
      ignore: [],
      vex: [],
      onlyFixed: false,
      now: new Date(),
      version: programVersion(),
    });
}

function writeReport({ report }: Hardened, flags: Flags, terminal: Terminal): void {
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

/** Everything that is attested: how it was made, what was done, what is in it, what is known about that. */
function claims(
  { report, after }: Hardened,
  settings: HardenSettings,
  target: string,
  times: Parameters<typeof provenance>[2],
): readonly Claim[] {
  const sbom = toCyclonedxSbom({
    catalog: after.catalog,
    subject: { name: target, digest: report.image?.digest },
    created: times.finishedOn,
    version: times.version,
  });
  return [
    { predicateType: provenanceType, predicate: provenance(report, settings, times) },
    { predicateType: reportType, predicate: reportPredicate(report) },
    { predicateType: 'https://cyclonedx.org/bom', predicate: sbom },
    ...(after.report === null
      ? []
      : [
          {
            predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1',
            predicate: toCosignVuln(after.report),
          },
        ]),
  ];
}

async function signAll(
  repository: Repository,
  subject: Descriptor,
  signer: ContentSigner,
  all: readonly Claim[],
  signal: AbortSignal,
): Promise<void> {
  for (const claim of all) await attestImage(repository, subject, signer, claim, { signal });
  await signImage(repository, subject, signer, { signal });
}
