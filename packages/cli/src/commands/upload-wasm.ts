import { printable } from '@pratique/errors';
import { buildFileImage, pushImage, sniffContent } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage } from '../registry/client.ts';
import { openContent, targetName, targetTag } from '../registry/upload.ts';
import type { uploadWasm } from '../specs/upload.ts';

const layerMediaType = 'application/vnd.wasm.content.layer.v1+wasm';
const configMediaType = 'application/vnd.wasm.config.v1+json';

export const run: Run<typeof uploadWasm.flags> = async ({ args, flags, terminal, signal }) => {
  const { file } = flags;
  if (file === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'there is no module to push',
      expected: '-f FILE',
      found: 'no -f',
    });
  }
  const content = openContent(file, terminal);
  const found = await sniffContent(content);
  if (found !== 'application/wasm') {
    throw cliErrors.error('USAGE', {
      message: `${printable(file)} is no WebAssembly module`,
      expected: 'a file that begins with the bytes 00 61 73 6d',
      found,
      remedy: 'Compile it first; any other file is pushed with pratique upload blob -f FILE IMAGE.',
    });
  }
  const client = openClient(flags, terminal);
  try {
    const target = openImage(client, args[0]!, terminal);
    const image = await buildFileImage(content, { mediaType: layerMediaType, configMediaType });
    const tag = targetTag(target, image.descriptor.digest);
    terminal.err(`Uploading wasm file from [${printable(file, file.length)}] to [${targetName(target)}].\n`);
    await pushImage(image, target.repository, { signal, ...tag });
    return 0;
  } finally {
    client.close();
  }
};
