import * as v from 'valibot';
import type { EngineChoice } from '../engine/choose.ts';
import type { TokenSource } from '../http/token.ts';
import type { DecisionLogConfig } from '../log/config.ts';

const text = v.pipe(v.string(), v.minLength(1, 'a non-empty string'));
const milliseconds = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(60_000));
const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));

const token = v.union(
  [
    v.strictObject({ file: text }),
    v.strictObject({
      env: v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable')),
    }),
  ],
  '{file: PATH} or {env: VARIABLE}',
);

const service = { url: text, caFile: v.optional(text), token: v.optional(token) };

/** `engine:` of the trust file (docs/reference/engines.md). */
export const engineSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('embedded') }),
  v.strictObject({ kind: v.literal('opa'), ...service, timeoutMs: v.optional(milliseconds) }),
  v.strictObject({
    kind: v.literal('wasm'),
    file: text,
    timeoutMs: v.optional(milliseconds),
    maxMemoryMiB: v.optional(count(4096)),
  }),
]);

/** `decisionLog:` of the trust file (docs/reference/decision-log.md). */
export const decisionLogSchema = v.pipe(
  v.strictObject({
    console: v.optional(v.boolean(), false),
    file: v.optional(
      v.strictObject({
        path: text,
        sync: v.optional(v.boolean(), false),
        maxMiB: v.optional(count(1024 * 1024), 100),
        keep: v.optional(count(1000), 5),
      }),
    ),
    http: v.optional(
      v.strictObject({
        ...service,
        partition: v.optional(v.pipe(v.string(), v.regex(/^[\w.-]+$/, 'letters, digits, ".", "_" and "-"'))),
        chunkBytes: v.optional(v.pipe(count(64 * 1024 * 1024), v.minValue(1024)), 32_768),
        bufferedEvents: v.optional(count(1_000_000), 10_000),
        delayMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(3_600_000)), 5_000),
      }),
    ),
    labels: v.optional(v.record(text, v.string('a string (quote numbers and booleans)')), {}),
    policies: v.optional(v.array(text), []),
  }),
  v.check((log) => log.console || log.file !== undefined || log.http !== undefined, 'console, file or http'),
);

type Resolve = (path: string) => string;

/** Paths are as written; `resolve` makes them absolute. */
export function engineOf(given: v.InferOutput<typeof engineSchema>, resolve: Resolve): EngineChoice {
  switch (given.kind) {
    case 'embedded':
      return given;
    case 'wasm':
      return { ...given, file: resolve(given.file) };
    case 'opa':
      return { kind: given.kind, timeoutMs: given.timeoutMs, ...addressOf(given, resolve) };
  }
}

export function decisionLogOf(
  { console, file, http, labels, policies }: v.InferOutput<typeof decisionLogSchema>,
  resolve: Resolve,
): DecisionLogConfig {
  return {
    console,
    file: file === undefined ? null : { ...file, path: resolve(file.path) },
    http: http === undefined ? null : { ...http, ...addressOf(http, resolve) },
    labels,
    policies: policies.map(resolve),
  };
}

type Given = { url: string; caFile?: string | undefined; token?: v.InferOutput<typeof token> | undefined };

function addressOf({ url, caFile, token: given }: Given, resolve: Resolve) {
  const from: TokenSource | undefined =
    given !== undefined && 'file' in given ? { file: resolve(given.file) } : given;
  return { url, caFile: caFile === undefined ? undefined : resolve(caFile), token: from };
}
