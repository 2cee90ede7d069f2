import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonValue, parseJson, type Signer } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { replaceFile } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';

/** What can be rotated, each on its own. */
export const rotatable = ['rekor', 'rekor-v2', 'ctlog', 'fulcio', 'tsa', 'tuf-root', 'tuf'] as const;
export type Rotatable = (typeof rotatable)[number];

/** One of the keys (or authorities) that a service has one after the other. */
export interface Generation {
  /** 1 for the one it began with. */
  readonly number: number;
  /** Used from then on. */
  readonly since: Date;
  /** Nothing it made later counts. Absent: nothing follows it yet. */
  readonly until?: Date;
}

/** Signing keys that follow one another. */
export type KeySuccession<Key extends Signer = Signer> = Succession<Generation & { readonly key: Key }>;

/** Generations in order, and which is in use. */
export class Succession<T extends Generation> {
  readonly all: readonly T[];
  readonly #first: T;

  constructor(all: readonly [T, ...T[]]) {
    this.all = all;
    this.#first = all[0];
  }

  /** The one that is in use at a time; before all of them, the first. */
  at(time: Date): T {
    return this.all.findLast(({ since }) => since <= time) ?? this.#first;
  }

  map<U>(each: (generation: T) => U): Succession<Generation & U> {
    const [first, ...rest] = this.all.map((one) => {
      const { number, since, until } = one;
      return { number, since, ...(until === undefined ? {} : { until }), ...each(one) };
    });
    return new Succession([first!, ...rest]);
  }
}

/** That a service gets a new key at `from`, and until when what the one before made counts. */
export interface Rotation {
  readonly service: Rotatable;
  readonly from: Date;
  readonly until: Date;
}

const fileName = 'rotations.json';
/** A trusted root holds no more than 64 members of a kind. */
export const maxGenerations = 32;

/**
 * The rotations of a data directory, in order; none where there never was one.
 *
 * @throws SIGSTORE_SERVER_DAMAGED
 */
export function readRotations(directory: string): readonly Rotation[] {
  const path = join(directory, fileName);
  if (!existsSync(path)) return [];
  const document = parseJson(readFileSync(path), fileName);
  const list = isJsonObject(document) ? document.rotations : undefined;
  if (!Array.isArray(list)) throw damaged('it is no list of rotations');
  return list.map(readRotation);
}

function readRotation(value: JsonValue): Rotation {
  const { service, from, until } = isJsonObject(value) ? value : {};
  const [first, last] = [from, until].map((time) => new Date(typeof time === 'string' ? time : Number.NaN));
  if (!rotatable.some((name) => name === service) || Number.isNaN(first!.getTime() + last!.getTime())) {
    throw damaged(`a rotation is none: ${printable(JSON.stringify(value), 200)}`);
  }
  return { service: service as Rotatable, from: first!, until: last! };
}

/** Replaces the rotations of a data directory, at once and durably. */
export function writeRotations(directory: string, rotations: readonly Rotation[]): void {
  replaceFile(join(directory, fileName), `${JSON.stringify({ schemaVersion: 1, rotations }, null, 2)}\n`);
}

/** The generations of a service that began at `since`. */
export function generationsOf(
  service: Rotatable,
  since: Date,
  rotations: readonly Rotation[],
): Succession<Generation> {
  const own = rotations.filter((rotation) => rotation.service === service);
  const generation = (index: number, from: Date): Generation => {
    const next = own[index];
    return { number: index + 1, since: from, ...(next === undefined ? {} : { until: next.until }) };
  };
  return new Succession([generation(0, since), ...own.map(({ from }, i) => generation(i + 1, from))]);
}

function damaged(why: string) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', {
    message: `${fileName} cannot be read: ${why}`,
  });
}
