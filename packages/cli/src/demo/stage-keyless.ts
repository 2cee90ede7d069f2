import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyImage, type Descriptor, type RegistryRepository } from '@pratique/oci';
import { attestImage, type ContentSigner, signImage } from '@pratique/sigstore';
import { copySignatures } from './copied-signature.ts';
import { attachExpired } from './expired-certificate.ts';
import { keylessImages } from './keyless-cases.ts';
import { pushOtherContent } from './other-content.ts';
import { type DemoSigstore, people, signerFor } from './sigstore.ts';

const sbom = {
  predicateType: 'https://cyclonedx.org/bom',
  predicate: { bomFormat: 'CycloneDX', specVersion: '1.6', components: [] },
} as const;

/**
 * Signs the demo's image as its people, and as those who would like to be taken for them. `from` is where `subject` is;
 * the trusted root goes into `directory`, beside the trust configuration.
 */
export async function stageKeyless(
  sigstore: DemoSigstore,
  directory: string,
  from: RegistryRepository,
  subject: Descriptor,
  open: (image: string) => RegistryRepository,
  signal: AbortSignal,
): Promise<void> {
  const { elsewhere } = sigstore;
  const push = async (image: string): Promise<RegistryRepository> => {
    const repository = open(image);
    await copyImage(from, subject.digest, repository, { tag: '0.1', signal });
    return repository;
  };
  const signed = async (image: string, signer: ContentSigner, env = 'dev'): Promise<RegistryRepository> => {
    const repository = await push(image);
    await signImage(repository, subject, signer, { annotations: { env }, signal });
    return repository;
  };
  const alice = signerFor(sigstore, people.alice);
  const bob = signerFor(sigstore, people.bob);
  await signed(keylessImages.dev, alice);
  await signed(keylessImages.prod, bob, 'prod');
  await signed(keylessImages.mallory, signerFor(sigstore, people.mallory));
  await signed(keylessImages.issuer, signerFor(sigstore, people.alice, { issuer: elsewhere }));
  await signed(keylessImages.unanchored, signerFor(sigstore, people.lookalike));
  await signed(keylessImages.otherLog, signerFor(sigstore, people.alice, { log: elsewhere }));
  await attachExpired(sigstore, people.alice, await push(keylessImages.expired), subject, signal);
  await attestImage(await push(keylessImages.attested), subject, alice, sbom, { signal });

  const scanned = await signed(keylessImages.scanned, alice);
  const borrowed = open(keylessImages.borrowed);
  await copyImage(from, subject.digest, borrowed, { tag: '0.1', signal });
  const other = await pushOtherContent(borrowed, subject.digest, '0.1', signal);
  await attestImage(scanned, subject, bob, sbom, { signal });
  await copySignatures(scanned, subject, borrowed, other, signal);
  await signImage(borrowed, other, alice, { annotations: { env: 'dev' }, signal });
  copyFileSync(sigstore.server.trustedRootFile, join(directory, 'trusted_root.json'));
}
