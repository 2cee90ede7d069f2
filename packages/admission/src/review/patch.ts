import type { Decision } from '@pratique/policy';
import type { ImagePlace } from '../objects/images.ts';

/** One operation of a JSON Patch (RFC 6902 §4.3). */
export interface ReplaceOperation {
  readonly op: 'replace';
  readonly path: string;
  readonly value: string;
}

/**
 * The patch that pins every image to the digest the decision was about, tag kept for people. What has a digest
 * already, or was not resolved, stays.
 */
export function pinPatch(decision: Decision, images: readonly ImagePlace[]): readonly ReplaceOperation[] {
  const digests = new Map(decision.subject.images.map(({ reference, digest }) => [reference, digest]));
  return images.flatMap(({ reference, pointer }) => {
    const digest = digests.get(reference);
    if (digest === undefined || digest === null || reference.includes('@')) return [];
    return [{ op: 'replace', path: pointer, value: `${reference}@${digest}` }];
  });
}
