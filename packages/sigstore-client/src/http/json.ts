import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { wrongAnswer } from './services.ts';

/** Readers of one member of a service's answer; each throws SIGNING_SERVICE_ANSWER. */
export function answerReader(service: string) {
  const member = (parent: JsonObject, name: string): JsonValue | undefined =>
    Object.hasOwn(parent, name) ? parent[name] : undefined;
  const object = (value: JsonValue | undefined, what: string): JsonObject => {
    if (!isJsonObject(value)) throw wrongAnswer(service, `${what} is not an object`);
    return value;
  };
  return {
    object,
    objectAt: (parent: JsonObject, name: string): JsonObject => object(member(parent, name), name),
    text: (parent: JsonObject, name: string): string => {
      const value = member(parent, name);
      if (typeof value !== 'string') throw wrongAnswer(service, `${name} is not a string`);
      return value;
    },
    list: (parent: JsonObject, name: string, most: number): readonly JsonValue[] => {
      const value = member(parent, name) ?? [];
      if (!Array.isArray(value) || value.length > most)
        throw wrongAnswer(service, `${name} is not a list of at most ${most}`);
      return value;
    },
    count: (parent: JsonObject, name: string): bigint => {
      const value = member(parent, name);
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
        throw wrongAnswer(service, `${name} is not a whole number`);
      return BigInt(value);
    },
  };
}
