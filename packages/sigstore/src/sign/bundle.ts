import { encodeBase64, preAuthEncoding, type SigningKey } from '@pratique/crypto';
import type { Descriptor, ReadOptions, Repository } from '@pratique/oci';
import { mediaTypes } from '../media-types.ts';
import { describe, encodeJson } from './content.ts';

/** Signs an in-toto statement into a Sigstore bundle v0.3 with a public-key hint, members in Cosign's order. */
export function makeBundle(statement: Uint8Array, key: SigningKey): Uint8Array {
  return encodeJson({
    mediaType: mediaTypes.bundle,
    verificationMaterial: { publicKey: { hint: key.publicKey.hint } },
    dsseEnvelope: {
      payload: encodeBase64(statement),
      payloadType: mediaTypes.inToto,
      signatures: [{ sig: encodeBase64(key.sign(preAuthEncoding(mediaTypes.inToto, statement))) }],
    },
  });
}

/**
 * Stores a bundle as a referrer of `subject`, in the manifest Cosign 3 writes. Signers cannot disturb each other this
 * way: every bundle is a manifest of its own.
 */
export async function attachBundle(
  repository: Repository,
  subject: Descriptor,
  bundle: Uint8Array,
  predicateType: string,
  created: Date,
  options: ReadOptions,
): Promise<Descriptor> {
  const empty = new TextEncoder().encode('{}');
  const config = describe(mediaTypes.ociEmpty, empty);
  const layer = describe(mediaTypes.bundle, bundle);
  await Promise.all([repository.putBlob(config, empty, options), repository.putBlob(layer, bundle, options)]);
  const manifest = encodeJson({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: mediaTypes.bundle,
    config: { mediaType: config.mediaType, digest: config.digest, size: config.size },
    layers: [{ mediaType: layer.mediaType, digest: layer.digest, size: layer.size }],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
      'org.opencontainers.image.created': `${created.toISOString().slice(0, 19)}Z`,
    },
  });
  return repository.putManifest(manifest, mediaTypes.ociManifest, options);
}
