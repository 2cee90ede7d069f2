import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { tufErrors } from '../errors.ts';

/** Reads members of a JSON object that may be anything; every refusal says where. */
export class Members {
  readonly #object: JsonObject;
  readonly #what: string;

  constructor(value: JsonValue | undefined, what: string) {
    if (!isJsonObject(value)) throw invalid(`${what} is not an object`);
    this.#object = value;
    this.#what = what;
  }

  value(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }

  object(name: string): Members {
    return new Members(this.value(name), `${name} of ${this.#what}`);
  }

  entries(maximum: number): readonly (readonly [string, JsonValue])[] {
    const entries = Object.entries(this.#object);
    if (entries.length > maximum) throw invalid(`${this.#what} has more than ${maximum} members`);
    return entries;
  }

  list(name: string, maximum: number): readonly JsonValue[] {
    const value = this.value(name);
    if (!Array.isArray(value) || value.length > maximum) {
      throw invalid(`${name} of ${this.#what} is not a list of at most ${maximum}`);
    }
    return value;
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== 'string' || value.length > 4096) {
      throw invalid(`${name} of ${this.#what} is not a short string`);
    }
    return value;
  }

  texts(name: string, maximum: number): readonly string[] {
    return this.list(name, maximum).map((item) => {
      if (typeof item !== 'string')
        throw invalid(`${name} of ${this.#what} holds something else than strings`);
      return item;
    });
  }

  /** A whole number of at least `minimum`. */
  integer(name: string, minimum: number): number {
    const value = this.value(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum) {
      throw invalid(`${name} of ${this.#what} is not a whole number from ${minimum} up`);
    }
    return value;
  }

  boolean(name: string, whenAbsent: boolean): boolean {
    const value = this.value(name) ?? whenAbsent;
    if (typeof value !== 'boolean') throw invalid(`${name} of ${this.#what} is not true or false`);
    return value;
  }
}

export function invalid(message: string) {
  return tufErrors.error('TUF_METADATA_INVALID', {
    message: `the repository’s metadata cannot be read: ${printable(message)}`,
  });
}
