import { isExtensionName, parsePredicateType, predicateTypeNames } from '@pratique/sigstore';
import * as v from 'valibot';
import { globProblem } from './glob.ts';
import { decisionLogSchema, engineSchema } from './settings.ts';

/** Names that are properties of every JavaScript object are never good ones, and some libraries drop them silently. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

const authorityName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'an authority name: letters, digits, ".", "_" and "-", at most 63',
  ),
);

const glob = v.pipe(
  v.string(),
  v.check(
    (pattern) => globProblem(pattern) === undefined,
    (issue) => `an image pattern: ${globProblem(issue.input)}`,
  ),
);
const globs = v.union(
  [glob, v.pipe(v.array(glob), v.minLength(1, 'at least one'))],
  'an image pattern, or a list of them',
);

const digest = v.pipe(
  v.string(),
  v.regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/, 'sha256:<64 hex> or sha512:<128 hex>'),
);

const mode = v.picklist(['enforce', 'warn'], 'enforce or warn');

/** A mapping with free names. valibot's own `record` drops the forbidden ones silently, which here would drop a requirement. */
function mapping<const Schema extends v.GenericSchema>(key: v.GenericSchema<string>, value: Schema) {
  return v.pipe(
    v.custom<Record<string, unknown>>(
      (input) =>
        typeof input === 'object' &&
        input !== null &&
        !Array.isArray(input) &&
        Object.keys(input).every((name) => !forbiddenKeys.has(name)),
      'a mapping, whose names are not __proto__, constructor or prototype',
    ),
    v.record(key, value),
  );
}

const annotations = mapping(
  v.pipe(v.string(), v.minLength(1, 'a non-empty string')),
  v.string('a string (quote numbers and booleans)'),
);

const text = v.pipe(v.string(), v.minLength(1, 'a non-empty string'));
const identity = v.pipe(
  v.strictObject({
    issuer: v.optional(text),
    issuerRegExp: v.optional(text),
    subject: v.optional(text),
    subjectRegExp: v.optional(text),
    extensions: v.optional(
      mapping(
        v.pipe(
          v.string(),
          v.check(
            isExtensionName,
            'a Fulcio extension, e.g. githubWorkflowRepository or sourceRepositoryURI',
          ),
        ),
        text,
      ),
      {},
    ),
  }),
  v.check(
    (given) => (given.issuer === undefined) !== (given.issuerRegExp === undefined),
    'either issuer or issuerRegExp',
  ),
  v.check(
    (given) => (given.subject === undefined) !== (given.subjectRegExp === undefined),
    'either subject or subjectRegExp',
  ),
);

const predicateType = v.pipe(
  v.string(),
  v.check(
    (type) => parsePredicateType(type) !== null,
    `a predicate type: a URI, or one of ${predicateTypeNames.join(', ')}`,
  ),
);

const authority = v.pipe(
  v.strictObject({
    key: v.optional(v.string()),
    keys: v.optional(v.pipe(v.array(v.string()), v.minLength(1, 'at least one'))),
    keyFile: v.optional(v.string()),
    keyFiles: v.optional(v.pipe(v.array(v.string()), v.minLength(1, 'at least one'))),
    identities: v.optional(v.pipe(v.array(identity), v.minLength(1, 'at least one'))),
    attestations: v.optional(v.pipe(v.array(predicateType), v.minLength(1, 'at least one'))),
  }),
  v.check(
    (input) => Object.keys(input).some((name) => name !== 'attestations'),
    'key, keys, keyFile, keyFiles or identities',
  ),
);

const names = v.pipe(v.array(authorityName), v.minLength(1, 'at least one'));
const require_ = v.union(
  [
    v.strictObject({ any: names }),
    v.strictObject({ all: names }),
    v.strictObject({ atLeast: v.pipe(v.number(), v.integer(), v.minValue(1)), of: names }),
  ],
  '{any: [names]}, {all: [names]} or {atLeast: n, of: [names]}',
);

const parameters = v.strictObject({
  environment: v.optional(
    v.union(
      [
        v.pipe(v.string(), v.minLength(1, 'a non-empty string')),
        v.strictObject({
          annotation: v.optional(v.pipe(v.string(), v.minLength(1, 'a non-empty string'))),
          expected: v.optional(v.pipe(v.string(), v.minLength(1, 'a non-empty string'))),
          namespaces: v.optional(
            mapping(
              v.pipe(v.string(), v.regex(/^[a-z0-9*?-]+$/, 'a pattern over namespace names')),
              v.pipe(v.string(), v.minLength(1, 'a non-empty string')),
            ),
          ),
        }),
      ],
      'an environment, or {annotation, expected, namespaces}',
    ),
  ),
  digests: v.optional(
    v.union(
      [v.array(digest), mapping(glob, v.array(digest))],
      'a list of digests, or lists by image pattern',
    ),
  ),
  bases: v.optional(v.array(digest)),
  registries: v.optional(v.array(glob)),
  requireDigest: v.optional(v.boolean()),
  forbiddenTags: v.optional(v.array(v.string('a string (quote numbers)'))),
});

/** The trust file as written. Everything unknown is refused: a misspelt name must not weaken a requirement. */
export const trustSchema = v.strictObject({
  apiVersion: v.literal('pratique.dev/v1'),
  kind: v.literal('Trust'),
  metadata: v.optional(v.strictObject({ name: v.optional(v.string()) })),
  authorities: v.optional(mapping(authorityName, authority), {}),
  images: v.optional(
    v.array(
      v.strictObject({
        match: globs,
        exclude: v.optional(globs),
        require: require_,
        mode: v.optional(mode),
        annotations: v.optional(annotations, {}),
      }),
    ),
    [],
  ),
  default: v.optional(v.picklist(['deny', 'warn', 'allow'], 'deny, warn or allow'), 'deny'),
  mode: v.optional(mode, 'enforce'),
  exempt: v.optional(
    v.array(v.strictObject({ match: globs, reason: v.pipe(v.string(), v.minLength(1, 'a reason')) })),
    [],
  ),
  parameters: v.optional(parameters, {}),
  data: v.optional(mapping(v.string(), v.unknown()), {}),
  clusterImagePolicies: v.optional(v.array(text), []),
  policies: v.optional(v.array(v.pipe(v.string(), v.minLength(1, 'a non-empty string'))), []),
  engine: v.optional(engineSchema, { kind: 'embedded' }),
  decisionLog: v.optional(decisionLogSchema),
  log: v.optional(v.strictObject({ trustedRoot: v.pipe(v.string(), v.minLength(1, 'a non-empty string')) })),
});

export type TrustFile = v.InferOutput<typeof trustSchema>;
