import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { sigstoreClientErrors } from '../errors.ts';

/** One service that takes part in signing. */
export interface ConfiguredService {
  readonly url: string;
  readonly majorApiVersion: number;
  readonly operator: string;
  readonly validFrom: Date;
  readonly validUntil: Date | null;
}

/** How many of the services that could be asked are: one, all, or exactly this many. */
export interface ServiceSelection {
  readonly selector: 'ANY' | 'ALL' | 'EXACT';
  /** With EXACT. */
  readonly count: number;
}

/** A SigningConfig v0.2 (protobuf-specs `sigstore_trustroot.proto`). */
export interface SigningConfig {
  readonly certificateAuthorities: readonly ConfiguredService[];
  readonly issuers: readonly ConfiguredService[];
  readonly logs: readonly ConfiguredService[];
  readonly logSelection: ServiceSelection;
  readonly timestampAuthorities: readonly ConfiguredService[];
  readonly timestampSelection: ServiceSelection;
}

const mediaType = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';
const maxServices = 64;

/**
 * Reads a signing configuration, version 0.2. A service without a start of validity, and a selector that is not known,
 * are refused: guessing would sign in a way nobody asked for.
 *
 * @throws SIGNING_CONFIG_INVALID
 */
export function parseSigningConfig(bytes: Uint8Array): SigningConfig {
  const document = parse(bytes);
  const found = member(document, 'mediaType');
  if (found !== mediaType) {
    throw sigstoreClientErrors.error('SIGNING_CONFIG_INVALID', {
      message: 'the signing configuration is of another version, or none',
      expected: mediaType,
      found: typeof found === 'string' ? printable(found, 100) : 'no mediaType',
    });
  }
  const logs = services(document, 'rekorTlogUrls');
  const timestampAuthorities = services(document, 'tsaUrls');
  return {
    certificateAuthorities: services(document, 'caUrls'),
    issuers: services(document, 'oidcUrls'),
    logs,
    logSelection: selection(document, 'rekorTlogConfig', logs),
    timestampAuthorities,
    timestampSelection: selection(document, 'tsaConfig', timestampAuthorities),
  };
}

function parse(bytes: Uint8Array): JsonObject {
  try {
    const document = parseJson(bytes, 'the signing configuration', { maxBytes: 1024 * 1024 });
    if (isJsonObject(document)) return document;
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw invalid(error.message);
  }
  throw invalid('it is not an object');
}

function services(document: JsonObject, name: string): ConfiguredService[] {
  const list = member(document, name) ?? [];
  if (!Array.isArray(list) || list.length > maxServices)
    throw invalid(`${name} is not a list of at most ${maxServices}`);
  return list.map((item: JsonValue) => {
    if (!isJsonObject(item)) throw invalid(`${name} holds something that is not a service`);
    const { url, majorApiVersion, operator = '' } = item;
    if (typeof url !== 'string' || url.length > 2048 || !URL.canParse(url))
      throw invalid(`a service of ${name} has no URL`);
    if (!Number.isSafeInteger(majorApiVersion)) throw invalid(`a service of ${name} has no majorApiVersion`);
    if (typeof operator !== 'string') throw invalid(`the operator of a service of ${name} is not a string`);
    const window = member(item, 'validFor');
    if (!isJsonObject(window)) throw invalid(`a service of ${name} has no validFor`);
    const end = member(window, 'end') ?? null;
    return {
      url,
      majorApiVersion: majorApiVersion as number,
      operator,
      validFrom: time(member(window, 'start'), name),
      validUntil: end === null ? null : time(end, name),
    };
  });
}

/** Where there is no service there is nothing to select, and cosign writes an empty object. */
function selection(
  document: JsonObject,
  name: string,
  among: readonly ConfiguredService[],
): ServiceSelection {
  const value = member(document, name);
  if (value === undefined || among.length === 0) return { selector: 'ANY', count: 0 };
  const { selector, count = 0 } = isJsonObject(value) ? value : {};
  if (selector === 'ANY' || selector === 'ALL') return { selector, count: 0 };
  if (selector === 'EXACT' && Number.isSafeInteger(count) && (count as number) > 0)
    return { selector, count: count as number };
  throw invalid(`${name} is not ANY, ALL or EXACT with a count`);
}

function time(value: JsonValue | undefined, name: string): Date {
  const format = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
  const date = new Date(typeof value === 'string' && format.test(value) ? value : '');
  if (Number.isNaN(date.getTime()))
    throw invalid(`a service of ${name} has no time from which on it is valid`);
  return date;
}

function member(parent: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(parent, name) ? parent[name] : undefined;
}

function invalid(problem: string): PratiqueError {
  return sigstoreClientErrors.error('SIGNING_CONFIG_INVALID', {
    message: `the signing configuration cannot be used: ${problem}`,
  });
}
