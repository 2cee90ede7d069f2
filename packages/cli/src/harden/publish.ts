import type { hardenedIndex } from '@pratique/harden';
import { type BuiltImage, type Descriptor, pushImage, type Repository } from '@pratique/oci';
import type { Steps } from '../program/steps.ts';
import type { openSigner } from '../signing/open-signer.ts';
import { attachEverything, type SignedBundle, signEverything } from './attested.ts';

type Attested = Parameters<typeof signEverything>[3];

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
  const signed: { readonly subject: Descriptor; readonly bundles: readonly SignedBundle[] }[] = [];
  if (signer !== null) {
    steps.begin('signing');
    for (const { subject, attested } of subjects)
      signed.push({ subject, bundles: await signEverything(repository, subject, signer, attested, signal) });
  }
  steps.begin('pushing');
  for (const { image } of images) await pushImage(image, repository, { signal });
  const { bytes, descriptor } = index ?? {
    bytes: images[0]!.image.manifest,
    descriptor: images[0]!.image.descriptor,
  };
  if (index !== null) await repository.putManifest(bytes, descriptor.mediaType, { signal });
  for (const { subject, bundles } of signed) await attachEverything(repository, subject, bundles, signal);
  // The tag comes last: whoever asks for it finds the signature as well.
  if (tag !== undefined) await repository.putManifest(bytes, descriptor.mediaType, { tag, signal });
  return descriptor;
}
