import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** Reads members of a JSON object that may be anything; every refusal says where. */
export class JsonMembers {
  readonly #object: JsonObject;
  readonly #what: string;
  readonly #refuse: (message: string) => Error;

  /** @param refuse makes the error that is thrown for what is not as it is asked for */
  constructor(value: JsonValue | undefined, what: string, refuse: (message: string) => Error) {
    if (!isJsonObject(value)) throw refuse(`${what} is not an object`);
    this.#object = value;
    this.#what = what;
    this.#refuse = refuse;
  }

  value(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }

  object(name: string): JsonMembers {
    return new JsonMembers(this.value(name), `${name} of ${this.#what}`, this.#refuse);
  }

  entries(maximum: number): readonly (readonly [string, JsonValue])[] {
    const entries = Object.entries(this.#object);
    if (entries.length > maximum) throw this.#refuse(`${this.#what} has more than ${maximum} members`);
    return entries;
  }

  list(name: string, maximum: number): readonly JsonValue[] {
    const value = this.value(name);
    if (!Array.isArray(value) || value.length > maximum) {
      throw this.#refuse(`${name} of ${this.#what} is not a list of at most ${maximum}`);
    }
    return value;
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== 'string' || value.length > 4096) {
      throw this.#refuse(`${name} of ${this.#what} is not a short string`);
    }
    return value;
  }

  texts(name: string, maximum: number): readonly string[] {
    return this.list(name, maximum).map((item) => {
      if (typeof item !== 'string')
        throw this.#refuse(`${name} of ${this.#what} holds something else than strings`);
      return item;
    });
  }

  /** A whole number of at least `minimum`. */
  integer(name: string, minimum: number): number {
    const value = this.value(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum) {
      throw this.#refuse(`${name} of ${this.#what} is not a whole number from ${minimum} up`);
    }
    return value;
  }

  boolean(name: string, whenAbsent: boolean): boolean {
    const value = this.value(name) ?? whenAbsent;
    if (typeof value !== 'boolean') throw this.#refuse(`${name} of ${this.#what} is not true or false`);
    return value;
  }
}
