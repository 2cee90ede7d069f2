import { isJsonObject } from '@pratique/crypto';
import { isDigest } from '../reference/digest.ts';
import type { Descriptor, Platform } from '../types.ts';
import { isMediaType } from './media-types.ts';

/** Why a document was refused; the caller knows which document it was and makes the error. */
export class FieldRefused extends Error {
  override readonly name = 'FieldRefused';
}

type Fields = Readonly<Record<string, unknown>>;

/** Annotations of one manifest or descriptor: more is an attack, not metadata (cosign writes about 6). */
const maxAnnotations = 4096;
const maxUrls = 64;

/** `value[name]` if it is an own property; never something inherited. */
export function own(value: Fields, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/**
 * Refuses keys that differ from a known field only by case. Go's JSON decoder takes `Layers` for `layers`, ours
 * does not: such a document would be two different images.
 */
export function refuseCaseVariants(value: Fields, known: readonly string[], where: string): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const folded = key.toUpperCase().toLowerCase();
    const field = known.find((name) => name.toLowerCase() === folded);
    if (field !== undefined) throw new FieldRefused(`${where} has the field "${field}" in another spelling`);
  }
}

/** An optional string. */
export function optionalString(value: Fields, name: string, where: string): string | undefined {
  const field = own(value, name);
  if (field === undefined || typeof field === 'string') return field;
  throw new FieldRefused(`${where}.${name} is not a string`);
}

/** An optional, non-empty media type; Go tools write an absent one as "". */
export function optionalMediaType(value: Fields, name: string, where: string): string | undefined {
  const text = optionalString(value, name, where);
  if (text === undefined || text === '') return undefined;
  if (!isMediaType(text)) throw new FieldRefused(`${where}.${name} is not a media type`);
  return text;
}

/** Annotations as an object without prototype, so that no key of the document can be mistaken for a method. */
export function annotationsOf(value: Fields, where: string): Readonly<Record<string, string>> {
  const field = own(value, 'annotations');
  const result: Record<string, string> = Object.create(null);
  if (field === undefined || field === null) return result;
  if (!isJsonObject(field)) throw new FieldRefused(`${where}.annotations is not an object`);
  const entries = Object.entries(field);
  if (entries.length > maxAnnotations)
    throw new FieldRefused(`${where} has more than ${maxAnnotations} annotations`);
  for (const [key, text] of entries) {
    if (typeof text !== 'string')
      throw new FieldRefused(`${where}.annotations holds something that is not a string`);
    result[key] = text;
  }
  return result;
}

function stringsOf(value: Fields, name: string, where: string): readonly string[] | undefined {
  const field = own(value, name);
  if (field === undefined || field === null) return undefined;
  if (!Array.isArray(field) || field.length > maxUrls || !field.every((item) => typeof item === 'string')) {
    throw new FieldRefused(`${where}.${name} is not a list of at most ${maxUrls} strings`);
  }
  return field;
}

const platformFields = ['architecture', 'os', 'os.version', 'os.features', 'variant'];

function platformOf(value: Fields, where: string): Platform | undefined {
  const field = own(value, 'platform');
  if (field === undefined || field === null) return undefined;
  if (!isJsonObject(field)) throw new FieldRefused(`${where}.platform is not an object`);
  const at = `${where}.platform`;
  refuseCaseVariants(field, platformFields, at);
  const osVersion = optionalString(field, 'os.version', at);
  const osFeatures = stringsOf(field, 'os.features', at);
  const variant = optionalString(field, 'variant', at);
  return {
    architecture: optionalString(field, 'architecture', at) ?? '',
    os: optionalString(field, 'os', at) ?? '',
    ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
    ...(osFeatures === undefined ? {} : { 'os.features': osFeatures }),
    ...(variant === undefined ? {} : { variant }),
  };
}

const fields = ['mediaType', 'digest', 'size', 'urls', 'annotations', 'artifactType', 'platform', 'data'];

/**
 * Reads one descriptor (image-spec §Descriptor).
 *
 * @param where path within the document, for the message
 * @throws FieldRefused
 */
export function descriptorOf(value: unknown, where: string): Descriptor {
  if (!isJsonObject(value)) throw new FieldRefused(`${where} is not an object`);
  refuseCaseVariants(value, fields, where);
  const mediaType = optionalMediaType(value, 'mediaType', where);
  if (mediaType === undefined) throw new FieldRefused(`${where}.mediaType is missing`);
  const digest = optionalString(value, 'digest', where);
  if (digest === undefined || !isDigest(digest)) throw new FieldRefused(`${where}.digest is not a digest`);
  const size = own(value, 'size');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new FieldRefused(`${where}.size is not a number of bytes`);
  }
  const urls = stringsOf(value, 'urls', where);
  const annotations = annotationsOf(value, where);
  const artifactType = optionalMediaType(value, 'artifactType', where);
  const platform = platformOf(value, where);
  const data = optionalString(value, 'data', where);
  return {
    mediaType,
    digest,
    size,
    ...(urls === undefined ? {} : { urls }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform }),
    ...(data === undefined ? {} : { data }),
  };
}
