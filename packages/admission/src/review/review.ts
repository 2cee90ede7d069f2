import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { CheckOptions, Decision, Finding, Gate, GateRequest } from '@pratique/policy';
import { admissionErrors } from '../errors.ts';
import { admittedObject } from '../objects/admitted.ts';
import { type ImagePlace, imagesOf, type Malformed } from '../objects/images.ts';
import type { AdmissionRequest, GroupVersionKind } from './parse.ts';
import { outOfScope } from './scope.ts';

/** What became of one request. */
export interface Review {
  readonly decision: Decision;
  /** Where the images stand, for a patch; empty where they were not looked at. */
  readonly images: readonly ImagePlace[];
  /** Why nothing was looked at; undefined where the gate decided. */
  readonly skipped: string | undefined;
}

/** The one way from an admission request to a decision: the webhook and `reviewManifests` both go through here. */
export async function reviewRequest(
  gate: Gate,
  request: AdmissionRequest,
  options: CheckOptions,
): Promise<Review> {
  const target = targetOf(request);
  const skipped = outOfScope(request);
  if (skipped !== undefined) return { decision: gate.settle(target, []), images: [], skipped };
  const { object, kind } = request;
  const mismatch = object === null ? 'no object' : kindMismatch(request, object);
  if (object === null || mismatch !== undefined) {
    const refusal = invalidObject(kind.kind, {
      container: null,
      expected: `an object of ${apiVersionOf(kind)} ${printable(kind.kind, 80)}`,
      found: mismatch ?? 'no object',
    });
    return { decision: gate.settle(target, [refusal]), images: [], skipped: undefined };
  }
  const { images, malformed } = imagesOf(kind.group, kind.kind, object);
  if (malformed.length > 0) {
    const refusals = malformed.slice(0, 20).map((problem) => invalidObject(kind.kind, problem));
    return { decision: gate.settle(target, refusals), images: [], skipped: undefined };
  }
  const admitted = admittedObject(request, object);
  if ('expected' in admitted)
    return {
      decision: gate.settle(target, [invalidObject(kind.kind, admitted)]),
      images: [],
      skipped: undefined,
    };
  const decision = await gate.reviewRequest({ ...target, object: admitted }, images, options);
  return { decision, images, skipped: undefined };
}

/** What the API server says the object is and what the object says it is are the same, or somebody is lying. */
function kindMismatch({ kind }: AdmissionRequest, object: JsonObject): string | undefined {
  if (object.kind === kind.kind && object.apiVersion === apiVersionOf(kind)) return undefined;
  return printable(JSON.stringify({ apiVersion: object.apiVersion, kind: object.kind }), 120);
}

function apiVersionOf({ group, version }: GroupVersionKind): string {
  return group === '' ? version : `${group}/${version}`;
}

function invalidObject(kind: string, { container, expected, found }: Malformed): Finding {
  return {
    policy: 'pratique',
    code: 'OBJECT_INVALID',
    fault: false,
    message: `${container ?? printable(kind, 80)} is not formed as it should be`,
    expected,
    found,
    remedy: admissionErrors.entries.OBJECT_INVALID.remedy,
    image: null,
    container,
  };
}

function targetOf(request: AdmissionRequest): Omit<GateRequest, 'object'> {
  return {
    kind: request.kind.kind,
    namespace: request.namespace ?? null,
    name: nameOf(request),
    input: request.raw,
  };
}

/** `name` is empty where the API server is still to make one from `generateName`. */
function nameOf({ name, object }: AdmissionRequest): string | null {
  if (name !== undefined) return name;
  const metadata = object?.metadata;
  const given = isJsonObject(metadata) ? (metadata.name ?? metadata.generateName) : undefined;
  return typeof given === 'string' ? given : null;
}
