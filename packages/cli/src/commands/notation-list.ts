import { notationMediaTypes } from '@pratique/notation';
import { openWithSignatures } from '../notation/open.ts';
import { openNotationPlace } from '../notation/place.ts';
import type { Run } from '../program/spec.ts';
import { openClient } from '../registry/client.ts';
import type { notationList } from '../specs/notation.ts';

export const run: Run<typeof notationList.flags> = async ({ args, flags, terminal, signal }) => {
  const client = openClient(flags, terminal);
  try {
    const image = await openNotationPlace(args[0]!, flags, client, terminal);
    const { name, evidence } = await openWithSignatures(
      image,
      'list',
      flags['max-signatures'],
      terminal,
      signal,
    );
    const manifests = [...evidence.items, ...evidence.skipped].map(({ source }) => source.manifest);
    if (manifests.length === 0) terminal.out(`${name} has no associated signature\n`);
    else {
      const lines = manifests.map(
        (digest, at) => `    ${at === manifests.length - 1 ? '└──' : '├──'} ${digest}\n`,
      );
      terminal.out(`${name}\n└── ${notationMediaTypes.signature}\n${lines.join('')}`);
    }
    return 0;
  } finally {
    client.close();
  }
};
