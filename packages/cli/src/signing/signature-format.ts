import type { EnvelopeKind } from '@pratique/sigstore-client';
import type { FlagValues } from '../program/spec.ts';
import type { formatFlags } from '../specs/shared.ts';

export type SignatureFormat = 'bundle' | 'legacy';

export function chosenFormat(flags: FlagValues<typeof formatFlags>): SignatureFormat {
  return flags.legacy || !flags['new-bundle-format'] ? 'legacy' : 'bundle';
}

/** The versions of Rekor whose entries the format can hold: the tag-based one needs a promise with a time. */
export function rekorVersions(format: SignatureFormat): readonly (1 | 2)[] {
  return format === 'legacy' ? [1] : [1, 2];
}

/** What `--rekor-entry-type` asks of a signer: only Rekor v1 has entries of the kind `intoto`. */
export function entryPurpose(
  type: string,
  format: SignatureFormat,
): { readonly rekorVersions: readonly (1 | 2)[]; readonly envelopeKind?: EnvelopeKind } {
  if (type === 'intoto') return { rekorVersions: [1], envelopeKind: 'intoto' };
  return { rekorVersions: rekorVersions(format) };
}
