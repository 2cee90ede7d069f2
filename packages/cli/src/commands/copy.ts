import type { Run } from '../program/spec.ts';
import { openClient } from '../registry/client.ts';
import { copyTo } from '../registry/copy-to.ts';
import { openPlace } from '../registry/places.ts';
import type { copy } from '../specs/images.ts';

export const run: Run<typeof copy.flags> = async ({ args, flags, terminal, signal }) => {
  const [from, to] = args as [string, string];
  const client = openClient(flags, terminal);
  try {
    const source = await openPlace(client, from, terminal);
    try {
      const digest = await copyTo(client, source, to, { attached: !flags['image-only'], signal }, terminal);
      terminal.err(`${source.name} copied to ${to}\n`);
      terminal.out(`${digest}\n`);
    } finally {
      await source.close();
    }
    return 0;
  } finally {
    client.close();
  }
};
