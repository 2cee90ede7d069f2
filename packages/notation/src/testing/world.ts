import type { Descriptor } from '@pratique/oci';
import type { EnvelopeFormat } from '../media-types.ts';
import { type EnvelopeContent, formatEnvelope } from '../sign/envelope.ts';
import { formatPayload } from '../sign/sign.ts';
import { levelOf } from '../trust/level.ts';
import { parseTrustedIdentities } from '../trust/policy.ts';
import type { TrustStatement } from '../trust/statement.ts';
import type { NotationItem } from '../types.ts';
import { type NotationVerdict, verifyNotation } from '../verify/verify.ts';
import { newAuthority, newHolder, newRoot, signerOf } from './authority.ts';

/** The moment at which everything here is valid. */
export const now = new Date('2026-06-01T00:00:00Z');

export const subject: Descriptor = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 7023,
};

export const root = newRoot('root');
export const intermediate = newAuthority(root, 'intermediate');
export const leaf = newHolder(intermediate);
export const signer = signerOf(leaf, intermediate, root);

/** Strict, trusting the root for the subject of `leaf`. */
export const statement: TrustStatement = {
  name: 'test',
  level: levelOf('strict'),
  verifyTimestamp: 'always',
  stores: { ca: [root.certificate], signingAuthority: [], tsa: [] },
  identities: parseTrustedIdentities(['x509.subject: C=US, ST=WA, O=wabbit-networks.io']),
};

export const formats: readonly EnvelopeFormat[] = ['jws', 'cose'];

/** What is signed where a test does not say otherwise. */
export const content = (changes: Partial<EnvelopeContent> = {}): EnvelopeContent => ({
  payload: formatPayload(subject, {}),
  signingTime: new Date('2026-05-01T00:00:00Z'),
  expiry: null,
  signingAgent: 'test',
  ...changes,
});

export const itemOf = (envelope: EnvelopeFormat, bytes: Uint8Array): NotationItem => ({
  source: { format: 'notation', manifest: `sha256:${'b'.repeat(64)}` },
  envelope,
  bytes,
});

export async function sign(
  format: EnvelopeFormat,
  changes: Partial<EnvelopeContent> = {},
  by = signer,
): Promise<NotationItem> {
  return itemOf(format, await formatEnvelope(format, content(changes), by));
}

/** The verdict of the statement, or of one that differs from it. */
export function judge(item: NotationItem, changes: Partial<TrustStatement> = {}, at = now): NotationVerdict {
  return verifyNotation(item, subject, { ...statement, ...changes }, at);
}

/** The code of a refusal; `accepted` otherwise. */
export function codeOf(verdict: NotationVerdict): string {
  return verdict.ok ? 'accepted' : verdict.rejection.code;
}
