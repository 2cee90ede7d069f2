import { PratiqueError } from '@pratique/errors';
import { isLocal, mapPool } from '@pratique/oci';
import type { Finding, Findings } from '../engine/types.ts';
import { policyErrors } from '../errors.ts';
import { calledAs, exemptionFor, requirementsFor } from '../trust/match.ts';
import type { AdmittedObject } from '../trust/objects.ts';
import type { Exemption, Trust } from '../trust/types.ts';
import type { ImageFacts, Mode, RequirementFact } from '../types.ts';
import type { ImageVerdict } from './cache.ts';
import { type Progress, startDeadline } from './deadline.ts';
import { faultFinding } from './faults.ts';
import type { ContainerImage } from './gate.ts';
import {
  type AskedImage,
  findVerdict,
  type ImageName,
  keptVerdict,
  type Lookup,
  parseImage,
} from './lookup.ts';

/** One distinct image of a request, looked at. */
export interface ExaminedImage {
  /** As written. */
  readonly text: string;
  readonly containers: readonly string[];
  /** Null where the reference does not parse. */
  readonly image: AskedImage | null;
  readonly mode: Mode;
  readonly exemption: Exemption | null;
  /** Null where they could not be gathered, and for an exempt image. */
  readonly facts: ImageFacts | null;
  readonly findings: Findings;
}

/** Where images are used: what would be admitted, and where; nulls where neither is known. */
export interface Admitted {
  readonly object: AdmittedObject | null;
  readonly namespace: string | null;
}

export interface ExamineOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  readonly maxImages: number;
  /** About what the facts about all images of the request may take together. */
  readonly maxFactsBytes: number;
  /** Whether images on addresses that each machine has for itself are refused, and nobody asked. */
  readonly refusesLocal: boolean;
  readonly onInternalError: (error: unknown) => void;
}

const nothing: Findings = { deny: [], warn: [] };

/** Images looked up at the same time for one request. */
const concurrency = 16;

/**
 * Looks at every distinct image of a request. What is kept is answered without waiting; for the rest there is one
 * deadline, and an image that is not ready by then is refused as a fault, naming what it waited for.
 */
export async function examineImages(
  lookup: Lookup,
  images: readonly ContainerImage[],
  admitted: Admitted,
  options: ExamineOptions,
): Promise<readonly ExaminedImage[]> {
  const containers = new Map<string, string[]>();
  for (const { reference, container } of images) {
    const list = containers.get(reference);
    if (list === undefined) containers.set(reference, [container]);
    else list.push(container);
  }
  const examined: ExaminedImage[] = [];
  const pending: { readonly index: number; readonly base: ExaminedImage; readonly image: AskedImage }[] = [];
  let factsBytes = 0;
  /** Everything about a request is held until it is answered: what does not fit any more is not. */
  const held = (base: ExaminedImage, verdict: ImageVerdict): ExaminedImage => {
    if (factsBytes + verdict.bytes > options.maxFactsBytes)
      return refused(base, tooMuch(options.maxFactsBytes));
    factsBytes += verdict.bytes;
    return decided(base, verdict);
  };
  for (const [text, where] of containers) {
    const base = classify(lookup, text, where, admitted);
    if (base.image !== null && base.exemption === null) {
      if (options.refusesLocal && isLocalRegistry(base.image)) {
        examined.push({ ...base, findings: { deny: [localRefusal(base.image)], warn: [] } });
        continue;
      }
      if (examined.length >= options.maxImages) {
        examined.push(refused(base, tooMany(containers.size, options.maxImages)));
        continue;
      }
      const kept = seesObject(base.image, admitted.object) ? undefined : keptVerdict(lookup, base.image);
      if (kept === undefined) pending.push({ index: examined.length, base, image: base.image });
      examined.push(kept === undefined ? base : held(base, kept));
    } else examined.push(base);
  }
  if (pending.length === 0) return examined;

  const deadline = startDeadline(options.deadlineMs, options.signal);
  await mapPool(pending, concurrency, async ({ index, base, image }) => {
    const progress: Progress = { step: `other images, before ${image.name}` };
    try {
      const verdict = await deadline.wait(() => judge(lookup, image, admitted.object, progress), progress);
      examined[index] = held(base, verdict);
    } catch (error) {
      if (!(error instanceof PratiqueError)) options.onInternalError(error);
      examined[index] = refused(base, error);
    }
  });
  deadline.done();
  return examined;
}

/** Whether a policy of what is asked of it sees the object, so that what it said of another one says nothing. */
function seesObject({ requirements }: AskedImage, object: AdmittedObject | null): boolean {
  return (
    object !== null &&
    requirements.some(({ policy }) => policy?.include.some((part) => part !== 'config') ?? false)
  );
}

/** The verdict about an image in an object: its facts may be kept ones, what is said of the object never is. */
async function judge(
  lookup: Lookup,
  image: AskedImage,
  object: AdmittedObject | null,
  progress: Progress,
): Promise<ImageVerdict> {
  const verdict = await findVerdict(lookup, image, progress);
  if (object === null || !seesObject(image, object)) return verdict;
  const input = { image: verdict.facts, object: object.content };
  return { ...verdict, findings: await lookup.engine.evaluate('image', input) };
}

/** Everything that is known without looking the image up. */
function classify(
  { trust }: Lookup,
  text: string,
  containers: readonly string[],
  { object, namespace }: Admitted,
): ExaminedImage {
  const base = { text, containers, exemption: null, facts: null, findings: nothing };
  let name: ImageName;
  try {
    name = parseImage(text);
  } catch (error) {
    return refused({ ...base, image: null, mode: strictestMode(trust) }, error);
  }
  const called = calledAs(name);
  const exemption = exemptionFor(trust, called) ?? null;
  const requirements = exemption === null ? requirementsFor(trust, called, object) : [];
  const mode = exemption === null ? modeOf(trust, requirements) : trust.mode;
  return { ...base, image: { ...name, requirements, namespace }, mode, exemption };
}

/** Of everything that is asked of any image, for one of which it is not known what would be asked. */
function strictestMode({ mode, images }: Trust): Mode {
  return images.every((entry) => entry.mode === 'warn') ? mode : 'enforce';
}

/** The strictest of what applies: an image is in warn mode only if everything asked of it is. */
function modeOf(trust: Trust, requirements: readonly RequirementFact[]): Mode {
  if (requirements.length === 0) return trust.mode;
  return requirements.every(({ mode }) => mode === 'warn') ? 'warn' : 'enforce';
}

function decided(base: ExaminedImage, { facts, findings }: ImageVerdict): ExaminedImage {
  return { ...base, facts, findings };
}

function refused(base: ExaminedImage, error: unknown): ExaminedImage {
  return { ...base, findings: { deny: [faultFinding(error, base.text)], warn: [] } };
}

/** By its canonical spelling, which has no port that is implied. */
function isLocalRegistry({ registry }: ImageName): boolean {
  return isLocal(registry.replace(/:\d+$/, ''));
}

function localRefusal({ text, registry, name }: ImageName): Finding {
  return {
    policy: 'pratique',
    code: 'REGISTRY_OF_NODE',
    fault: false,
    message: `${name} is in a registry on the node itself, and what that has is not known here`,
    expected: 'a registry under a name that the node and the gate reach alike',
    found: registry,
    remedy: policyErrors.entries.REGISTRY_OF_NODE.remedy,
    image: text,
  };
}

function tooMuch(limit: number): PratiqueError {
  return policyErrors.error('TOO_MANY_IMAGES', {
    message: `the images of the request have more configuration and evidence than the gate keeps at once, ${limit} bytes`,
    expected: `at most ${limit} bytes`,
  });
}

function tooMany(found: number, limit: number): PratiqueError {
  return policyErrors.error('TOO_MANY_IMAGES', {
    message: `the request names ${found} distinct images; the gate looks at ${limit}`,
    expected: `at most ${limit}`,
    found: String(found),
  });
}
