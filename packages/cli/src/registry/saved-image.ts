import { join } from 'node:path';
import { type Descriptor, type Digest, type LayoutRepository, openLayout, refName } from '@pratique/oci';
import { type AttachedKind, cosignTag, listAttached } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';

/** How `cosign save` marks the entries of its layouts. */
const kindName = 'kind';
const kinds = {
  image: 'dev.cosignproject.cosign/image',
  index: 'dev.cosignproject.cosign/imageIndex',
  signature: 'dev.cosignproject.cosign/sigs',
  attestation: 'dev.cosignproject.cosign/atts',
} as const;

/** A directory that is to hold one image with everything attached to it. @throws FILE_EXISTS where it holds another */
export async function openToSave(directory: string, digest: Digest): Promise<LayoutRepository> {
  const layout = await openLayout(directory, { create: true });
  const other = (await layout.entries()).find((entry) => isMain(entry) && entry.digest !== digest);
  if (other === undefined) return layout;
  throw cliErrors.error('FILE_EXISTS', {
    message: `${directory} holds another image already: ${other.digest}`,
    remedy: 'Name a directory that is empty or new with --dir.',
  });
}

/** Marks the entries of a saved image as Cosign does, so that `cosign load` finds them. */
export async function markSaved(layout: LayoutRepository, image: Descriptor): Promise<void> {
  const { manifest } = await layout.getManifest(image.digest);
  await layout.annotate(image.digest, { [kindName]: kinds[manifest.kind] });
  for (const { kind, tag } of await listAttached(layout, image.digest)) {
    const marked = kinds[kind as AttachedKind & keyof typeof kinds];
    if (tag !== undefined && marked !== undefined) await layout.annotate(tag, { [kindName]: marked });
  }
}

/** A saved image, and what of it Cosign left without a name. */
export interface SavedImage {
  readonly layout: LayoutRepository;
  readonly digest: Digest;
  /** Cosign's tags that have to be given to manifests of the layout. */
  readonly tags: readonly { readonly tag: string; readonly digest: Digest }[];
}

/** Opens a directory that `save`, ours or Cosign's, wrote. */
export async function openSaved(directory: string): Promise<SavedImage> {
  const layout = await openLayout(directory, { unlisted: true });
  const entries = await layout.entries();
  const mains = new Set(entries.filter(isMain).map(({ digest }) => digest));
  const [digest, another] = mains;
  if (digest === undefined || another !== undefined) {
    throw cliErrors.error('USAGE', {
      message: `${join(directory, 'index.json')} names ${mains.size} images`,
      expected: 'one image, as pratique save and cosign save write it',
      found: String(mains.size),
      remedy: 'For other layouts: pratique copy oci:DIRECTORY:TAG IMAGE.',
    });
  }
  const named = (kind: string, suffix: 'sig' | 'att') =>
    entries
      .filter(({ annotations }) => annotations?.[kindName] === kind && annotations[refName] === undefined)
      .map((entry) => ({ tag: cosignTag(digest, suffix), digest: entry.digest }));
  const tags = [...named(kinds.signature, 'sig'), ...named(kinds.attestation, 'att')];
  return { layout, digest, tags };
}

function isMain({ annotations }: Descriptor): boolean {
  return annotations?.[kindName] === kinds.image || annotations?.[kindName] === kinds.index;
}
