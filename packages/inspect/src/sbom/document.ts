import { hash } from 'node:crypto';
import type { Digest } from '@pratique/oci';
import type { Catalog } from '../packages/catalog.ts';

/** What a bill of materials is of, and by whom and when it was made. */
export interface SbomInput {
  readonly catalog: Catalog;
  readonly subject: {
    /** For people: the reference or path. */
    readonly name: string;
    /** Of the image manifest; absent for a root file system. */
    readonly digest?: Digest | undefined;
  };
  readonly created: Date;
  /** Of this program. */
  readonly version: string;
}

/** A UUID (version 8, RFC 9562) that is the same for the same content: two runs give one document. */
export function documentUuid({ subject, created, catalog }: SbomInput): string {
  const text = JSON.stringify([
    subject.name,
    subject.digest,
    created,
    catalog.packages.map(({ purl }) => purl),
  ]);
  const hex = hash('sha256', text);
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** RFC 3339 in seconds, as both formats want it. */
export function timestamp(created: Date): string {
  return created.toISOString().replace(/\.\d+Z$/, 'Z');
}
