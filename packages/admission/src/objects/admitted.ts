import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { AdmittedObject } from '@pratique/policy';
import type { AdmissionRequest } from '../review/parse.ts';
import type { Malformed } from './images.ts';
import { pluralOf } from './kinds.ts';

/**
 * What decides which entries of a trust configuration apply: kind, resource and labels of the object. Labels that cannot
 * be read are refused, since a policy for objects with certain labels could otherwise be got around.
 */
export function admittedObject(
  { kind, resource }: AdmissionRequest,
  content: JsonObject,
): AdmittedObject | Malformed {
  const { metadata } = content;
  const given = isJsonObject(metadata) ? metadata.labels : undefined;
  if (metadata !== undefined && metadata !== null && !isJsonObject(metadata))
    return malformed('metadata to be an object', metadata);
  if (given !== undefined && given !== null && !isJsonObject(given))
    return malformed('metadata.labels to be a mapping', given);
  const labels: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(given ?? {})) {
    // The API server reads null as an empty text here.
    if (typeof value !== 'string' && value !== null)
      return malformed(`the label ${printable(key, 80)} to be text`, value);
    labels[key] = value ?? '';
  }
  return {
    group: kind.group,
    version: kind.version,
    resource: resource ?? pluralOf(kind.kind),
    labels,
    content,
  };
}

function malformed(expected: string, value: unknown): Malformed {
  return { container: null, expected, found: printable(JSON.stringify(value), 60) };
}
