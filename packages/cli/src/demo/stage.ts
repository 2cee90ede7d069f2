import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admission, startAdmission } from '@pratique/admission';
import { formatPublicKey, formatSigningKey, generateSigningKey, type SigningKey } from '@pratique/crypto';
import type { HardenReport } from '@pratique/harden';
import {
  copyImage,
  createRegistryClient,
  type Descriptor,
  type RegistryClient,
  type RegistryRepository,
} from '@pratique/oci';
import { type Registry, startRegistry } from '@pratique/registry';
import { keySigner, signImage } from '@pratique/sigstore';
import { openGate } from '../gate/open-gate.ts';
import { cacheDirectory } from '../program/cache-directory.ts';
import type { Terminal } from '../program/terminal.ts';
import type { Place } from '../registry/places.ts';
import { baseImages } from './base-cases.ts';
import { pushGuestbook } from './base-image.ts';
import { copySignatures } from './copied-signature.ts';
import { pushDebian } from './debian-base.ts';
import { images } from './key-cases.ts';
import { pushOtherContent } from './other-content.ts';
import { startDemoSigstore } from './sigstore.ts';
import { stageBase } from './stage-base.ts';
import { stageKeyless } from './stage-keyless.ts';
import { basesTrustFile, keylessTrustFile, trustFile } from './trust-file.ts';

/** Everything the cases need, running on loopback. */
export interface Stage {
  readonly directory: string;
  readonly registry: Registry;
  /** Address of a registry that had the signed image and has stopped. */
  readonly stopped: string;
  readonly webhook: Admission;
  /** The same with the trust configuration in warn mode. */
  readonly warning: Admission;
  /** With a trust configuration of identities. */
  readonly keyless: Admission;
  /** With a trust configuration of base images. */
  readonly bases: Admission;
  /** The issuer of those identities. */
  readonly issuer: string;
  /** The digest every signature is about. */
  readonly subject: Descriptor;
  close(): Promise<void>;
}

/** Says what is being done. */
export type Progress = (step: string) => void;

/** Sets the demo up: two registries, the images, three signers, two webhooks. Closes what it has opened when it fails. */
export async function setStage(
  base: Place | undefined,
  offline: boolean,
  terminal: Terminal,
  signal: AbortSignal,
  progress: Progress,
): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-demo-'));
  const cleanup: (() => Promise<void> | void)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const step of cleanup.splice(0).reverse()) await step();
  };
  try {
    const registry = await startRegistry({ listen: '127.0.0.1:0', directory: join(directory, 'registry') });
    cleanup.push(() => registry.close());
    progress(`registry on ${registry.address}`);
    // The demo talks to its own registries only: no proxies, and none of the user's credentials.
    const client = createRegistryClient({ environment: {}, keychain: { resolve: async () => undefined } });
    cleanup.push(() => client.close());
    const open = (image: string, address = registry.address): RegistryRepository =>
      client.repository(`${address}/${image}`);

    const subject = await pushBase(base, open(images.public), signal, progress);
    for (const image of [images.dev, images.prod, images.stranger, images.moved]) {
      await copyImage(open(images.public), subject.digest, open(image), { tag: '0.1', signal });
    }
    const team = generateSigningKey();
    const stranger = generateSigningKey();
    await signImage(open(images.dev), subject, keySigner(team), { annotations: { env: 'dev' }, signal });
    await signImage(open(images.prod), subject, keySigner(team), { annotations: { env: 'prod' }, signal });
    await signImage(open(images.stranger), subject, keySigner(stranger), {
      annotations: { env: 'dev' },
      signal,
    });
    await signImage(open(images.moved), subject, keySigner(team), { annotations: { env: 'dev' }, signal });
    await pushOtherContent(open(images.moved), subject.digest, '0.1', signal);
    await copyImage(open(images.moved), '0.1', open(images.copied), { tag: '0.1', signal });
    const other = await open(images.copied).resolve('0.1', { signal });
    await copySignatures(open(images.dev), subject, open(images.copied), other, signal);
    progress(
      'signed by the team for dev and for prod, and by a stranger; one tag moved, one signature copied',
    );

    const stopped = await stoppedRegistry(client, open(images.dev), subject, team, signal);
    progress(`a second registry, ${stopped}, stopped after the image was signed there`);

    const sigstore = await startDemoSigstore(directory);
    cleanup.push(() => sigstore.close());
    progress(`a private Sigstore on ${sigstore.server.url}, and another one that nobody here trusts`);
    await stageKeyless(sigstore, directory, open(images.public), subject, open, signal);
    progress('signed without a key by Alice for dev and by Bob for prod, and by others in their names');

    const debian =
      base === undefined && !offline
        ? await pushDebian(open(baseImages.debian), '0.1', join(cacheDirectory(terminal.env), 'apt'), signal)
        : null;
    if (debian !== null)
      progress('base' in debian ? 'a Debian put together from apt repositories' : debian.why);
    const secure =
      debian !== null && 'base' in debian
        ? await stageBase(open(baseImages.debian), debian.base, keySigner(team), open, signal)
        : await stageBase(open(images.public), subject, keySigner(team), open, signal);
    progress(
      `hardened to a base image, ${shrunk(secure.report)}, signed; one image built on it, one on the public one`,
    );

    writePair(directory, 'team', team);
    writePair(directory, 'stranger', stranger);
    const start = async (name: string, trust: string): Promise<Admission> => {
      const file = join(directory, name);
      writeFileSync(file, trust);
      const gate = await openGate({ trust: file, policy: [], 'local-registries': true }, client, terminal);
      const admission = await startAdmission({
        gate,
        listen: '127.0.0.1:0',
        tls: { names: ['localhost', '127.0.0.1'] },
      });
      cleanup.push(() => admission.close());
      return admission;
    };
    const webhook = await start('trust.yaml', trustFile(subject.digest, 'enforce'));
    const warning = await start('trust-warn.yaml', trustFile(subject.digest, 'warn'));
    const keyless = await start('trust-keyless.yaml', keylessTrustFile(sigstore.server.issuer));
    const bases = await start('trust-bases.yaml', basesTrustFile(secure.digest));
    writeFileSync(join(directory, 'ca.crt'), webhook.caPem);
    progress(`admission webhook on ${webhook.url}`);
    const { issuer } = sigstore.server;
    return { directory, registry, stopped, webhook, warning, keyless, bases, issuer, subject, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What hardening did, in numbers. */
function shrunk({ before, after }: HardenReport): string {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return `from ${before.packages} packages and ${mb(before.bytes)} to ${after.packages} and ${mb(after.bytes)}`;
}

/** The image all others are made of: the one given, or the guestbook. */
async function pushBase(
  base: Place | undefined,
  target: RegistryRepository,
  signal: AbortSignal,
  progress: Progress,
): Promise<Descriptor> {
  if (base === undefined) {
    const descriptor = await pushGuestbook(target, '0.1', signal);
    progress('guestbook image assembled from this machine’s Node and pushed');
    return descriptor;
  }
  await copyImage(base.repository, base.version, target, { tag: '0.1', signal });
  progress(`${base.name} pushed`);
  return await target.resolve('0.1', { signal });
}

/** A registry that had a good, signed image and does not answer any more. */
async function stoppedRegistry(
  client: RegistryClient,
  source: RegistryRepository,
  subject: Descriptor,
  key: SigningKey,
  signal: AbortSignal,
): Promise<string> {
  const registry = await startRegistry({ listen: '127.0.0.1:0' });
  try {
    const target = client.repository(`${registry.address}/${images.dev}`);
    await copyImage(source, subject.digest, target, { tag: '0.1', signal });
    await signImage(target, subject, keySigner(key), { annotations: { env: 'dev' }, signal });
    return registry.address;
  } finally {
    await registry.close();
  }
}

/** Key files as `pratique generate-key-pair` writes them, with an empty password: they live as long as the demo. */
function writePair(directory: string, name: string, key: SigningKey): void {
  writeFileSync(join(directory, `${name}.key`), formatSigningKey(key, ''), { mode: 0o600 });
  writeFileSync(join(directory, `${name}.pub`), formatPublicKey(key.publicKey));
}
