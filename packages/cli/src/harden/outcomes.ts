import { basename } from 'node:path';
import {
  type Hardened,
  type HardenReport,
  hardenedIndex,
  indexProvenance,
  type Making,
  type PolicyVerdict,
  provenanceType,
} from '@pratique/harden';
import { type BuiltImage, type Digest, type Platform, parseReference, type Reference } from '@pratique/oci';
import type { Statement } from '@pratique/policy';
import type { Steps } from '../program/steps.ts';
import type { Terminal } from '../program/terminal.ts';
import { programVersion } from '../program/version.ts';
import { parseLocal } from '../registry/places.ts';
import { statements } from './attested.ts';
import type { Job } from './job.ts';
import { judge } from './policy-step.ts';
import type { Publication } from './publish.ts';

/** What is the same for all images of one command. */
export type Made = Omit<Making, 'databaseDigest'>;

/** An image that was built, with what is to be attested of it and what the policies say of that. */
export interface Outcome {
  readonly image: BuiltImage;
  readonly platform: Platform;
  readonly attested: readonly Statement[];
  readonly policy: PolicyVerdict;
  readonly report: HardenReport;
}

/** Describes everything that was built, then asks the policies. */
export async function describeAndJudge(
  all: readonly Hardened[],
  { settings, policies }: Job,
  target: string,
  made: Made,
  { steps, terminal }: { readonly steps: Steps; readonly terminal: Terminal },
): Promise<readonly Outcome[]> {
  steps.begin('describing what was built');
  const described = all.map((hardened) => {
    const databaseDigest = hardened.after.report?.database.digest ?? null;
    return { hardened, attested: statements(hardened, settings, target, { ...made, databaseDigest }) };
  });
  steps.begin('asking the policies');
  const reference = targetReference(target, terminal);
  return await Promise.all(
    described.map(async ({ hardened, attested }): Promise<Outcome> => {
      const image = hardened.image!;
      const policy = await judge(policies, reference, image, attested);
      return { image, platform: hardened.platform, attested, policy, report: { ...hardened.report, policy } };
    }),
  );
}

/** The index over the images, with its provenance. */
export function indexOver(
  outcomes: readonly Outcome[],
  base: { readonly name: string; readonly digest: Digest },
  { settings }: Job,
  made: Made,
): Publication['index'] {
  const reports = outcomes.map(({ report }) => report);
  const predicate = indexProvenance(base, reports, settings, made);
  return { ...hardenedIndex(outcomes, base), attested: [{ predicateType: provenanceType, predicate }] };
}

/** What is known of the making of all of them. */
export function makingOf(startedOn: Date, { policies }: Job): Made {
  return {
    version: programVersion(),
    startedOn,
    finishedOn: new Date(),
    policyDigest: policies.engine.digest,
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
