import type { Run } from '../program/spec.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import type { resolveImage } from '../specs/images.ts';

export const run: Run<typeof resolveImage.flags> = async ({ args, flags, terminal, signal }) => {
  const client = openClient(flags, terminal);
  try {
    for (const name of args) {
      const { reference, repository, version } = openImage(client, name, terminal);
      const { digest } = await repository.resolve(version, { signal });
      terminal.out(`${pinned(reference, digest)}\n`);
    }
    return 0;
  } finally {
    client.close();
  }
};
