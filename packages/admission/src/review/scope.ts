import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { podSpecPath } from '../objects/kinds.ts';
import type { AdmissionRequest } from './parse.ts';

/** Why a request is let through without looking at its images; undefined where they are looked at. */
export function outOfScope(request: AdmissionRequest): string | undefined {
  const { operation, subResource } = request;
  if (operation === 'DELETE') return 'nothing starts by deleting';
  if (operation === 'CONNECT') return 'CONNECT carries no object with images';
  if (subResource === 'status') return 'the API server ignores everything but the status';
  if (isBeingDeleted(request)) return 'the object is being deleted';
  if (isScaleDown(request)) return 'a scale-down of an unchanged template starts nothing';
  return undefined;
}

/**
 * Finalizers of an object that is going away must be removable, whatever its images. Only the stored object is
 * believed: whoever sends an object can write a deletionTimestamp into it.
 */
function isBeingDeleted({ operation, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE' || oldObject === null) return false;
  const { metadata } = oldObject;
  return isJsonObject(metadata) && typeof metadata.deletionTimestamp === 'string';
}

function isScaleDown({ operation, kind, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE' || object === null || oldObject === null) return false;
  if (podSpecPath(kind.group, kind.kind)?.[1] !== 'template') return false;
  const now = specOf(object);
  const before = specOf(oldObject);
  if (now === undefined || before === undefined) return false;
  if (typeof now.replicas !== 'number' || typeof before.replicas !== 'number') return false;
  return now.replicas < before.replicas && same(now.template, before.template);
}

function specOf({ spec }: JsonObject): JsonObject | undefined {
  return isJsonObject(spec) ? spec : undefined;
}

/** The API server writes both with the same encoder, so equal templates are equal text; any doubt means "changed". */
function same(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
