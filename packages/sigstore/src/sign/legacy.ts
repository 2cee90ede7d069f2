import { setTimeout as sleep } from 'node:timers/promises';
import {
  decodeBase64,
  encodeBase64,
  type PublicKey,
  type SigningKey,
  verifySignature,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import type { Descriptor, ManifestContent, ReadOptions, Repository } from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import { defaultEvidenceLimits } from '../limits.ts';
import { annotationNames, mediaTypes } from '../media-types.ts';
import { describe, encodeJson } from './content.ts';

/** Time in which another signer, who read the tag before we wrote it, writes over us; then the tag is read again. */
const settleMilliseconds = 150;
const maxAttempts = 20;

export interface LegacySignature {
  readonly manifest: Descriptor;
  /** True when the tag already held a signature by this key over this very payload. */
  readonly existed: boolean;
}

/**
 * Adds a signature layer to Cosign's signature tag, keeping every layer that is there.
 *
 * A registry has no compare-and-swap, so two signers at the same moment can overwrite each other. Therefore the tag is
 * read again after writing, at once and after a pause, and written again as long as our layer is not in it.
 *
 * @throws SIGNING_CONFLICT when that does not end, EVIDENCE_LIMIT when the tag is full
 */
export async function appendSignature(
  repository: Repository,
  tag: string,
  payload: Uint8Array,
  key: SigningKey,
  options: ReadOptions,
): Promise<LegacySignature> {
  const blob = describe(mediaTypes.simpleSigning, payload);
  const layer: Descriptor = {
    ...blob,
    annotations: { [annotationNames.signature]: encodeBase64(key.sign(payload)) },
  };
  await repository.putBlob(blob, payload, options);
  let written = false;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const current = await read(repository, tag, options);
    const layers = current?.manifest.kind === 'image' ? current.manifest.layers : [];
    if (current !== null && layers.some((other) => isSameSignature(other, layer, payload, key.publicKey))) {
      if (!written) return { manifest: current.descriptor, existed: true };
      await sleep(
        settleMilliseconds,
        undefined,
        options.signal === undefined ? {} : { signal: options.signal },
      );
      const settled = await read(repository, tag, options);
      const kept = settled?.manifest.kind === 'image' ? settled.manifest.layers : [];
      if (settled !== null && kept.some((other) => isSameSignature(other, layer, payload, key.publicKey))) {
        return { manifest: settled.descriptor, existed: false };
      }
      continue;
    }
    if (layers.length >= defaultEvidenceLimits.maxItems) {
      throw sigstoreErrors.error('EVIDENCE_LIMIT', {
        message: `${tag} already holds as many signatures as are read`,
        expected: `fewer than ${defaultEvidenceLimits.maxItems}`,
        found: String(layers.length),
      });
    }
    await write(repository, tag, [...layers, layer], options);
    written = true;
  }
  throw sigstoreErrors.error('SIGNING_CONFLICT', { message: `other signers kept replacing ${tag}` });
}

async function read(
  repository: Repository,
  tag: string,
  options: ReadOptions,
): Promise<ManifestContent | null> {
  try {
    return await repository.getManifest(tag, options);
  } catch (error) {
    if (error instanceof PratiqueError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** Same payload and a signature by the same key: ECDSA signs differently each time, so bytes cannot be compared. */
function isSameSignature(other: Descriptor, ours: Descriptor, payload: Uint8Array, key: PublicKey): boolean {
  const encoded = other.annotations?.[annotationNames.signature];
  if (other.digest !== ours.digest || encoded === undefined) return false;
  try {
    return verifySignature(key, payload, decodeBase64(encoded, 'the signature')) !== null;
  } catch {
    return false;
  }
}

/** Image and configuration as Cosign makes them: a history entry and a diff id for every layer, times zero. */
async function write(
  repository: Repository,
  tag: string,
  layers: readonly Descriptor[],
  options: ReadOptions,
): Promise<void> {
  const zero = '0001-01-01T00:00:00Z';
  const configBytes = encodeJson({
    architecture: '',
    created: zero,
    history: layers.map(() => ({ created: zero })),
    os: '',
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
    config: {},
  });
  const config = describe(mediaTypes.ociConfig, configBytes);
  await repository.putBlob(config, configBytes, options);
  const manifest = encodeJson({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers });
  await repository.putManifest(manifest, mediaTypes.ociManifest, { ...options, tag });
}
