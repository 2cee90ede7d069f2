import { RpmHeaderEntries } from './rpm-header-entries.ts';

/** What is read of a package's header in an rpm database. */
export interface RpmHeader {
  readonly name: string;
  readonly epoch: number | undefined;
  readonly version: string;
  readonly release: string;
  readonly architecture: string | undefined;
  readonly license: string | undefined;
  readonly vendor: string | undefined;
  /** Of the header as it was signed, hexadecimal; absent where it is no such thing. */
  readonly sha256: string | undefined;
  /** `bash-5.1.8-9.el9.src.rpm` */
  readonly sourceRpm: string | undefined;
  /** The stream of a module it is of: `nodejs:18:8090020240101:rhel8`. */
  readonly modularityLabel: string | undefined;
  readonly files: readonly string[];
  /** Of each file's content, hexadecimal; empty for what has none. */
  readonly fileDigests: readonly string[];
  readonly requires: readonly string[];
  readonly provides: readonly string[];
}

const tags = {
  sha256: 273,
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  arch: 1022,
  fileDigests: 1035,
  sourceRpm: 1044,
  provideName: 1047,
  requireName: 1049,
  modularityLabel: 5096,
} as const;
const wanted: ReadonlySet<number> = new Set(Object.values(tags));

/** Reads a header. Undefined where it is damaged, or does not say which package it is of. */
export function parseRpmHeader(bytes: Uint8Array): RpmHeader | undefined {
  const entries = new RpmHeaderEntries(bytes, wanted);
  const text = (tag: number) => entries.texts(tag)[0];
  const [name, version, release] = [text(tags.name), text(tags.version), text(tags.release)];
  if (!name || !version || !release) return undefined;
  const header = {
    name,
    epoch: entries.numbers(tags.epoch)[0],
    version,
    release,
    architecture: text(tags.arch),
    license: text(tags.license),
    vendor: text(tags.vendor),
    sha256: /^[0-9a-f]{64}$/.exec(text(tags.sha256) ?? '')?.[0],
    sourceRpm: text(tags.sourceRpm),
    modularityLabel: text(tags.modularityLabel) || undefined,
    files: entries.paths(),
    fileDigests: entries.texts(tags.fileDigests),
    requires: entries.texts(tags.requireName),
    provides: entries.texts(tags.provideName),
  };
  return entries.damaged ? undefined : header;
}
