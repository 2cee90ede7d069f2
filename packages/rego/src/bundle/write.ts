import { gzipSync } from 'node:zlib';
import type { RegoObject } from '../values/index.ts';
import { goJson } from './json.ts';
import { type Manifest, manifestJson } from './manifest.ts';
import { type SigningKey, signBundle } from './signature.ts';
import { type BundleFile, writeTar } from './tar.ts';

/** What a bundle is made from. */
export interface BundleContent {
  readonly manifest: Manifest;
  readonly data: RegoObject;
  /** Policy texts by path within the bundle, as they are to be stored. */
  readonly modules: readonly { readonly path: string; readonly text: string }[];
}

/** A bundle as `.tar.gz`, as OPA lays it out. The same content gives the same bytes. */
export function writeBundle({ manifest, data, modules }: BundleContent, signing?: SigningKey): Uint8Array {
  const encoder = new TextEncoder();
  const policies = modules.map(({ path, text }) => ({
    path: path.replace(/^\/+/, ''),
    bytes: encoder.encode(text),
  }));
  const dataFile: BundleFile = { path: 'data.json', bytes: encoder.encode(`${goJson(data)}\n`) };
  const manifestFile: BundleFile = {
    path: '.manifest',
    bytes: encoder.encode(`${goJson(manifestJson(manifest))}\n`),
  };
  const files = [dataFile, ...policies];
  if (signing !== undefined) {
    const token = signBundle([...policies, dataFile, manifestFile], signing);
    const text = goJson({ signatures: [token], plugin: '_default' }, ' ');
    files.push({ path: '.signatures.json', bytes: encoder.encode(text) });
  }
  files.push(manifestFile);
  const archive = new Uint8Array(gzipSync(writeTar(files), { level: 9 }));
  // The byte that says on which system it was packed (RFC 1952 §2.3.1): unknown.
  archive[9] = 255;
  return archive;
}
