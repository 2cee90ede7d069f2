import { generateSigningKey } from '@pratique/crypto';
import {
  buildImageManifest,
  type Descriptor,
  describeBytes,
  emptyDescriptor,
  emptyJson,
  ociErrors,
  type Repository,
} from '@pratique/oci';
import { describe, expect, test } from 'vitest';
import { annotationNames, mediaTypes } from '../media-types.ts';
import { attestImage } from '../sign/attest.ts';
import { signImage } from '../sign/sign.ts';
import { keySigner } from '../sign/signer.ts';
import { bytesOf } from '../testing/forge.ts';
import { memoryRepository, putImage } from '../testing/memory-repository.ts';
import { collectEvidence } from './collect.ts';
import { cosignTag } from './tag-scheme.ts';

const key = generateSigningKey();

/** Stores an artifact about `subject` with one layer and returns its descriptor. */
async function attach(repository: Repository, subject: Descriptor, layerType: string, artifactType?: string) {
  const bytes = bytesOf(`content of ${layerType} ${artifactType}`);
  const layer = describeBytes(bytes, layerType);
  await repository.putBlob(layer, bytes);
  await repository.putBlob(emptyDescriptor, emptyJson);
  const { bytes: manifest } = buildImageManifest({
    layers: [layer],
    subject,
    ...(artifactType === undefined ? {} : { artifactType }),
  });
  return repository.putManifest(manifest, 'application/vnd.oci.image.manifest.v1+json');
}

describe('what is found', () => {
  test('signatures and attestations in every place Cosign has ever kept them', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    await signImage(repository, subject, keySigner(key), { format: 'legacy' });
    await signImage(repository, subject, keySigner(key));
    await attestImage(repository, subject, keySigner(key), {
      predicateType: 'https://spdx.dev/Document',
      predicate: {},
    });
    await attach(repository, subject, mediaTypes.simpleSigning, mediaTypes.cosignSignatureArtifact);
    await attach(repository, subject, mediaTypes.dsseEnvelope, mediaTypes.inToto);
    const { items, skipped } = await collectEvidence(repository, subject);
    expect(items.map((item) => `${item.kind} ${item.source.format}`).sort()).toEqual([
      'bundle sigstore-bundle',
      'bundle sigstore-bundle',
      'dsse cosign-oci11',
      'simple-signing cosign-oci11',
      'simple-signing cosign-tag',
    ]);
    expect(skipped).toEqual([]);
  });

  test('a bundle whose descriptor lost its artifact type (old fallback lists) is looked into', async () => {
    const inner = memoryRepository('registry.test/app');
    const subject = await putImage(inner, 'app');
    await signImage(inner, subject, keySigner(key));
    const repository: Repository = {
      ...inner,
      referrers: async (digest) =>
        (await inner.referrers(digest)).map(({ mediaType, size, digest: own }) => ({
          mediaType,
          size,
          digest: own,
        })),
    };
    expect((await collectEvidence(repository, subject)).items).toHaveLength(1);
  });

  test('other people’s referrers are neither evidence nor a complaint, and cost nothing', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    await attach(repository, subject, 'application/spdx+json', 'application/spdx+json');
    repository.calls.length = 0;
    expect(await collectEvidence(repository, subject)).toMatchObject({ items: [], skipped: [] });
    expect(repository.calls).toEqual(['getManifest', 'getManifest', 'referrers']);
  });

  test('an unsigned image is an answer: nothing found', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    expect(await collectEvidence(repository, subject)).toEqual({ subject, items: [], skipped: [] });
  });

  test('a tag prefix leads to other tags', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    await signImage(repository, subject, keySigner(key), { format: 'legacy', tagPrefix: 'team-' });
    expect((await collectEvidence(repository, subject)).items).toHaveLength(0);
    expect((await collectEvidence(repository, subject, { tagPrefix: 'team-' })).items).toHaveLength(1);
    expect(cosignTag(subject.digest, 'att', 'team-')).toBe(`team-${subject.digest.replace(':', '-')}.att`);
  });
});

describe('faults are never an answer', () => {
  test.each(['getManifest', 'referrers', 'getBlob'])(
    'a registry in trouble at %s does not look unsigned',
    async (method) => {
      let broken = false;
      const repository = memoryRepository('registry.test/app', async (called) => {
        if (broken && called === method) throw ociErrors.error('OCI_SERVER_ERROR', { message: '503' });
      });
      const subject = await putImage(repository, 'app');
      await signImage(repository, subject, keySigner(key));
      broken = true;
      await expect(collectEvidence(repository, subject)).rejects.toMatchObject({ code: 'OCI_SERVER_ERROR' });
    },
  );

  test('a blob with other bytes than its digest is a fault', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    await signImage(repository, subject, keySigner(key));
    const { items } = await collectEvidence(repository, subject);
    const layer = items[0]!.source.layer!;
    repository.blobs.set(
      layer,
      repository.blobs.get(layer)!.map((byte) => byte ^ 1),
    );
    await expect(collectEvidence(repository, subject)).rejects.toMatchObject({ code: 'OCI_DIGEST_MISMATCH' });
  });

  test('a signature that is listed but gone is reported, and hides no other', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    await signImage(repository, subject, keySigner(key));
    const { items } = await collectEvidence(repository, subject);
    await signImage(repository, subject, keySigner(key), { format: 'legacy' });
    repository.blobs.delete(items[0]!.source.layer!);
    const evidence = await collectEvidence(repository, subject);
    expect(evidence.items.map((item) => item.kind)).toEqual(['simple-signing']);
    expect(evidence.skipped.map((skipped) => skipped.code)).toEqual(['EVIDENCE_MISSING']);
  });
});

describe('limits', () => {
  async function signedTimes(count: number) {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    const payload = bytesOf('{}');
    const layer = {
      ...describeBytes(payload, mediaTypes.simpleSigning),
      annotations: { [annotationNames.signature]: '' },
    };
    await repository.putBlob(layer, payload);
    const { bytes } = buildImageManifest({ layers: Array.from({ length: count }, () => layer) });
    const tag = cosignTag(subject.digest, 'sig');
    await repository.putManifest(bytes, 'application/vnd.oci.image.manifest.v1+json', { tag });
    return { repository, subject };
  }

  test('1,001 signatures are refused before any is fetched (CVE-2024-29903)', async () => {
    const { repository, subject } = await signedTimes(1001);
    repository.calls.length = 0;
    await expect(collectEvidence(repository, subject)).rejects.toMatchObject({
      code: 'EVIDENCE_LIMIT',
      kind: 'fault',
    });
    expect(repository.calls).not.toContain('getBlob');
  });

  test('1,001 bundles are refused before any is fetched', async () => {
    const inner = memoryRepository('registry.test/app');
    const subject = await putImage(inner, 'app');
    await signImage(inner, subject, keySigner(key));
    const repository: Repository = {
      ...inner,
      referrers: async (digest) => {
        const [first] = await inner.referrers(digest);
        return Array.from({ length: 1001 }, () => first!);
      },
    };
    inner.calls.length = 0;
    await expect(collectEvidence(repository, subject)).rejects.toMatchObject({ code: 'EVIDENCE_LIMIT' });
    expect(inner.calls).toEqual(['getManifest', 'getManifest', 'referrers']);
  });

  test('1,000 are read', async () => {
    const { repository, subject } = await signedTimes(1000);
    expect((await collectEvidence(repository, subject)).items).toHaveLength(1000);
  });

  test('few manifests of many layers are refused as they come, and layers of unknown types count', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    const layer = describeBytes(bytesOf('x'), 'text/plain');
    for (let i = 0; i < 20; i++) {
      const artifactType = mediaTypes.bundle;
      const layers = Array.from({ length: 501 }, () => layer);
      const { bytes } = buildImageManifest({ artifactType, layers, subject, annotations: { i: `${i}` } });
      await repository.putManifest(bytes, 'application/vnd.oci.image.manifest.v1+json');
    }
    repository.calls.length = 0;
    await expect(collectEvidence(repository, subject)).rejects.toMatchObject({ code: 'EVIDENCE_LIMIT' });
    expect(repository.calls.filter((call) => call === 'getManifest').length).toBeLessThan(15);
  });

  test('an attestation that is too large is skipped by its announced size, unread (CVE-2023-46737, CVE-2024-29902)', async () => {
    const { repository, subject } = await signedTimes(1);
    const evidence = await collectEvidence(repository, subject, { limits: { maxItemBytes: 1 } });
    expect(evidence.skipped.map((skipped) => skipped.code)).toEqual(['EVIDENCE_TOO_LARGE']);
    expect(repository.calls).not.toContain('getBlob');
  });

  test('many that are small enough are refused when they are too much together', async () => {
    const { repository, subject } = await signedTimes(10);
    const collecting = collectEvidence(repository, subject, { limits: { maxTotalBytes: 19 } });
    await expect(collecting).rejects.toMatchObject({ code: 'EVIDENCE_LIMIT' });
  });

  test('something of another type in a signature tag is reported', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    const { bytes } = buildImageManifest({ layers: [describeBytes(bytesOf('x'), 'text/plain')] });
    await repository.putManifest(bytes, 'application/vnd.oci.image.manifest.v1+json', {
      tag: cosignTag(subject.digest, 'sig'),
    });
    expect((await collectEvidence(repository, subject)).skipped.map((skipped) => skipped.code)).toEqual([
      'EVIDENCE_TYPE_UNKNOWN',
    ]);
  });

  test('an index in place of a signature image is reported', async () => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    const index = await putImage(repository, 'index', [subject]);
    repository.tagged.set(cosignTag(subject.digest, 'att'), index.digest);
    expect((await collectEvidence(repository, subject)).skipped.map((skipped) => skipped.code)).toEqual([
      'EVIDENCE_TYPE_UNKNOWN',
    ]);
  });

  test('no more than eight requests run at once', async () => {
    let running = 0;
    let most = 0;
    const repository = memoryRepository('registry.test/app', async (method) => {
      if (method !== 'getBlob') return;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
    const subject = await putImage(repository, 'app');
    for (let i = 0; i < 20; i++) await signImage(repository, subject, keySigner(generateSigningKey()));
    await collectEvidence(repository, subject);
    expect(most).toBe(8);
  });
});
