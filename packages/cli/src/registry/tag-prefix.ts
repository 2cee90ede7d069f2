import { printable } from '@pratique/errors';
import { isTag } from '@pratique/oci';
import { cosignTag } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import type { FlagValues } from '../program/spec.ts';
import type { tagFlags } from '../specs/older.ts';

/** What stands before Cosign's tags. @throws USAGE where the longest of them would be no tag */
export function tagPrefixOf({ 'attachment-tag-prefix': prefix }: FlagValues<typeof tagFlags>): string {
  if (isTag(cosignTag(`sha256:${'0'.repeat(64)}`, 'sbom', prefix))) return prefix;
  throw cliErrors.error('USAGE', {
    message: '--attachment-tag-prefix is not the beginning of a tag',
    expected: 'letters, digits, "_", "." and "-", not "." or "-" at first, at most 52',
    found: printable(prefix, 200),
  });
}
