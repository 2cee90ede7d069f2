import { printable } from '@pratique/errors';
import { buildFileImage, buildFileIndex, isMediaType, type Platform, pushImage } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import { commaList } from '../program/comma-list.ts';
import type { Run } from '../program/spec.ts';
import { annotationsOf } from '../registry/annotations.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { openContent, targetName, targetTag } from '../registry/upload.ts';
import type { uploadBlob } from '../specs/upload.ts';

interface NamedFile {
  readonly path: string;
  readonly platform: Platform | undefined;
  /** What was said of the platform, and does not go into the index. */
  readonly variant: string | undefined;
}

export const run: Run<typeof uploadBlob.flags> = async ({ args, flags, terminal, signal }) => {
  const files = parseFiles(flags.files);
  const annotations = annotationsOf(flags.annotation.flatMap(pairs));
  const type = mediaType(flags.ct);
  const client = openClient(flags, terminal);
  try {
    const target = openImage(client, args[0]!, terminal);
    const { reference, repository } = target;
    const images = [];
    for (const file of files) {
      const image = await buildFileImage(openContent(file.path, terminal), { ...type, annotations });
      images.push({ ...file, image, platform: file.platform ?? { os: '', architecture: '' } });
    }
    const index = images.length > 1 ? buildFileIndex(images, annotations) : null;
    const { digest } = index?.descriptor ?? images[0]!.image.descriptor;
    const tag = targetTag(target, digest);

    for (const { path, variant, image } of images) {
      const [layer] = image.layers;
      const { mediaType, digest: blob } = layer!.descriptor;
      const shown = printable(path, path.length);
      if (variant !== undefined)
        terminal.err(`warning: the variant ${printable(variant)} of ${shown} is left out, as cosign does\n`);
      terminal.err(
        `Uploading file from [${shown}] to [${targetName(target)}] with media type [${mediaType}]\n`,
      );
      await pushImage(image, repository, { signal, ...(index === null ? tag : {}) });
      const { registry, repository: name } = reference;
      terminal.err(`File [${shown}] is available directly at [${registry}/v2/${name}/blobs/${blob}]\n`);
    }
    if (index === null) {
      terminal.err('Uploaded image to:\n');
      terminal.out(`${pinned(reference, digest)}\n`);
    } else {
      await repository.putManifest(index.bytes, index.descriptor.mediaType, { signal, ...tag });
      terminal.err(`Uploading multi-platform index to ${pinned(reference, digest)}\n`);
    }
    return 0;
  } finally {
    client.close();
  }
};

/** `FILE[:OS[/ARCH]]`, as cosign reads it: what follows a second colon does not count. */
function parseFiles(lists: readonly string[]): readonly NamedFile[] {
  const files = lists.flatMap(commaList).map((text) => {
    const [path, platform] = text.split(':') as [string, string?];
    if (platform === undefined) return { path, platform, variant: undefined };
    const [os, architecture = '', variant] = platform.split('/') as [string, string?, string?];
    return { path, platform: { os, architecture }, variant };
  });
  const unsaid = files.find(({ platform }) => platform === undefined);
  if (files.length > 0 && (files.length === 1 || unsaid === undefined)) return files;
  throw cliErrors.error('USAGE', {
    message: files.length === 0 ? 'there is no file to push' : 'each of several files is for a platform',
    expected: files.length === 0 ? '-f FILE' : '-f FILE:OS/ARCH for each of them',
    found: files.length === 0 ? 'no -f' : `-f ${printable(unsaid!.path)}`,
  });
}

/** The pairs in one `-a`: with more than one equals sign it is a list, as in cosign. */
function pairs(text: string): readonly string[] {
  return text.indexOf('=') === text.lastIndexOf('=') ? [text.replace(/^"+|"+$/g, '')] : commaList(text);
}

function mediaType(given: string | undefined): { readonly mediaType?: string } {
  if (given === undefined || given === '') return {};
  if (isMediaType(given)) return { mediaType: given };
  throw cliErrors.error('USAGE', {
    message: 'what is given as --ct is no media type',
    expected: 'TYPE/SUBTYPE, such as application/json',
    found: printable(given, 200),
  });
}
