import { hash } from 'node:crypto';
import type { Digest } from '@pratique/oci';
import type { Catalog } from '../packages/catalog.ts';

/** Something in the image that no package brought, and where it came from. */
export interface Brought {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Where it was. */
  readonly uri: string;
  /** Hexadecimal; null where it has no digest of this kind. */
  readonly sha256: string | null;
}

/** What a bill of materials is of, and by whom and when it was made. */
export interface SbomInput {
  readonly catalog: Catalog;
  readonly subject: {
    /** For people: the reference or path. */
    readonly name: string;
    /** Of the image manifest; absent for a root file system. */
    readonly digest?: Digest | undefined;
  };
  /** What somebody put there beside packages. Default none. */
  readonly brought?: readonly Brought[];
  readonly created: Date;
  /** Of this program. */
  readonly version: string;
}

/** A UUID (version 8, RFC 9562) that is the same for the same content: two runs give one document. */
export function documentUuid({ subject, created, catalog, brought = [] }: SbomInput): string {
  const text = JSON.stringify([
    subject.name,
    subject.digest,
    created,
    catalog.packages.map(({ purl }) => purl),
    ...brought,
  ]);
  const hex = hash('sha256', text);
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** RFC 3339 in seconds, as both formats want it. */
export function timestamp(created: Date): string {
  return created.toISOString().replace(/\.\d+Z$/, 'Z');
}
