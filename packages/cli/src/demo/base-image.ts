import { readFileSync } from 'node:fs';
import {
  buildImage,
  buildLayer,
  type Descriptor,
  machinePlatform,
  nodeBase,
  pushImage,
  type Repository,
} from '@pratique/oci';

/** What the standalone executable, which stands for Node there, must be told to run scripts. */
const asScriptRunner = process.versions['bun'] === undefined ? [] : ['BUN_BE_BUN=1'];

const guestbook = new URL('./guestbook/guestbook.mjs', import.meta.url);

/**
 * Builds the demo's default image and pushes it: this machine's Node with the libraries it needs, and a guestbook that
 * runs on it. Not from a registry, so that the demo needs no network.
 */
export async function pushGuestbook(
  target: Repository,
  tag: string,
  signal: AbortSignal,
): Promise<Descriptor> {
  const { entries, run } = nodeBase();
  const base = await buildLayer(entries);
  const application = await buildLayer([
    { type: 'file', path: 'app/guestbook.mjs', content: new Uint8Array(readFileSync(guestbook)) },
  ]);
  const image = buildImage({
    layers: [base, application],
    run: {
      ...run,
      env: [...(run.env ?? []), ...asScriptRunner],
      cmd: ['/app/guestbook.mjs'],
      exposedPorts: ['8080/tcp'],
      labels: { 'org.opencontainers.image.title': 'guestbook' },
    },
    platform: machinePlatform(),
  });
  return await pushImage(image, target, { tag, signal });
}
