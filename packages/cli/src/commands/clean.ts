import { isNotFound } from '@pratique/oci';
import { type Attached, type AttachedKind, listAttached } from '@pratique/sigstore';
import { confirm } from '../program/confirm.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage } from '../registry/client.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { clean } from '../specs/attached.ts';

const kinds = {
  signature: ['signature'],
  attestation: ['attestation'],
  sbom: ['sbom'],
  referrer: ['signature', 'attestation', 'sbom'],
  all: ['signature', 'attestation', 'sbom'],
} as const satisfies Record<string, readonly AttachedKind[]>;

export const run: Run<typeof clean.flags> = async ({ args, flags, terminal, signal }) => {
  const type = flags.type as keyof typeof kinds;
  const wanted: readonly AttachedKind[] = kinds[type];
  const isMeant = ({ kind, tag }: Attached) =>
    wanted.includes(kind) && (type !== 'referrer' || tag === undefined);
  const tagPrefix = tagPrefixOf(flags);
  const client = openClient(flags, terminal);
  try {
    const { repository, signatures, version } = openImage(client, args[0]!, terminal);
    const { digest } = await repository.resolve(version, { signal });
    const found = (await listAttached(signatures, digest, { signal, tagPrefix })).filter(isMeant);
    if (found.length === 0) {
      terminal.err(`${args[0]}: nothing of that type is attached\n`);
      return 0;
    }
    const question = `this removes from ${args[0]}: ${counted(found)}`;
    if (!flags.force && !(await confirm(question, '--force', terminal))) return exit.operational;
    for (const { kind, tag, descriptor } of found) {
      try {
        // By digest: registries that know no deletion of tags know this one.
        await signatures.deleteManifest(descriptor.digest, { signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      terminal.err(`Removed ${kind} ${tag ?? descriptor.digest} from ${args[0]}\n`);
    }
    return 0;
  } finally {
    client.close();
  }
};

function counted(found: readonly Attached[]): string {
  const numbers = Map.groupBy(found, ({ kind }) => kind);
  return [...numbers].map(([kind, items]) => `${items.length} × ${kind}`).join(', ');
}
