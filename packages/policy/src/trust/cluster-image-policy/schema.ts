import { parsePredicateType, predicateTypeNames } from '@pratique/sigstore';
import * as v from 'valibot';
import { matchSchema } from './match.ts';

/*
 * The documents of Sigstore policy-controller (`policy.sigstore.dev`) and those of Kubernetes that they refer to. What is
 * not known here is refused: a misspelt key must not weaken a requirement.
 */

const text = v.pipe(v.string(), v.minLength(1, 'a non-empty string'));
const metadata = v.looseObject({ name: text, namespace: v.optional(text) });
/** A DNS subdomain (RFC 1123): names of policies become parts of names here, those of secrets parts of paths. */
const objectName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
    'a name as Kubernetes has them: lower-case letters, digits, "-" and "."',
  ),
);
const policyMetadata = v.looseObject({ name: objectName });

const secretRef = v.strictObject({ name: text, namespace: v.optional(text) });

const keyRef = v.pipe(
  v.strictObject({
    data: v.optional(text),
    secretRef: v.optional(secretRef),
    kms: v.optional(text),
    hashAlgorithm: v.optional(text),
  }),
  v.check(
    ({ data, secretRef, kms }) => [data, secretRef, kms].filter((one) => one !== undefined).length === 1,
    'one of data, secretRef and kms',
  ),
);

const identity = v.pipe(
  v.strictObject({
    issuer: v.optional(text),
    issuerRegExp: v.optional(text),
    subject: v.optional(text),
    subjectRegExp: v.optional(text),
  }),
  v.check(({ issuer, issuerRegExp }) => (issuer ?? issuerRegExp) !== undefined, 'issuer or issuerRegExp'),
  v.check(
    ({ subject, subjectRegExp }) => (subject ?? subjectRegExp) !== undefined,
    'subject or subjectRegExp',
  ),
);

const remote = v.strictObject({
  url: v.pipe(
    v.string(),
    v.check((url) => URL.canParse(url) && new URL(url).protocol === 'https:', 'a URL of https'),
  ),
  sha256sum: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hexadecimal')),
});

const policyMembers = {
  type: v.picklist(['rego', 'cue'], 'rego or cue'),
  data: v.optional(text),
  remote: v.optional(remote),
  configMapRef: v.optional(
    v.strictObject({ name: text, namespace: v.optional(text), key: v.optional(text) }),
  ),
};
const hasOneText = (...texts: readonly unknown[]): boolean =>
  texts.filter((one) => one !== undefined).length === 1;
const oneText = 'one of data, configMapRef and remote';

const attestationPolicy = v.pipe(
  v.strictObject(policyMembers),
  v.check(({ data, configMapRef, remote }) => hasOneText(data, configMapRef, remote), oneText),
);

/** Over all authorities: this one alone may see more than what they found. */
const policy = v.pipe(
  v.strictObject({
    ...policyMembers,
    fetchConfigFile: v.optional(v.boolean()),
    includeSpec: v.optional(v.boolean()),
    includeObjectMeta: v.optional(v.boolean()),
    includeTypeMeta: v.optional(v.boolean()),
  }),
  v.check(({ data, configMapRef, remote }) => hasOneText(data, configMapRef, remote), oneText),
);

/** With `sha256-` and 64 digits and `.sig` behind it, it is a tag of at most 128 characters (distribution-spec). */
const tagPrefix = v.pipe(
  v.string(),
  v.regex(
    /^([A-Za-z0-9_][A-Za-z0-9._-]{0,52})?$/,
    'the beginning of a tag: letters, digits, "_", "." and "-", at most 53',
  ),
);

const attestation = v.strictObject({
  name: text,
  predicateType: v.pipe(
    v.string(),
    v.check(
      (type) => parsePredicateType(type) !== null,
      `a predicate type: a URI, or one of ${predicateTypeNames.join(', ')}`,
    ),
  ),
  policy: v.optional(attestationPolicy),
});

const authority = v.pipe(
  v.strictObject({
    name: v.optional(text),
    key: v.optional(keyRef),
    keyless: v.optional(
      v.strictObject({
        url: v.optional(text),
        identities: v.pipe(v.array(identity), v.minLength(1, 'at least one')),
        'ca-cert': v.optional(keyRef),
        trustRootRef: v.optional(text),
        insecureIgnoreSCT: v.optional(v.boolean()),
      }),
    ),
    static: v.optional(
      v.strictObject({
        action: v.picklist(['pass', 'fail'], 'pass or fail'),
        message: v.optional(v.string()),
      }),
    ),
    source: v.optional(
      v.array(
        v.strictObject({
          oci: v.optional(text),
          tagPrefix: v.optional(tagPrefix),
          signaturePullSecrets: v.optional(v.array(v.strictObject({ name: objectName })), []),
        }),
      ),
      [],
    ),
    ctlog: v.optional(v.strictObject({ url: v.optional(text), trustRootRef: v.optional(text) })),
    attestations: v.optional(v.array(attestation), []),
    rfc3161timestamp: v.optional(v.strictObject({ trustRootRef: v.optional(text) })),
    signatureFormat: v.optional(v.picklist(['legacy', 'bundle'], 'legacy or bundle')),
  }),
  v.check(
    ({ key, keyless, static: fixed }) =>
      [key, keyless, fixed].filter((one) => one !== undefined).length === 1,
    'one of key, keyless and static',
  ),
  v.check(
    ({ static: fixed, source, attestations, ctlog, rfc3161timestamp }) =>
      fixed === undefined ||
      (source.length === 0 &&
        attestations.length === 0 &&
        ctlog === undefined &&
        rfc3161timestamp === undefined),
    'static alone: it looks at no signature, so nothing can be asked of one',
  ),
);

export const clusterImagePolicySchema = v.strictObject({
  apiVersion: v.picklist(
    ['policy.sigstore.dev/v1beta1', 'policy.sigstore.dev/v1alpha1'],
    'policy.sigstore.dev/v1beta1 or v1alpha1',
  ),
  kind: v.literal('ClusterImagePolicy'),
  metadata: policyMetadata,
  spec: v.strictObject({
    images: v.pipe(v.array(v.strictObject({ glob: text })), v.minLength(1, 'at least one')),
    authorities: v.pipe(v.array(authority), v.minLength(1, 'at least one')),
    mode: v.optional(v.picklist(['enforce', 'warn'], 'enforce or warn'), 'enforce'),
    match: v.optional(v.array(matchSchema), []),
    policy: v.optional(policy),
  }),
  status: v.optional(v.unknown()),
});

export type ClusterImagePolicy = v.InferOutput<typeof clusterImagePolicySchema>;
export type CipAuthority = ClusterImagePolicy['spec']['authorities'][number];
export type CipPolicy = v.InferOutput<typeof policy>;

const log = v.strictObject({
  baseURL: text,
  hashAlgorithm: v.optional(v.picklist(['sha-256', 'sha256', 'SHA2_256'], 'sha-256'), 'sha-256'),
  publicKey: text,
});
const certificateAuthority = v.strictObject({
  subject: v.optional(v.looseObject({})),
  uri: v.optional(text, ''),
  certChain: text,
});

/** Where a TUF repository has its targets, and which of them is the trusted root. */
const targetMembers = { targets: v.optional(text), trustedRootTarget: v.optional(text) };

export const trustRootSchema = v.strictObject({
  apiVersion: v.literal('policy.sigstore.dev/v1alpha1'),
  kind: v.literal('TrustRoot'),
  metadata,
  spec: v.strictObject({
    remote: v.optional(v.strictObject({ root: text, mirror: text, ...targetMembers })),
    repository: v.optional(v.strictObject({ root: text, mirrorFS: text, ...targetMembers })),
    sigstoreKeys: v.optional(
      v.strictObject({
        certificateAuthorities: v.optional(v.array(certificateAuthority), []),
        tLogs: v.optional(v.array(log), []),
        ctLogs: v.optional(v.array(log), []),
        timestampAuthorities: v.optional(v.array(certificateAuthority), []),
      }),
    ),
  }),
  status: v.optional(v.unknown()),
});

export type TrustRoot = v.InferOutput<typeof trustRootSchema>;

const strings = v.record(v.string(), v.string());

export const secretSchema = v.looseObject({
  metadata,
  data: v.optional(strings, {}),
  stringData: v.optional(strings, {}),
});
export const configMapSchema = v.looseObject({ metadata, data: v.optional(strings, {}) });
