import { PratiqueError } from '@pratique/errors';
import { notaryErrors } from '@pratique/notary';
import { type Descriptor, isNotFound } from '@pratique/oci';
import { resolveAndCollect, signImage, type Trust, verifyEvidence } from '@pratique/sigstore';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { parseAnnotations } from '../registry/annotations.ts';
import { type NamedImage, pinned } from '../registry/client.ts';
import { dockerMediaTypes } from '../registry/docker-media-types.ts';
import { evidenceLimits } from '../registry/evidence-limits.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { OpenSigner } from '../signing/open-signer.ts';
import { recordedTime } from '../signing/recorded-time.ts';
import { chosenFormat } from '../signing/signature-format.ts';
import type { trustMigrate } from '../specs/content-trust.ts';
import { originOf, type Release } from './releases.ts';

export type MigrateFlags = FlagValues<typeof trustMigrate.flags>;

/** What became of one image. */
type Status = 'signed' | 'signed already' | 'to be signed' | 'missing' | 'unusable';

export interface Outcome {
  readonly release: Release;
  readonly status: Status;
  /** Tags that name another image on the registry now, or none. */
  readonly moved: readonly string[];
  /** Why nothing was signed. */
  readonly reason?: string;
}

export interface Work {
  readonly flags: MigrateFlags;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Null where nothing is to be signed. */
  readonly signer: OpenSigner | null;
  /** Whose signatures are enough; null where nobody's are known. */
  readonly known: Trust | null;
}

/**
 * Signs the image that content trust names, where the registry has it and nobody who is known has signed it already.
 *
 * @throws NOTARY_MISMATCH where its manifest has another length than is signed
 */
export async function migrate(image: NamedImage, release: Release, work: Work): Promise<Outcome> {
  const { signal, signer } = work;
  const moved: string[] = [];
  for (const tag of release.tags) {
    const found = await image.repository.resolve(tag, { signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (found?.digest !== release.digest) moved.push(tag);
  }
  const outcome = (status: Status, reason?: string): Outcome => ({
    release,
    status,
    moved,
    ...(reason === undefined ? {} : { reason }),
  });
  let subject: Descriptor;
  try {
    subject = (await image.repository.getManifest(release.digest, { signal })).descriptor;
  } catch (error) {
    if (isNotFound(error)) return outcome('missing', 'the registry does not have it');
    if (!(error instanceof PratiqueError) || !unusable.has(error.code)) throw error;
    return outcome('unusable', error.message);
  }
  if (subject.size !== release.length) {
    throw notaryErrors.error('NOTARY_MISMATCH', {
      message: `the manifest of ${pinned(image.reference, release.digest)} has another length than is signed`,
      expected: `${release.length} bytes`,
      found: `${subject.size} bytes`,
    });
  }
  if (await isSigned(image, subject, work)) return outcome('signed already');
  if (signer === null) return outcome('to be signed');
  await sign(image, subject, release, { ...work, signer });
  return outcome('signed');
}

/** What is wrong with an image itself: those of Docker's first schema, which nobody can sign any more. */
const unusable: ReadonlySet<string> = new Set(['OCI_MEDIA_TYPE_UNSUPPORTED', 'OCI_MANIFEST_INVALID']);

/** Manifests of an index are not looked at: whoever asks for all of them gets all. */
async function isSigned(
  image: NamedImage,
  { digest }: Descriptor,
  { flags, known, terminal, signal }: Work,
): Promise<boolean> {
  if (known === null || flags.recursive) return false;
  const evidence = await resolveAndCollect(image.repository, digest, image.signatures, {
    signal,
    limits: evidenceLimits(terminal),
    tagPrefix: tagPrefixOf(flags),
  });
  const wanted = Object.entries(parseAnnotations(flags.annotations));
  return verifyEvidence(evidence, known, new Date()).signatures.some(({ annotations }) =>
    wanted.every(([name, value]) => Object.hasOwn(annotations, name) && annotations[name] === value),
  );
}

async function sign(
  image: NamedImage,
  subject: Descriptor,
  release: Release,
  { flags, terminal, signal, signer }: Work & { readonly signer: OpenSigner },
): Promise<void> {
  const { registry, repository } = image.reference;
  await signImage(image.repository, subject, signer, {
    annotations: { ...originOf(release), ...parseAnnotations(flags.annotations) },
    format: chosenFormat(flags),
    recursive: flags.recursive,
    dockerReference: `${registry}/${repository}`,
    signatureRepository: image.signatures,
    tagPrefix: tagPrefixOf(flags),
    dockerMediaTypes: dockerMediaTypes(terminal),
    referrer: flags['registry-referrers-mode'] === 'oci-1-1',
    ...recordedTime(flags['record-creation-timestamp'], terminal),
    signal,
  });
}
