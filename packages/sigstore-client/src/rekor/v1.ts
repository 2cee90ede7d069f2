import { createHash } from 'node:crypto';
import {
  decodeBase64,
  encodeBase64,
  formatPem,
  formatPublicKey,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import {
  formatEnvelope,
  type LogEntry,
  namingHash,
  type Signed,
  type SigningContent,
} from '@pratique/sigstore';
import { sigstoreClientErrors } from '../errors.ts';
import { answerReader } from '../http/json.ts';
import {
  jsonAnswer,
  refused,
  type ServiceAnswer,
  type Services,
  serviceUrl,
  wrongAnswer,
} from '../http/services.ts';

const service = 'the transparency log (Rekor)';

/** What is put into a log: a signature before anybody witnessed it. */
export type Unwitnessed = Pick<Signed, 'content' | 'signature' | 'key' | 'certificate' | 'prehashed'>;

/** Kinds of entries that hold an envelope: `dsse` 0.0.1 and `intoto` 0.0.2. */
export type EnvelopeKind = 'dsse' | 'intoto';

/** A signature, and how it is in a log. */
export interface LoggedSignature extends Unwitnessed {
  /** Default: `dsse`. */
  readonly envelopeKind?: EnvelopeKind;
  /** The envelope as it was written, whose hash the log knows. Default: as we write it. */
  readonly envelope?: string;
}

/**
 * Puts a signature into a Rekor v1 log (`rekor/openapi.yaml`): `hashedrekord` 0.0.1 for a message, `dsse` 0.0.1 or `intoto`
 * 0.0.2 for an envelope. One that is there already is as good. The entry is not verified here.
 *
 * @throws SIGNING_KEY_UNSUPPORTED, SIGNING_SERVICE_REFUSED, SIGNING_SERVICE_ANSWER, SIGNING_SERVICE_UNREACHABLE
 */
export async function addToRekorV1(
  services: Services,
  url: string,
  signature: LoggedSignature,
  signal?: AbortSignal,
): Promise<LogEntry> {
  refusePlainEd25519(signature);
  const answer = await services.send({
    service,
    method: 'POST',
    url: serviceUrl(service, url, '/api/v1/log/entries'),
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(proposedEntry(signature))),
    idempotent: true,
    signal,
  });
  if (answer.status === 201) return readEntry(jsonAnswer(service, answer));
  if (answer.status !== 409) throw refused(service, answer);
  const existing = await services.send({
    service,
    method: 'GET',
    url: serviceUrl(service, url, `/api/v1/log/entries/${existingUuid(answer)}`),
    idempotent: true,
    signal,
  });
  if (existing.status !== 200) throw refused(service, existing);
  return readEntry(jsonAnswer(service, existing));
}

/**
 * The entry at an index of a Rekor v1 log, with a proof of inclusion of today. It is not verified here.
 *
 * @throws SIGNING_SERVICE_REFUSED, SIGNING_SERVICE_ANSWER, SIGNING_SERVICE_UNREACHABLE
 */
export async function rekorEntryAt(
  services: Services,
  url: string,
  logIndex: bigint,
  signal?: AbortSignal,
): Promise<LogEntry> {
  const address = serviceUrl(service, url, '/api/v1/log/entries');
  address.searchParams.set('logIndex', String(logIndex));
  const answer = await services.send({ service, method: 'GET', url: address, idempotent: true, signal });
  if (answer.status !== 200) throw refused(service, answer);
  return readEntry(jsonAnswer(service, answer));
}

/**
 * The entry that a Rekor v1 log has of a signature, found by what it would be; undefined where it has none. Nothing is
 * added to the log.
 */
export async function findRekorEntry(
  services: Services,
  url: string,
  signature: LoggedSignature,
  signal?: AbortSignal,
): Promise<LogEntry | undefined> {
  const answer = await services.send({
    service,
    method: 'POST',
    url: serviceUrl(service, url, '/api/v1/log/entries/retrieve'),
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify({ entries: [proposedEntry(signature)] })),
    idempotent: true,
    signal,
  });
  if (answer.status !== 200) throw refused(service, answer);
  const found = jsonAnswer(service, answer);
  if (!Array.isArray(found)) throw wrongAnswer(service, 'it is not a list of entries');
  return found.length === 0 ? undefined : readEntry(found[0] as JsonValue);
}

function proposedEntry(unwitnessed: LoggedSignature): object {
  const { content, signature, key, certificate } = unwitnessed;
  const pem = certificate === null ? formatPublicKey(key) : formatPem('CERTIFICATE', certificate.leaf);
  const verifier = encodeBase64(new TextEncoder().encode(pem));
  if (content.form === 'envelope') {
    const envelope = unwitnessed.envelope ?? JSON.stringify(formatEnvelope(content, signature));
    if (unwitnessed.envelopeKind === 'intoto') return intotoEntry(content, signature, envelope, verifier);
    return {
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: { proposedContent: { envelope, verifiers: [verifier] } },
    };
  }
  const algorithm = namingHash(unwitnessed);
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm, value: hashOf(content, algorithm) } },
      signature: { content: encodeBase64(signature), publicKey: { content: verifier } },
    },
  };
}

/** `rekor/pkg/types/intoto` 0.0.2: payload and signature stand in it in base64 once more. */
function intotoEntry(
  { payload, payloadType }: Extract<SigningContent, { form: 'envelope' }>,
  signature: Uint8Array,
  envelope: string,
  publicKey: string,
): object {
  const twice = (bytes: Uint8Array) => encodeBase64(new TextEncoder().encode(encodeBase64(bytes)));
  const hash = { algorithm: 'sha256', value: createHash('sha256').update(envelope).digest('hex') };
  const signatures = [{ sig: twice(signature), publicKey }];
  return {
    apiVersion: '0.0.2',
    kind: 'intoto',
    spec: { content: { envelope: { payload: twice(payload), payloadType, signatures }, hash } },
  };
}

/** A log that knows the hash of a message only has nothing to verify a plain Ed25519 signature with. */
function refusePlainEd25519({ content, key, prehashed }: Unwitnessed): void {
  if (content.form === 'envelope' || key.algorithm !== 'ed25519' || prehashed === true) return;
  throw sigstoreClientErrors.error('SIGNING_KEY_UNSUPPORTED', {
    message: 'the log takes pre-hashed signatures of Ed25519 keys only, which this key cannot make',
    expected: 'an Ed25519 key in a file, or a key of another kind',
  });
}

function hashOf({ bytes }: Extract<SigningContent, { form: 'message' }>, algorithm: string): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** The entry an answer of 409 points to. Only its name is taken, never the place. */
function existingUuid({ headers }: ServiceAnswer): string {
  const [, uuid] = /\/([0-9a-f]{64}|[0-9a-f]{80})$/.exec(String(headers.location ?? '')) ?? [];
  if (uuid === undefined) throw wrongAnswer(service, 'it does not say which entry exists already');
  return uuid;
}

/** A LogEntry of Rekor's API: one member, named by the entry's UUID. */
function readEntry(answer: JsonValue): LogEntry {
  const read = answerReader(service);
  const document = read.object(answer, 'the answer');
  const [uuid, ...more] = Object.keys(document);
  if (uuid === undefined || more.length > 0) throw wrongAnswer(service, 'it is not one entry');
  const entry = read.objectAt(document, uuid);
  const verification = read.objectAt(entry, 'verification');
  const proof = read.objectAt(verification, 'inclusionProof');
  const body = base64(read.text(entry, 'body'), 'body');
  return {
    logIndex: read.count(entry, 'logIndex'),
    logId: read.text(entry, 'logID'),
    kindVersion: kindOf(body),
    integratedTime: read.count(entry, 'integratedTime'),
    promise: base64(read.text(verification, 'signedEntryTimestamp'), 'signedEntryTimestamp'),
    proof: {
      logIndex: read.count(proof, 'logIndex'),
      rootHash: hex(read.text(proof, 'rootHash')),
      treeSize: read.count(proof, 'treeSize'),
      hashes: read.list(proof, 'hashes', 64).map((hash) => hex(String(hash))),
      checkpoint: read.text(proof, 'checkpoint'),
    },
    body,
  };
}

function kindOf(body: Uint8Array): { readonly kind: string; readonly version: string } {
  const { kind, apiVersion } = parseBody(body);
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    throw wrongAnswer(service, 'the entry’s body has no kind and version');
  return { kind, version: apiVersion };
}

function parseBody(body: Uint8Array): JsonObject {
  try {
    const parsed = parseJson(body, 'the entry’s body');
    if (isJsonObject(parsed)) return parsed;
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
  }
  throw wrongAnswer(service, 'the entry’s body is not JSON');
}

function base64(text: string, what: string): Uint8Array {
  try {
    return decodeBase64(text, what);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw wrongAnswer(service, `${what} is not base64`, error);
  }
}

function hex(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text)) throw wrongAnswer(service, 'a hash is not 64 hexadecimal digits');
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
