import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';

/** Readers of one value of a parsed document: each returns it as its type or throws PAYLOAD_INVALID. */
export const member = {
  object(value: JsonValue | undefined, what: string): JsonObject {
    if (!isJsonObject(value)) throw wrong(what, 'an object', value);
    return value;
  },
  list(value: JsonValue | undefined, what: string): readonly JsonValue[] {
    if (!Array.isArray(value)) throw wrong(what, 'a list', value);
    return value;
  },
  string(value: JsonValue | undefined, what: string): string {
    if (typeof value !== 'string') throw wrong(what, 'a string', value);
    return value;
  },
};

export function objectMember(parent: JsonObject, name: string, what: string): JsonObject {
  return member.object(own(parent, name), `${name} of ${what}`);
}

export function stringMember(parent: JsonObject, name: string, what: string): string {
  return member.string(own(parent, name), `${name} of ${what}`);
}

/** An own member, so that names of `Object.prototype` are absent like any other absent name. */
export function own(parent: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(parent, name) ? parent[name] : undefined;
}

/** The members whose value is a string, as annotations: other values cannot be asked for and are left out. */
export function stringMembers(object: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function wrong(what: string, expected: string, value: JsonValue | undefined) {
  const found =
    value === undefined
      ? 'nothing'
      : value === null
        ? 'null'
        : Array.isArray(value)
          ? 'a list'
          : typeof value;
  return sigstoreErrors.error('PAYLOAD_INVALID', { message: `${what} is not ${expected}`, expected, found });
}
