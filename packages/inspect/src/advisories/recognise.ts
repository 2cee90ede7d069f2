import { PratiqueError, printable } from '@pratique/errors';
import { readYaml } from '@pratique/yaml';
import * as v from 'valibot';
import { inspectErrors } from '../errors.ts';
import { csaf } from '../vex/csaf.ts';
import { openVex } from '../vex/open-vex.ts';
import type { ImportItem } from './advisory.ts';
import { alpineSecdb, fromAlpineSecdb } from './formats/alpine-secdb.ts';
import { fromCsaf } from './formats/csaf.ts';
import { fromDebianNotices, isDebianNotices } from './formats/debian-notices.ts';
import { debianTracker, fromDebianTracker } from './formats/debian-tracker.ts';
import { fromEpss, fromKev, isEpss, kevCatalogue } from './formats/exploits.ts';
import { fromNvd, nvdFeed } from './formats/nvd.ts';
import { fromOpenVex } from './formats/open-vex.ts';
import { fromOsv, osvRecord } from './formats/osv.ts';
import type { AdvisoryFile } from './read-files.ts';

/** A file of a known format. */
export interface Recognised {
  readonly format:
    | 'osv'
    | 'debian-tracker'
    | 'debian-notices'
    | 'secdb'
    | 'nvd'
    | 'kev'
    | 'epss'
    | 'csaf'
    | 'openvex';
  /** It holds everything its source has to say: what it does not say any more is gone. */
  readonly complete: boolean;
  readonly items: Iterable<ImportItem>;
}

/**
 * Finds out by its content which format a file has, and reads it; undefined for a file that is none of them.
 *
 * @throws `ADVISORIES_INVALID` for a file that begins like a format and does not follow it
 */
export function recognise({ path, bytes }: AdvisoryFile): Recognised | undefined {
  const text = new TextDecoder().decode(bytes);
  if (isEpss(text)) return { format: 'epss', complete: true, items: checked(path, () => fromEpss(text)) };
  if (isDebianNotices(text))
    return { format: 'debian-notices', complete: true, items: fromDebianNotices(text) };
  const document = parseDocument(path, text);
  if (!isRecord(document)) return undefined;
  const read = <T extends v.GenericSchema>(
    schema: T,
    from: (value: v.InferOutput<T>) => Iterable<ImportItem>,
  ) => checked(path, () => from(parseAs(schema, document)));
  if (isOsv(document)) return { format: 'osv', complete: false, items: read(osvRecord, fromOsv) };
  if ('catalogVersion' in document)
    return { format: 'kev', complete: true, items: read(kevCatalogue, fromKev) };
  if (document.format === 'NVD_CVE') return { format: 'nvd', complete: false, items: read(nvdFeed, fromNvd) };
  if ('reponame' in document && 'packages' in document)
    return { format: 'secdb', complete: true, items: read(alpineSecdb, fromAlpineSecdb) };
  if (isRecord(document.document) && 'csaf_version' in document.document)
    return { format: 'csaf', complete: false, items: read(csaf, fromCsaf) };
  if (typeof document['@context'] === 'string' && document['@context'].startsWith('https://openvex.dev/ns'))
    return { format: 'openvex', complete: false, items: read(openVex, fromOpenVex) };
  if (isTracker(document))
    return { format: 'debian-tracker', complete: true, items: read(debianTracker, fromDebianTracker) };
  return undefined;
}

type Document = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOsv(document: Document): boolean {
  return typeof document.id === 'string' && ('affected' in document || 'withdrawn' in document);
}

/** Its first package's first vulnerability says something of releases. */
function isTracker(document: Document): boolean {
  const first = Object.values(document)[0];
  const vulnerability = isRecord(first) ? Object.values(first)[0] : undefined;
  return isRecord(vulnerability) && 'releases' in vulnerability;
}

const yamlLimits = { maxCharacters: 2 ** 28, maxParts: 50_000_000, maxAliases: 0 };

/** JSON, else YAML without aliases (a few lines of them can stand for gigabytes) for files that are named so. */
function parseDocument(path: string, text: string): unknown {
  try {
    return /\.ya?ml(?:\.gz)?$/i.test(path) ? readYaml(text, yamlLimits) : JSON.parse(text);
  } catch (error) {
    throw invalid(path, (error as Error).message);
  }
}

function parseAs<T extends v.GenericSchema>(schema: T, value: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new TypeError(`${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`);
}

/** Faults of what a file says, which are told with its name. */
const ofContent: readonly string[] = ['INSPECT_VERSION_INVALID', 'VEX_INVALID'];

/** Names the file in everything that goes wrong while its items are read. */
function* checked(path: string, items: () => Iterable<ImportItem>): Generator<ImportItem> {
  try {
    yield* items();
  } catch (error) {
    if (error instanceof PratiqueError && !ofContent.includes(error.code)) throw error;
    throw invalid(path, (error as Error).message);
  }
}

function invalid(path: string, why: string): Error {
  return inspectErrors.error('ADVISORIES_INVALID', {
    message: `${printable(path)} does not follow its format: ${printable(why)}`,
  });
}
