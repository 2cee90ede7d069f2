import { generateSigningKey } from '@pratique/crypto';
import { ociErrors, type Repository } from '@pratique/oci';
import { expect, test } from 'vitest';
import { signImage } from '../sign/sign.ts';
import { keySigner } from '../sign/signer.ts';
import { memoryRepository, putImage } from '../testing/memory-repository.ts';
import { collectEvidence, resolveAndCollect } from './collect.ts';

const key = generateSigningKey();
const unknown = `sha256:${'0'.repeat(64)}`;

async function signed() {
  const repository = memoryRepository('registry.test/app');
  const subject = await putImage(repository, 'app');
  repository.tagged.set('latest', subject.digest);
  await signImage(repository, subject, keySigner(key));
  return { repository, subject };
}

/** A repository of which some methods are others. */
const changed = (repository: Repository, methods: Partial<Repository>): Repository => ({
  ...repository,
  ...methods,
});

test('the evidence of a digest is that of its image', async () => {
  const { repository, subject } = await signed();
  const evidence = await resolveAndCollect(repository, subject.digest, repository);
  expect(evidence.items).toHaveLength(1);
  expect(evidence).toEqual(await collectEvidence(repository, subject));
});

test('the evidence of a tag is that of the digest it is resolved to', async () => {
  const { repository, subject } = await signed();
  expect(await resolveAndCollect(repository, 'latest', repository)).toEqual(
    await collectEvidence(repository, subject),
  );
});

test('the signatures of a digest are asked for before the image has answered', async () => {
  const { repository, subject } = await signed();
  const asked = Promise.withResolvers<void>();
  const signatures = changed(repository, {
    referrers: async (...args) => {
      asked.resolve();
      return await repository.referrers(...args);
    },
  });
  const image = changed(repository, {
    resolve: async () => {
      await asked.promise;
      return subject;
    },
  });
  expect((await resolveAndCollect(image, subject.digest, signatures)).items).toHaveLength(1);
});

test('an image that is not there is a fault although something is attached to its digest', async () => {
  const { repository } = await signed();
  await expect(resolveAndCollect(repository, unknown, repository)).rejects.toMatchObject({
    code: 'OCI_NOT_FOUND',
  });
});

test('where both fail, the image’s fault is told, and what is still under way is given up', async () => {
  const { repository, subject } = await signed();
  let signal: AbortSignal | undefined;
  const signatures = changed(repository, {
    referrers: async (_digest, options) => {
      signal = options?.signal;
      throw ociErrors.error('OCI_TIMEOUT', { message: 'signatures' });
    },
  });
  const image = changed(repository, {
    resolve: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw ociErrors.error('OCI_UNREACHABLE', { message: 'image' });
    },
  });
  await expect(resolveAndCollect(image, subject.digest, signatures)).rejects.toMatchObject({
    code: 'OCI_UNREACHABLE',
  });
  expect(signal?.aborted).toBe(true);
});

test('a fault among the signatures is thrown, never taken for none', async () => {
  const { repository, subject } = await signed();
  const signatures = changed(repository, {
    referrers: () => Promise.reject(ociErrors.error('OCI_TIMEOUT', { message: 'signatures' })),
  });
  await expect(resolveAndCollect(repository, subject.digest, signatures)).rejects.toMatchObject({
    code: 'OCI_TIMEOUT',
  });
});

test('a caller who gives up ends both', async () => {
  const { repository, subject } = await signed();
  const abort = new AbortController();
  const hangs = (_: unknown, options?: { readonly signal?: AbortSignal }) =>
    new Promise<never>((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () =>
        reject(ociErrors.error('OCI_CANCELLED', { message: 'cancelled' })),
      );
    });
  const never = changed(repository, { resolve: hangs, referrers: hangs });
  const done = resolveAndCollect(never, subject.digest, never, { signal: abort.signal });
  abort.abort();
  await expect(done).rejects.toMatchObject({ code: 'OCI_CANCELLED' });
});
