import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { type Digest, isDigest, maxConfigBytes } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import { Opened } from '../program/opened.ts';
import type { Run } from '../program/spec.ts';
import { openClient } from '../registry/client.ts';
import { openPlace, type Place } from '../registry/places.ts';
import type { inspect } from '../specs/images.ts';

export const run: Run<typeof inspect.flags> = async ({ args, flags, terminal, signal }) => {
  const opened = new Opened();
  try {
    const client = opened.add(openClient(flags, terminal));
    const place = opened.add(await openPlace(client, args[0]!, terminal));
    const { bytes } = await place.repository.getManifestBytes(place.version, { signal });
    const shown = flags.config
      ? await place.repository.getBlob(configOf(bytes, place), { signal, maxBytes: maxConfigBytes })
      : bytes;
    const text = new TextDecoder().decode(shown);
    terminal.out(`${text.split('\n').map(escaped).join('\n').replace(/\n$/, '')}\n`);
    return 0;
  } finally {
    await opened.close();
  }
};

/** Tabs are harmless, and some indent with them. */
function escaped(line: string): string {
  return line
    .split('\t')
    .map((part) => printable(part, part.length))
    .join('\t');
}

/** The configuration that the manifest names; nothing else of it has to be right. */
function configOf(bytes: Uint8Array, { name }: Place): { readonly digest: Digest; readonly size: number } {
  const manifest = parsed(bytes);
  const { digest, size } = isJsonObject(manifest.config) ? manifest.config : {};
  if (typeof digest === 'string' && isDigest(digest) && Number.isSafeInteger(size))
    return { digest, size: size as number };
  const images = Array.isArray(manifest.manifests) ? manifest.manifests.filter(isJsonObject) : [];
  const choices = images.slice(0, 20).map((one) => {
    const { os, architecture } = isJsonObject(one.platform) ? one.platform : {};
    const platform = os === undefined ? '' : ` (${printable(`${os}/${architecture}`, 80)})`;
    return `${printable(String(one.digest), 80)}${platform}`;
  });
  throw cliErrors.error('USAGE', {
    message: `${printable(name)} names no configuration`,
    expected: choices.length > 0 ? `one of its images: ${choices.join(', ')}` : 'an image',
    found: choices.length > 0 ? 'an index' : 'a manifest without one',
    remedy: 'Name one by its digest; pratique inspect without --config shows the manifest.',
  });
}

function parsed(bytes: Uint8Array): JsonObject {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isJsonObject(document) ? document : {};
  } catch {
    return {};
  }
}
