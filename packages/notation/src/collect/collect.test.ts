import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildImageManifest,
  type Descriptor,
  describeBytes,
  emptyDescriptor,
  emptyJson,
  ociErrors,
  openLayout,
  type Repository,
} from '@pratique/oci';
import { afterEach, expect, test } from 'vitest';
import { notationMediaTypes } from '../media-types.ts';
import { type SignNotationOptions, signNotation } from '../sign/sign.ts';
import { content, formats, judge, now, signer, statement } from '../testing/world.ts';
import { verifyNotation } from '../verify/verify.ts';
import { collectNotation } from './collect.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function world(): Promise<{ repository: Repository; subject: Descriptor }> {
  const folder = mkdtempSync(join(tmpdir(), 'notation-collect-'));
  folders.push(folder);
  const repository = await openLayout(folder, { create: true });
  await repository.putBlob(emptyDescriptor, emptyJson);
  const image = buildImageManifest({ layers: [emptyDescriptor], annotations: { is: 'an image' } });
  const subject = await repository.putManifest(image.bytes, image.descriptor.mediaType);
  return { repository, subject };
}

const options = (changes: Partial<SignNotationOptions> = {}): SignNotationOptions => ({
  ...content(),
  envelope: 'jws',
  ...changes,
});

/** Attaches a manifest that may be a signature. */
async function attach(
  repository: Repository,
  subject: Descriptor | undefined,
  {
    layers = ['x'],
    mediaType = notationMediaTypes.jws as string,
    artifactType = notationMediaTypes.signature as string,
  } = {},
) {
  const blobs = layers.map((text) => describeBytes(new TextEncoder().encode(text), mediaType));
  for (const [index, blob] of blobs.entries())
    await repository.putBlob(blob, new TextEncoder().encode(layers[index]!));
  const built = buildImageManifest({
    artifactType,
    layers: blobs,
    ...(subject === undefined ? {} : { subject }),
  });
  await repository.putManifest(built.bytes, built.descriptor.mediaType);
}

test.each(formats)('what is signed as %s is found, and verifies for that image alone', async (envelope) => {
  const { repository, subject } = await world();
  await signNotation(repository, subject, signer, options({ envelope, metadata: { build: '7' } }));
  const { items, skipped } = await collectNotation(repository, subject.digest);
  expect([items.length, skipped]).toEqual([1, []]);
  const verdict = verifyNotation(items[0]!, subject, statement, now);
  expect(verdict).toMatchObject({ ok: true, signature: { annotations: { build: '7' } } });
  expect(judge(items[0]!)).toMatchObject({ ok: false, rejection: { code: 'NOTATION_SUBJECT_MISMATCH' } });
});

test('signatures of both forms are found: by the artifact type, and by the media type of the config', async () => {
  const { repository, subject } = await world();
  await attach(repository, subject);
  await signNotation(repository, subject, signer, options());
  await attach(repository, subject, { artifactType: 'application/vnd.example' });
  const { items } = await collectNotation(repository, subject.digest);
  expect(items).toHaveLength(2);
});

test('an image without signatures has none; a registry in trouble is a fault', async () => {
  const { repository, subject } = await world();
  expect(await collectNotation(repository, subject.digest)).toEqual({ items: [], skipped: [] });
  for (const method of ['referrers', 'getManifest', 'getBlob'] as const) {
    await attach(repository, subject);
    const broken = {
      ...bound(repository),
      [method]: () => Promise.reject(ociErrors.error('OCI_SERVER_ERROR', { message: '503' })),
    };
    await expect(collectNotation(broken, subject.digest)).rejects.toMatchObject({ code: 'OCI_SERVER_ERROR' });
  }
});

test.each<[string, object, string]>([
  ['two envelopes', { layers: ['x', 'y'] }, 'NOTATION_MANIFEST_INVALID'],
  ['none', { layers: [] }, 'NOTATION_MANIFEST_INVALID'],
  ['an envelope of another kind', { mediaType: 'application/octet-stream' }, 'NOTATION_ENVELOPE_UNSUPPORTED'],
  ['one that is too large', { layers: ['x'.repeat(101)] }, 'NOTATION_ENVELOPE_TOO_LARGE'],
])('a manifest with %s is told, and no signature', async (_, given, code) => {
  const { repository, subject } = await world();
  await attach(repository, subject, given);
  const { items, skipped } = await collectNotation(repository, subject.digest, {
    limits: { maxEnvelopeBytes: 100 },
  });
  expect([items, skipped.map((one) => one.code)]).toEqual([[], [code]]);
});

test('what a registry lists for another image is told', async () => {
  const { repository, subject } = await world();
  const other = { ...subject, digest: `sha256:${'0'.repeat(64)}` as const };
  await attach(repository, other);
  const listed = await repository.referrers(other.digest);
  const lying = { ...bound(repository), referrers: async () => listed };
  const { items, skipped } = await collectNotation(lying, subject.digest);
  expect([items, skipped.map(({ code }) => code)]).toEqual([[], ['NOTATION_MANIFEST_INVALID']]);
});

test('what is listed and not there is told', async () => {
  const { repository, subject } = await world();
  await attach(repository, subject);
  for (const method of ['getManifest', 'getBlob'] as const) {
    const missing = {
      ...bound(repository),
      [method]: () => Promise.reject(ociErrors.error('OCI_NOT_FOUND', { message: '404' })),
    };
    const { items, skipped } = await collectNotation(missing, subject.digest);
    expect([items, skipped.map(({ code }) => code)]).toEqual([[], ['NOTATION_ENVELOPE_MISSING']]);
  }
});

test('more than is read is a fault: by number, by bytes together', async () => {
  const { repository, subject } = await world();
  await attach(repository, subject, { layers: ['x'] });
  await attach(repository, subject, { layers: ['y'] });
  for (const limits of [{ maxSignatures: 1 }, { maxTotalBytes: 1 }])
    await expect(collectNotation(repository, subject.digest, { limits })).rejects.toMatchObject({
      code: 'NOTATION_EVIDENCE_LIMIT',
    });
  const reserved: number[] = [];
  const reserve = async (bytes: number) => {
    reserved.push(bytes);
  };
  await collectNotation(repository, subject.digest, { reserve });
  expect(reserved).toEqual([2]);
});

test('metadata with a reserved name is not signed', async () => {
  const { repository, subject } = await world();
  await expect(
    signNotation(repository, subject, signer, options({ metadata: { 'io.cncf.notary.x': 'y' } })),
  ).rejects.toMatchObject({ code: 'NOTATION_METADATA_RESERVED' });
});

/** The methods of a repository as an object of which one can be another. */
function bound(repository: Repository): Repository {
  return {
    ...repository,
    name: repository.name,
    referrers: (...args) => repository.referrers(...args),
    getManifest: (...args) => repository.getManifest(...args),
    getBlob: (...args) => repository.getBlob(...args),
  };
}
