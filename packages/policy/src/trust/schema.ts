import { isDelegatedRole, releaseRoles } from '@pratique/notary';
import { isExtensionName, parsePredicateType, predicateTypeNames } from '@pratique/sigstore';
import * as v from 'valibot';
import { parametersSchema } from './parameters.ts';
import { globs, mapping, text } from './schema-parts.ts';
import { decisionLogSchema, engineSchema } from './settings.ts';

const authorityName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'an authority name: letters, digits, ".", "_" and "-", at most 63',
  ),
);

const mode = v.picklist(['enforce', 'warn'], 'enforce or warn');

const annotations = mapping(
  v.pipe(v.string(), v.minLength(1, 'a non-empty string')),
  v.string('a string (quote numbers and booleans)'),
);

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

const list = v.pipe(v.array(text), v.minLength(1, 'at least one'));
const action = v.picklist(['enforce', 'log'], 'enforce or log');

const notation = v.union(
  [
    v.strictObject({ trustPolicy: text, trustStore: v.optional(text) }),
    v.strictObject({
      trustStores: v.pipe(
        v.strictObject({
          ca: v.optional(list),
          signingAuthority: v.optional(list),
          tsa: v.optional(list),
        }),
        v.check(
          ({ ca, signingAuthority }) => ca !== undefined || signingAuthority !== undefined,
          'ca or signingAuthority',
        ),
      ),
      trustedIdentities: list,
      signatureVerification: v.optional(
        v.strictObject({
          level: v.optional(v.picklist(['strict', 'permissive'], 'strict or permissive'), 'strict'),
          override: v.optional(
            v.strictObject({
              authenticTimestamp: v.optional(action),
              expiry: v.optional(action),
              revocation: v.optional(v.picklist(['enforce', 'log', 'skip'], 'enforce, log or skip')),
            }),
            {},
          ),
          verifyTimestamp: v.optional(
            v.picklist(['always', 'afterCertExpiry'], 'always or afterCertExpiry'),
            'always',
          ),
        }),
        {},
      ),
    }),
  ],
  '{trustPolicy: FILE, trustStore: FOLDER} or {trustStores: {ca: [FILES]}, trustedIdentities: […]}',
);

const contentTrust = v.pipe(
  v.strictObject({
    server: v.optional(text),
    rootKeys: v.optional(list),
    rootFile: v.optional(text),
    rootAuthorities: v.optional(text),
    roles: v.optional(
      v.pipe(
        v.array(
          v.pipe(
            v.string(),
            v.check(
              (name) => name === 'targets' || isDelegatedRole(name),
              'a role: targets, or targets/NAME',
            ),
          ),
        ),
        v.minLength(1, 'at least one'),
      ),
      [...releaseRoles],
    ),
    state: v.optional(text),
  }),
  v.check(
    ({ rootKeys, rootFile, rootAuthorities }) =>
      [rootKeys, rootFile, rootAuthorities].filter((given) => given !== undefined).length === 1,
    'one of rootKeys, rootFile and rootAuthorities',
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
    notation: v.optional(notation),
    contentTrust: v.optional(contentTrust),
    attestations: v.optional(v.pipe(v.array(predicateType), v.minLength(1, 'at least one'))),
  }),
  v.check(
    (input) => Object.keys(input).some((name) => name !== 'attestations'),
    'key, keys, keyFile, keyFiles, identities, notation or contentTrust',
  ),
  v.check(
    ({ attestations, notation }) => attestations === undefined || notation === undefined,
    'attestations or notation: signatures of the Notary Project attest nothing',
  ),
  v.check(
    ({ attestations, contentTrust }) => attestations === undefined || contentTrust === undefined,
    'attestations or contentTrust: Docker Content Trust attests nothing',
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
  parameters: v.optional(parametersSchema, {}),
  data: v.optional(mapping(v.string(), v.unknown()), {}),
  clusterImagePolicies: v.optional(v.array(text), []),
  policies: v.optional(v.array(v.pipe(v.string(), v.minLength(1, 'a non-empty string'))), []),
  engine: v.optional(engineSchema, { kind: 'embedded' }),
  decisionLog: v.optional(decisionLogSchema),
  log: v.optional(v.strictObject({ trustedRoot: text, witnessPolicy: v.optional(text) })),
});

export type TrustFile = v.InferOutput<typeof trustSchema>;
