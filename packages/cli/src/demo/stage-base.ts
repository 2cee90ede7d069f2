import {
  alpineKeyFile,
  createFetcher,
  type HardenReport,
  harden,
  parseSettings,
  provenance,
  provenanceType,
} from '@pratique/harden';
import { parseImageConfig } from '@pratique/inspect';
import {
  buildImage,
  buildLayer,
  type Descriptor,
  type Digest,
  type Layer,
  machinePlatform,
  pushImage,
  type RegistryRepository,
} from '@pratique/oci';
import { attestImage, type ContentSigner, signImage } from '@pratique/sigstore';
import { programVersion } from '../program/version.ts';
import { baseImages } from './base-cases.ts';

/** The hardened base, and what was done to make it. */
export interface SecureBase {
  readonly digest: Digest;
  readonly report: HardenReport;
}

/**
 * The base-image flow and what is built on it: the public image is hardened, signed and attested; a developer’s image is
 * built on the result, another one on the public image itself.
 */
export async function stageBase(
  from: RegistryRepository,
  subject: Descriptor,
  signer: ContentSigner,
  open: (image: string) => RegistryRepository,
  signal: AbortSignal,
): Promise<SecureBase> {
  const startedOn = new Date();
  const settings = parseSettings('{ strip: { profile: distroless }, compression: none }', 'demo');
  const hardened = await harden({
    name: from.name,
    repository: from,
    version: subject.digest,
    settings,
    path: (path) => path,
    openImage: () => Promise.reject(new Error('nothing is added')),
    tests: [],
    repositories: {
      fetcher: createFetcher({ signal }),
      keyrings: () => [],
      alpineKey: alpineKeyFile,
      now: startedOn,
    },
    scan: null,
    signal,
  });
  try {
    const secure = open(baseImages.secure);
    const pushed = await pushImage(hardened.image!, secure, { tag: '0.1', signal });
    const predicate = provenance(hardened.report, settings, {
      version: programVersion(),
      startedOn,
      finishedOn: new Date(),
      policyDigest: null,
      databaseDigest: null,
    });
    await attestImage(secure, pushed, signer, { predicateType: provenanceType, predicate }, { signal });
    await signImage(secure, pushed, signer, { signal });
    await buildOn(secure, pushed, open(baseImages.onSecure), signer, signal);
    await buildOn(from, subject, open(baseImages.onPublic), signer, signal);
    return { digest: pushed.digest, report: hardened.report };
  } finally {
    hardened.close();
  }
}

/** What a developer’s build does: one more layer, a signature, and provenance that names the base. */
async function buildOn(
  from: RegistryRepository,
  base: Descriptor,
  target: RegistryRepository,
  signer: ContentSigner,
  signal: AbortSignal,
): Promise<void> {
  const application = await buildLayer([
    {
      type: 'file',
      path: 'app/greeting.txt',
      content: new TextEncoder().encode('Hello from the guestbook\n'),
    },
  ]);
  const layers = [...(await layersOf(from, base, signal)), application];
  const image = buildImage({ layers, platform: machinePlatform() });
  const pushed = await pushImage(image, target, { tag: '0.1', signal });
  const [algorithm, hex] = base.digest.split(':');
  const predicate = {
    buildDefinition: {
      buildType: 'https://pratique.dev/demo/build',
      externalParameters: {},
      resolvedDependencies: [{ uri: from.name, digest: { [algorithm!]: hex } }],
    },
    runDetails: { builder: { id: 'https://ci.guestbook.example' } },
  };
  await attestImage(target, pushed, signer, { predicateType: provenanceType, predicate }, { signal });
  await signImage(target, pushed, signer, { signal });
}

/** The layers of an image on a registry, to build on. */
async function layersOf(
  repository: RegistryRepository,
  { digest }: Descriptor,
  signal: AbortSignal,
): Promise<readonly Layer[]> {
  const { manifest } = await repository.getManifest(digest, { signal });
  if (manifest.kind === 'index') return await layersOf(repository, manifest.manifests[0]!, signal);
  const { diffIds } = parseImageConfig(
    await repository.getBlob(manifest.config, { signal, maxBytes: 1024 * 1024 }),
  );
  return manifest.layers.map((descriptor, index): Layer => {
    const open = () => ReadableStream.from(blob(repository, descriptor, signal));
    return { descriptor, diffId: diffIds[index]!, open };
  });
}

async function* blob(
  repository: RegistryRepository,
  descriptor: Descriptor,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  yield* await repository.openBlob(descriptor, { signal });
}
