import {
  equalBytes,
  type HashAlgorithm,
  digest as hash,
  type PublicKey,
  type SignatureScheme,
  toHex,
  verifyDigestSignature,
  verifyEnvelope,
  verifySignature,
} from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import type { Bundle } from '../bundle/bundle.ts';
import { parseBundle } from '../bundle/parse.ts';
import { sigstoreErrors } from '../errors.ts';
import { parseStatement, type Statement } from '../payload/statement.ts';
import { digestData, envelopeData, messageData, type SignedData } from '../tlog/signed-content.ts';
import type { Trust } from '../trust/trust.ts';
import type { GivenParts, Rejection, VerifiedSignature } from '../types.ts';
import { CheckList } from './check-list.ts';
import { checkEnvelope } from './envelope.ts';
import { checkSignature, type Material, type Proof, proveSigner } from './proof.ts';

/** The file a bundle should be about: its bytes, or its digest where the bytes are elsewhere. */
export type Artifact =
  | { readonly bytes: Uint8Array }
  | { readonly algorithm: HashAlgorithm; readonly digest: Uint8Array };

/** A bundle all of whose checks passed. */
export interface VerifiedBundle extends Pick<VerifiedSignature, 'signer' | 'signedAt' | 'log' | 'checks'> {
  /** The in-toto statement, where the bundle holds one; null for a signature over the file itself. */
  readonly statement: Pick<Statement, 'predicateType' | 'predicate' | 'document'> | null;
}

export type BundleResult =
  | { readonly ok: true; readonly verified: VerifiedBundle }
  | { readonly ok: false; readonly rejection: Omit<Rejection, 'source'> };

export interface VerifyBundleOptions {
  /** The only type of predicate to accept. Absent: any, and a signature over the file itself. */
  readonly predicateType?: string;
  readonly given?: GivenParts;
}

/**
 * Verifies a Sigstore bundle (v0.1 to v0.3) about one file: a signature over it, or an in-toto statement with it among
 * the subjects. What is `given` as parts was put together from files of older tools. Pure: no I/O, no clock (`now`
 * stands for the time of a signature by a key where nothing proves it), never throws for what stands in the bundle. The
 * result is plain data and lists every check that was made.
 */
export function verifyBundle(
  given: Uint8Array | Bundle,
  artifact: Artifact,
  trust: Trust,
  now: Date,
  options: VerifyBundleOptions = {},
): BundleResult {
  const list = new CheckList();
  try {
    const bundle = list.run(
      'bundle',
      () => (given instanceof Uint8Array ? parseBundle(given, options.given) : given),
      ({ version }) => `Sigstore bundle v${version}`,
    );
    const { statement, ...proof } =
      bundle.content.kind === 'dsse'
        ? verifyAttestation(bundle, bundle.content, artifact, trust, now, options, list)
        : verifyMessage(bundle, bundle.content, artifact, trust, now, options, list);
    return { ok: true, verified: { ...proof, statement, checks: list.checks } };
  } catch (error) {
    return { ok: false, rejection: describeRejection(error, list) };
  }
}

/** A refusal as data. What is not an error of ours is a defect, and refuses too. */
export function describeRejection(error: unknown, list: CheckList): Omit<Rejection, 'source'> {
  const refusal =
    error instanceof PratiqueError
      ? error
      : sigstoreErrors.error('VERIFICATION_FAILED', { message: 'the verifier failed on this signature' });
  return {
    code: refusal.code,
    message: refusal.message,
    ...(refusal.expected === undefined ? {} : { expected: refusal.expected }),
    ...(refusal.found === undefined ? {} : { found: refusal.found }),
    checks: list.checks,
  };
}

/** What a bundle says about who signed and when. */
export function bundleMaterial(
  { version, material, logEntries, timestamps }: Bundle,
  given: GivenParts = {},
): Material {
  const signer =
    material.kind === 'certificate'
      ? {
          kind: material.kind,
          certificates: () => material.certificates,
          // Before version 0.3 chains stand in bundles without having been asked for.
          issuersLead: version === '0.3',
        }
      : material;
  return { signer, entries: () => logEntries, timestamps: () => timestamps, given };
}

type Content<Kind> = Extract<Bundle['content'], { kind: Kind }>;
type Result = Proof & Pick<VerifiedBundle, 'statement'>;

function verifyAttestation(
  bundle: Bundle,
  { envelope }: Content<'dsse'>,
  artifact: Artifact,
  trust: Trust,
  now: Date,
  { predicateType, given: beside }: VerifyBundleOptions,
  list: CheckList,
): Result {
  const material = bundleMaterial(bundle, beside);
  const signature = list.run(
    'envelope',
    () => checkEnvelope(envelope),
    () => 'one signature over an in-toto statement',
  );
  const claim = checkSignature(
    material,
    (key, schemes) => verifyEnvelope(envelope, signature, key, schemes),
    trust,
    list,
  );
  const statement = list.run(
    'payload',
    () => parseStatement(envelope.payload),
    () => 'an in-toto statement',
  );
  if (predicateType !== undefined) {
    list.run(
      'predicate-type',
      () => checkPredicateType(statement.predicateType, predicateType),
      () => predicateType,
    );
  }
  list.run(
    'subject',
    () => checkSubject(statement, artifact),
    (digest) => digest,
  );
  const { proof } = proveSigner(claim, envelopeData(envelope), signature, material, trust, now, list);
  const { document, predicate } = statement;
  return { ...proof, statement: { predicateType: statement.predicateType, predicate, document } };
}

function checkPredicateType(found: string | null, expected: string): void {
  if (found === expected) return;
  throw sigstoreErrors.error('PAYLOAD_TYPE_MISMATCH', {
    message: 'the bundle is about something else than was asked for',
    expected,
    found: found === null ? 'a signature over the file itself' : printable(found),
  });
}

const algorithms: readonly HashAlgorithm[] = ['sha256', 'sha384', 'sha512'];

/** The digest by which the statement names the artifact. A digest under an unknown algorithm names nothing. */
function checkSubject(statement: Statement, artifact: Artifact): string {
  for (const algorithm of algorithms) {
    const named = statement.subjects.filter((subject) => Object.hasOwn(subject.digest, algorithm));
    const digest = named.length === 0 ? null : digestOf(artifact, algorithm);
    const hex = digest === null ? null : toHex(digest);
    if (hex !== null && named.some((subject) => subject.digest[algorithm] === hex))
      return `${algorithm}:${hex}`;
  }
  const named = Object.entries(statement.subjects[0]?.digest ?? {}).map(([name, hex]) => `${name}:${hex}`);
  throw mismatch(artifact, printable(named.join(', ')));
}

function verifyMessage(
  bundle: Bundle,
  content: Content<'message-signature'>,
  artifact: Artifact,
  trust: Trust,
  now: Date,
  { predicateType, given: beside }: VerifyBundleOptions,
  list: CheckList,
): Result {
  if (predicateType !== undefined) checkPredicateType(null, predicateType);
  const material = bundleMaterial(bundle, beside);
  const { signature } = content;
  const data =
    'bytes' in artifact ? messageData(artifact.bytes) : digestData(artifact.algorithm, artifact.digest);
  if (signature.byteLength === 0) {
    throw sigstoreErrors.error('SIGNATURE_MALFORMED', { message: 'the signature is empty' });
  }
  list.run(
    'artifact-digest',
    () => checkMessageDigest(content, artifact, data),
    (digest) => digest,
  );
  const claim = checkSignature(
    material,
    (key, schemes) => verifyArtifact(key, artifact, signature, schemes),
    trust,
    list,
  );
  const { proof } = proveSigner(claim, data, signature, material, trust, now, list);
  return { ...proof, statement: null };
}

function verifyArtifact(
  key: PublicKey,
  artifact: Artifact,
  signature: Uint8Array,
  schemes?: readonly SignatureScheme[],
): SignatureScheme | null {
  if ('bytes' in artifact) return verifySignature(key, artifact.bytes, signature, schemes);
  const scheme = verifyDigestSignature(key, artifact.algorithm, artifact.digest, signature);
  return scheme !== null && schemes?.includes(scheme) === false ? null : scheme;
}

const messageDigests: Readonly<Record<string, HashAlgorithm>> = {
  SHA2_256: 'sha256',
  SHA2_384: 'sha384',
  SHA2_512: 'sha512',
};

/**
 * The digest a bundle names its file by. It is not signed: the signature itself is verified over the file. Comparing
 * it tells a wrong file from a wrong signature, and refuses a bundle that contradicts itself.
 */
function checkMessageDigest(
  content: Content<'message-signature'>,
  artifact: Artifact,
  data: SignedData,
): string {
  const algorithm = Object.hasOwn(messageDigests, content.digestAlgorithm)
    ? messageDigests[content.digestAlgorithm]
    : undefined;
  const digest = algorithm === undefined ? null : data.digest(algorithm);
  if (algorithm === undefined || digest === null || !equalBytes(digest, content.digest))
    throw mismatch(artifact, printable(`${content.digestAlgorithm}:${toHex(content.digest)}`));
  return `${algorithm}:${toHex(digest)}`;
}

function digestOf(artifact: Artifact, algorithm: HashAlgorithm): Uint8Array | null {
  if ('bytes' in artifact) return hash(algorithm, artifact.bytes);
  return artifact.algorithm === algorithm ? artifact.digest : null;
}

function mismatch(artifact: Artifact, found: string) {
  const algorithm = 'bytes' in artifact ? 'sha256' : artifact.algorithm;
  return sigstoreErrors.error('ARTIFACT_MISMATCH', {
    message: 'the bundle is for another file',
    expected: `${algorithm}:${toHex(digestOf(artifact, algorithm) ?? new Uint8Array())}`,
    found,
  });
}
