import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import type { DecisionEvent } from './event.ts';

/** One rule of `data.system.log.mask`. */
export interface MaskRule {
  readonly op: 'remove' | 'upsert';
  /** As written: `/input/request/userInfo`. */
  readonly path: string;
  readonly value: JsonValue;
}

/**
 * Reads the value of `data.system.log.mask` as OPA does: a set (or array) of paths to remove and of objects
 * `{op, path, value}`.
 *
 * @throws Error for anything else: nobody knows what should have been masked
 */
export function readMask(value: unknown): readonly MaskRule[] {
  if (!Array.isArray(value)) throw new Error('is not a set of rules');
  return value.map((rule: unknown) => {
    if (typeof rule === 'string') return checked({ op: 'remove', path: rule, value: null });
    if (typeof rule !== 'object' || rule === null || Array.isArray(rule))
      throw new Error('holds something that is neither a path nor a rule');
    const { op, path, value: put = null } = rule as Readonly<Record<string, JsonValue>>;
    if (op !== 'remove' && op !== 'upsert')
      throw new Error('holds a rule whose op is neither remove nor upsert');
    if (typeof path !== 'string') throw new Error('holds a rule without path');
    return checked({ op, path, value: put });
  });
}

function checked(rule: MaskRule): MaskRule {
  if (!/^\/(input|result)(\/|$)/.test(rule.path))
    throw new Error('holds a path that begins with neither /input nor /result');
  partsOf(rule.path);
  return rule;
}

/** @throws URIError for a percent sign that escapes nothing */
function partsOf(path: string): readonly { readonly raw: string; readonly decoded: string }[] {
  return path
    .slice(1)
    .split('/')
    .map((raw) => ({ raw, decoded: decodeURIComponent(raw) }));
}

/**
 * Applies the rules in their order, to the event's own copy of input and result. A rule whose path leads nowhere does
 * nothing. A key that holds a slash is written with `%2F`.
 */
export function applyMask(event: DecisionEvent, rules: readonly MaskRule[]): DecisionEvent {
  const root: JsonObject = Object.fromEntries(
    (['input', 'result'] as const).flatMap((part) =>
      event[part] === undefined ? [] : [[part, event[part]]],
    ),
  );
  const erased: string[] = [];
  const masked: string[] = [];
  for (const rule of rules) {
    const [part, ...rest] = partsOf(rule.path);
    if (!Object.hasOwn(root, part!.raw)) continue;
    const done =
      rule.op === 'remove' ? remove(root, [part!, ...rest]) : upsert(root, [part!, ...rest], rule.value);
    if (done) (rule.op === 'remove' ? erased : masked).push(rule.path);
  }
  const { input: _input, result: _result, ...others } = event;
  return {
    ...others,
    ...root,
    ...(erased.length === 0 ? {} : { erased }),
    ...(masked.length === 0 ? {} : { masked }),
  };
}

type Part = { readonly raw: string; readonly decoded: string };

/**
 * The members a part names: by the key as written, and by the key it escapes. Both, since a mask that stops at the
 * first could be kept from the other by whoever writes the request.
 */
function keysIn(node: JsonValue, { raw, decoded }: Part): readonly (string | number)[] {
  if (Array.isArray(node)) return /^\d{1,9}$/.test(raw) && Number(raw) < node.length ? [Number(raw)] : [];
  if (!isJsonObject(node)) return [];
  return [...new Set([raw, decoded])].filter((key) => Object.hasOwn(node, key));
}

function child(node: JsonValue, key: string | number): JsonValue {
  return (node as Record<string | number, JsonValue>)[key]!;
}

function remove(node: JsonValue, [part, ...rest]: readonly Part[]): boolean {
  let done = false;
  for (const key of keysIn(node, part!)) {
    if (rest.length > 0) done = remove(child(node, key), rest) || done;
    else {
      if (Array.isArray(node)) (node as JsonValue[]).splice(Number(key), 1);
      else delete (node as Record<string, JsonValue>)[key];
      done = true;
    }
  }
  return done;
}

/** Objects on the way are made where there are none. */
function upsert(node: JsonValue, [part, ...rest]: readonly Part[], value: JsonValue): boolean {
  const found = keysIn(node, part!);
  if (found.length === 0 && !isJsonObject(node)) return false;
  let done = false;
  for (const key of found.length > 0 ? found : [part!.decoded]) {
    if (rest.length === 0) put(node, key, value);
    const next = rest.length === 0 || found.length > 0 ? child(node, key) : put(node, key, {});
    done = rest.length === 0 || upsert(next, rest, value) || done;
  }
  return done;
}

/** Defines, since assigning to `__proto__` would not. */
function put(node: JsonValue, key: string | number, value: JsonValue): JsonValue {
  Object.defineProperty(node, key, { value, writable: true, enumerable: true, configurable: true });
  return value;
}
