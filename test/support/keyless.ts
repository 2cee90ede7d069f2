/** Images signed by the virtual Sigstore, as cosign would have put the signatures beside them. */
import { encodeBase64, formatPem } from '../../packages/crypto/src/index.ts';
import {
  buildImageManifest,
  type Descriptor,
  describeBytes,
  emptyDescriptor,
  emptyJson,
  type RegistryRepository,
} from '../../packages/oci/src/index.ts';
import { hashedRekordBody, logAnnotation } from '../../packages/sigstore/src/testing/transparency-log.ts';
import {
  keys,
  makeLeaf,
  rekor,
  signingTime,
  timestampAuthority,
} from '../../packages/sigstore/src/testing/virtual-sigstore.ts';

/** An in-toto statement with an empty predicate about an image. */
export function statement({ digest }: Descriptor, predicateType: string): Uint8Array {
  const [algorithm = '', hex = ''] = digest.split(':');
  return new TextEncoder().encode(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { [algorithm]: hex } }],
      predicateType,
      predicate: {},
    }),
  );
}

const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** Stores a bundle as a referrer. */
export async function attach(repository: RegistryRepository, of: Descriptor, json: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  const layer = describeBytes(bytes, bundleType);
  await repository.putBlob(layer, bytes);
  await repository.putBlob(emptyDescriptor, emptyJson);
  const manifest = buildImageManifest({ artifactType: bundleType, layers: [layer], subject: of });
  await repository.putManifest(manifest.bytes, manifest.descriptor.mediaType);
}

/** The layer Cosign 2 writes, with the certificate, the log entry and the timestamp in its annotations. */
export async function tagSignature(repository: RegistryRepository, { digest }: Descriptor): Promise<void> {
  const payload = new TextEncoder().encode(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': repository.name },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
  const certificate = formatPem('CERTIFICATE', makeLeaf());
  const signature = keys.signer.sign(payload);
  const entry = rekor.entry(hashedRekordBody(payload, encodeBase64(signature), certificate), signingTime);
  const stamp = { SignedRFC3161Timestamp: encodeBase64(timestampAuthority.stamp(signature)) };
  const layer = {
    ...describeBytes(payload, 'application/vnd.dev.cosign.simplesigning.v1+json'),
    annotations: {
      'dev.cosignproject.cosign/signature': encodeBase64(signature),
      'dev.sigstore.cosign/certificate': certificate,
      'dev.sigstore.cosign/bundle': logAnnotation(entry),
      'dev.sigstore.cosign/rfc3161timestamp': JSON.stringify(stamp),
    },
  };
  await repository.putBlob(layer, payload);
  await repository.putBlob(emptyDescriptor, emptyJson);
  const manifest = buildImageManifest({ layers: [layer] });
  await repository.putManifest(manifest.bytes, manifest.descriptor.mediaType, {
    tag: `${digest.replace(':', '-')}.sig`,
  });
}
