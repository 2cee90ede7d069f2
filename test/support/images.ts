/** Images made of layers by crane, which is nobody's code here. */
import type { Context } from './context.ts';

function layersOf(layers: readonly string[]): readonly string[] {
  return ['append', '--insecure', '--oci-empty-base', ...layers.flatMap((layer) => ['-f', layer])];
}

/** Pushes an image of these tars as `name` below our registry; returns its reference. */
export async function pushedImage(
  context: Context,
  name: string,
  layers: readonly string[],
): Promise<string> {
  const image = `${context.ours.host}/${name}`;
  await context.ok('crane', [...layersOf(layers), '-t', image]);
  return image;
}

/** A docker archive at `path` of an image of these tars. */
export async function archivedImage(
  context: Context,
  path: string,
  layers: readonly string[],
): Promise<string> {
  await context.ok('crane', [...layersOf(layers), '-t', 'base:1', '-o', path]);
  return path;
}
