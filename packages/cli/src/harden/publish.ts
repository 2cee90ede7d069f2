import type { hardenedIndex } from '@pratique/harden';
import { type BuiltImage, type Descriptor, pushImage, type Repository } from '@pratique/oci';
import type { Steps } from '../program/steps.ts';
import type { openSigner } from '../signing/open-signer.ts';
import { attachEverything, attestEverything, type SignedBundle, sign } from './attested.ts';

type Attested = Parameters<typeof attestEverything>[3];

export interface Publication {
  readonly images: readonly { readonly image: BuiltImage; readonly attested: Attested }[];
  /** The index over the images, where there is one. */
  readonly index: (ReturnType<typeof hardenedIndex> & { readonly attested: Attested }) | null;
  readonly repository: Repository;
  readonly tag: string | undefined;
  /** Null: nothing is signed or attested. */
  readonly signer: Awaited<ReturnType<typeof openSigner>> | null;
  readonly steps: Steps;
  readonly signal: AbortSignal;
}

/**
 * Signs everything, then pushes everything: what cannot be signed is not pushed.
 *
 * @returns the descriptor of what the tag names
 * @throws what signing and pushing throw
 */
export async function publish(publication: Publication): Promise<Descriptor> {
  const { images, index, repository, tag, signer, steps, signal } = publication;
  const subjects = [
    ...images.map(({ image, attested }) => ({ subject: image.descriptor, attested })),
    ...(index === null ? [] : [{ subject: index.descriptor, attested: index.attested }]),
  ];
  const bundles = new Map<Descriptor, SignedBundle[]>();
  if (signer !== null) {
    steps.begin('attesting');
    for (const { subject, attested } of subjects)
      bundles.set(subject, await attestEverything(repository, subject, signer, attested, signal));
    steps.begin('signing');
    for (const [subject, of] of bundles) of.push(await sign(repository, subject, signer, signal));
  }
  steps.begin('pushing');
  for (const { image } of images) await pushImage(image, repository, { signal });
  const { bytes, descriptor } = index ?? {
    bytes: images[0]!.image.manifest,
    descriptor: images[0]!.image.descriptor,
  };
  if (index !== null) await repository.putManifest(bytes, descriptor.mediaType, { signal });
  for (const [subject, of] of bundles) await attachEverything(repository, subject, of, signal);
  // The tag comes last: whoever asks for it finds the signature as well.
  if (tag !== undefined) await repository.putManifest(bytes, descriptor.mediaType, { tag, signal });
  return descriptor;
}
