import { generateSigningKey } from '@pratique/crypto';
import { ociErrors } from '@pratique/oci';
import { expect, test } from 'vitest';
import { collectEvidence } from '../collect/collect.ts';
import { cosignTag } from '../collect/tag-scheme.ts';
import { annotationNames } from '../media-types.ts';
import { now, trusting } from '../testing/forge.ts';
import { type MemoryRepository, memoryRepository, putImage } from '../testing/memory-repository.ts';
import { distinctSigners, verifyEvidence } from '../verify/verify.ts';
import { attestImage } from './attest.ts';
import { creationTime } from './created.ts';
import { signImage, tagReferenceWarning } from './sign.ts';
import { keySigner } from './signer.ts';

const key = generateSigningKey();
const algorithms = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa', 'ed25519'] as const;

async function verify(repository: MemoryRepository, digest: string, signer = key) {
  const subject = await repository.resolve(digest);
  return verifyEvidence(await collectEvidence(repository, subject), trusting(signer), now);
}

test.each(
  algorithms.flatMap((algorithm) => [[algorithm, 'bundle'] as const, [algorithm, 'legacy'] as const]),
)('what a key of %s signs as %s is found and verifies', async (algorithm, format) => {
  const repository = memoryRepository('registry.test/app');
  const { digest, ...rest } = await putImage(repository, 'app');
  const signer = generateSigningKey(algorithm);
  await signImage(repository, { digest, ...rest }, keySigner(signer), {
    format,
    annotations: { env: 'dev', team: 'a & b' },
  });
  const result = await verify(repository, digest, signer);
  expect(result.signatures).toMatchObject([{ annotations: { env: 'dev', team: 'a & b' } }]);
  expect(result.rejected).toEqual([]);
});

test('a signature tag keeps the signatures that were there', async () => {
  const repository = memoryRepository('registry.test/app');
  const subject = await putImage(repository, 'app');
  const others = [generateSigningKey(), generateSigningKey('ed25519')];
  for (const signer of [key, ...others])
    await signImage(repository, subject, keySigner(signer), { format: 'legacy' });
  for (const signer of [key, ...others]) {
    expect((await verify(repository, subject.digest, signer)).signatures).toHaveLength(1);
  }
});

test('signing a tag twice with one key adds nothing; other annotations do', async () => {
  const repository = memoryRepository('registry.test/app');
  const subject = await putImage(repository, 'app');
  const legacy = { format: 'legacy' } as const;
  const [first] = await signImage(repository, subject, keySigner(key), legacy);
  const [second] = await signImage(repository, subject, keySigner(key), legacy);
  expect([first!.existed, second!.existed]).toEqual([false, true]);
  expect(second!.manifest).toBe(first!.manifest);
  await signImage(repository, subject, keySigner(key), { ...legacy, annotations: { env: 'prod' } });
  expect((await verify(repository, subject.digest)).signatures).toHaveLength(2);
});

test('no signature is lost when twenty signers write one tag at the same time', async () => {
  const repository = memoryRepository(
    'registry.test/app',
    () => new Promise((resolve) => setTimeout(resolve, Math.random() * 4)),
  );
  const subject = await putImage(repository, 'app');
  const signers = Array.from({ length: 20 }, () => generateSigningKey());
  await Promise.all(
    signers.map((signer) => signImage(repository, subject, keySigner(signer), { format: 'legacy' })),
  );
  const trust = { keys: signers.map((signer, i) => ({ name: `s${i}`, key: signer.publicKey })), logs: [] };
  const result = verifyEvidence(await collectEvidence(repository, subject), trust, now);
  expect(distinctSigners(result.signatures)).toHaveLength(20);
}, 60_000);

test('a registry in trouble does not lead to signatures being overwritten', async () => {
  let broken = false;
  const repository = memoryRepository('registry.test/app', async (method, target) => {
    if (broken && method === 'getManifest' && target.endsWith('.sig')) {
      throw ociErrors.error('OCI_SERVER_ERROR', { message: '503' });
    }
  });
  const subject = await putImage(repository, 'app');
  await signImage(repository, subject, keySigner(key), { format: 'legacy' });
  broken = true;
  const signing = signImage(repository, subject, keySigner(generateSigningKey()), { format: 'legacy' });
  await expect(signing).rejects.toMatchObject({ code: 'OCI_SERVER_ERROR' });
  broken = false;
  expect((await verify(repository, subject.digest)).signatures).toHaveLength(1);
});

test('an index that has taken the signature tag is not overwritten', async () => {
  const repository = memoryRepository('registry.test/app');
  const subject = await putImage(repository, 'app');
  const index = await putImage(repository, 'index', [subject]);
  repository.tagged.set(cosignTag(subject.digest, 'sig'), index.digest);
  const signing = signImage(repository, subject, keySigner(key), { format: 'legacy' });
  await expect(signing).rejects.toMatchObject({ code: 'EVIDENCE_TYPE_UNKNOWN' });
  expect(repository.tagged.get(cosignTag(subject.digest, 'sig'))).toBe(index.digest);
});

test('recursive signing signs an index and every manifest below it, each once', async () => {
  const repository = memoryRepository('registry.test/app');
  const images = [await putImage(repository, 'a'), await putImage(repository, 'b')];
  const inner = await putImage(repository, 'inner', images);
  const outer = await putImage(repository, 'outer', [inner, images[0]!]);
  const signed = await signImage(repository, outer, keySigner(key), { recursive: true });
  expect(signed.map((one) => one.subject)).toEqual(
    [outer, inner, images[0]!, images[1]!].map((one) => one.digest),
  );
  for (const { subject } of signed) expect((await verify(repository, subject)).signatures).toHaveLength(1);
});

test('without it only the index is signed', async () => {
  const repository = memoryRepository('registry.test/app');
  const image = await putImage(repository, 'a');
  await signImage(repository, await putImage(repository, 'index', [image]), keySigner(key));
  expect((await verify(repository, image.digest)).signatures).toHaveLength(0);
});

test('signatures can be kept in another repository (COSIGN_REPOSITORY)', async () => {
  const [images, signatureRepository] = [
    memoryRepository('registry.test/app'),
    memoryRepository('registry.test/sigs'),
  ];
  const subject = await putImage(images, 'app');
  await signImage(images, subject, keySigner(key), { signatureRepository });
  await signImage(images, subject, keySigner(key), { signatureRepository, format: 'legacy' });
  expect((await collectEvidence(images, subject)).items).toEqual([]);
  const result = verifyEvidence(await collectEvidence(signatureRepository, subject), trusting(key), now);
  expect(result.signatures).toHaveLength(2);
  expect(result.signatures[0]!.payload).toMatchObject({
    critical: { identity: { 'docker-reference': 'registry.test/app' } },
  });
});

test('the manifest of a bundle is what Cosign 3 writes', async () => {
  const repository = memoryRepository('registry.test/app');
  const subject = await putImage(repository, 'app');
  const created = new Date('2026-02-03T04:05:06.789Z');
  const [signed] = await signImage(repository, subject, keySigner(key), { created });
  const { bytes } = repository.manifests.get(signed!.manifest!)!;
  expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    config: {
      mediaType: 'application/vnd.oci.empty.v1+json',
      size: 2,
      digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    },
    layers: [{ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' }],
    subject,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1',
      'org.opencontainers.image.created': '2026-02-03T04:05:06Z',
    },
  });
});

test('the manifest of a signature tag is what Cosign writes', async () => {
  const repository = memoryRepository('registry.test/app');
  const subject = await putImage(repository, 'app');
  await signImage(repository, subject, keySigner(key), { format: 'legacy' });
  const { manifest } = await repository.getManifest(cosignTag(subject.digest, 'sig'));
  expect(manifest).toMatchObject({
    config: { mediaType: 'application/vnd.oci.image.config.v1+json' },
    layers: [
      {
        mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
        annotations: { [annotationNames.signature]: expect.any(String) },
      },
    ],
  });
  const config = manifest.kind === 'image' ? repository.blobs.get(manifest.config.digest) : undefined;
  expect(JSON.parse(new TextDecoder().decode(config))).toMatchObject({
    rootfs: { type: 'layers', diff_ids: [expect.any(String)] },
  });
});

test.each([
  [{ dockerMediaTypes: true }, {}, 'docker.distribution.manifest.v2', 'docker.container.image.v1'],
  [{}, { dockerMediaTypes: true }, 'oci.image.manifest.v1', 'oci.image.config.v1'],
])(
  'a signature tag keeps the media types it began with: %j, then %j',
  async (first, second, image, config) => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    const signers = [key, generateSigningKey()];
    for (const [index, more] of [first, second].entries())
      await signImage(repository, subject, keySigner(signers[index]!), { format: 'legacy', ...more });
    const { descriptor, manifest } = await repository.getManifest(cosignTag(subject.digest, 'sig'));
    expect(descriptor.mediaType).toBe(`application/vnd.${image}+json`);
    expect(manifest).toMatchObject({ config: { mediaType: `application/vnd.${config}+json` } });
    for (const signer of signers)
      expect((await verify(repository, subject.digest, signer)).signatures).toHaveLength(1);
  },
);

test('an attestation is no signature, and cannot be made to be one', async () => {
  const repository = memoryRepository('registry.test/app');
  const subject = await putImage(repository, 'app');
  await attestImage(repository, subject, keySigner(key), {
    predicateType: 'https://cyclonedx.org/bom',
    predicate: { components: [] },
  });
  const result = await verify(repository, subject.digest);
  expect(result.signatures).toEqual([]);
  expect(result.attestations).toMatchObject([
    { predicateType: 'https://cyclonedx.org/bom', predicate: { components: [] } },
  ]);
  const disguised = attestImage(repository, subject, keySigner(key), {
    predicateType: 'https://sigstore.dev/cosign/sign/v1',
    predicate: {},
  });
  await expect(disguised).rejects.toMatchObject({ code: 'SIGNING_SUBJECT_INVALID' });
});

test('SOURCE_DATE_EPOCH makes what is written reproducible', () => {
  expect(creationTime({ SOURCE_DATE_EPOCH: '1700000000' }).toISOString()).toBe('2023-11-14T22:13:20.000Z');
  expect(creationTime({ SOURCE_DATE_EPOCH: 'yesterday' }).getTime()).toBeGreaterThan(1_700_000_000_000);
});

test('signing by tag is warned about in the words people know from Cosign', () => {
  expect(tagReferenceWarning('localhost/app:v1')).toMatch(
    /^Image reference localhost\/app:v1 uses a tag, not a digest/,
  );
});
