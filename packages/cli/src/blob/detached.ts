import { isUtf8 } from 'node:buffer';
import {
  decodeBase64,
  isJsonObject,
  type JsonObject,
  type PublicKey,
  parseCertificate,
  parseEnvelope,
  parseJson,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { type Bundle, type LogEntry, parseLogAnnotation } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { loadVerifierKey } from '../keys/key-reference.ts';
import { firstBlock, readSignerCertificate } from '../keys/signer-certificate.ts';
import { readFile } from '../program/read-file.ts';
import { readSignature } from '../program/read-reference.ts';
import type { Terminal } from '../program/terminal.ts';

/** Files that older tools wrote about a signature, by the flags that name them. */
export interface DetachedFiles {
  readonly bundle?: string | undefined;
  readonly signature?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly attestation?: string | undefined;
  readonly 'rfc3161-timestamp'?: string | undefined;
}

/** What stands in them. */
export interface DetachedParts extends Pick<Bundle, 'content' | 'material' | 'timestamps'> {
  readonly signer: Pick<Signer, 'key' | 'leaf'>;
  /** The log entry that cosign 2 wrote into its bundle. */
  readonly entry: LogEntry | null;
}

/** @param sha256 of what was signed */
export async function readDetached(
  files: DetachedFiles,
  sha256: Uint8Array,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<DetachedParts> {
  const old = readOldBundle(files, terminal);
  const content = await readContent(files, old, sha256, terminal, signal);
  const { key, leaf, material } = await readSigner(files, old, terminal, signal);
  const timestamps = readTimestamp(files['rfc3161-timestamp'], terminal);
  return { content, signer: { key, leaf }, material, timestamps, entry: old.entry ?? null };
}

/** Whether a bundle is one that cosign 2 wrote before there were Sigstore bundles. What is no JSON is none. */
export function isOldBundle(bytes: Uint8Array): boolean {
  try {
    const document = parseJson(bytes, 'the bundle');
    return isJsonObject(document) && typeof document['base64Signature'] === 'string';
  } catch (error) {
    if (error instanceof PratiqueError) return false;
    throw error;
  }
}

/** What `sign-blob --bundle` wrote before there were Sigstore bundles. */
interface OldBundle {
  readonly signature?: Uint8Array;
  readonly certificate?: string;
  readonly entry?: LogEntry;
}

function readOldBundle(files: DetachedFiles, terminal: Terminal): OldBundle {
  if (files.bundle === undefined) return {};
  if (files.signature !== undefined) {
    throw needs('--bundle alone, or --signature and --certificate', 'both');
  }
  const document = readJson(files.bundle, terminal);
  const { base64Signature, cert, rekorBundle } = document;
  const entry = isJsonObject(rekorBundle) ? parseLogAnnotation(JSON.stringify(rekorBundle)) : undefined;
  return {
    ...(typeof base64Signature === 'string' && {
      signature: decodeBase64(base64Signature, 'base64Signature'),
    }),
    ...(typeof cert === 'string' && cert !== '' && { certificate: cert }),
    ...(entry && { entry }),
  };
}

async function readContent(
  files: DetachedFiles,
  old: OldBundle,
  digest: Uint8Array,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Bundle['content']> {
  if (files.attestation !== undefined) return dsse(readJson(files.attestation, terminal));
  const signature =
    files.signature === undefined ? old.signature : await readSignature(files.signature, terminal, signal);
  if (signature === undefined) throw needs('a signature: --bundle, --signature or --attestation', 'none');
  // Old bundles of attestations hold the whole envelope where the signature is.
  if (isText(signature)) return dsse(objectOf(signature, 'the envelope in the bundle'));
  return { kind: 'message-signature', digestAlgorithm: 'SHA2_256', digest, signature };
}

/** Whether it can be JSON of an object: a signature may begin with the same byte, and is no UTF-8. */
function isText(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7b && isUtf8(bytes);
}

function dsse(document: JsonObject): Bundle['content'] {
  return { kind: 'dsse', envelope: parseEnvelope(document) };
}

interface Signer {
  readonly key: PublicKey;
  /** DER; null where a bare key signed. */
  readonly leaf: Uint8Array | null;
  readonly material: Bundle['material'];
}

async function readSigner(
  files: DetachedFiles,
  old: OldBundle,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Signer> {
  const held = old.certificate === undefined ? undefined : firstBlock(old.certificate);
  // Old bundles of keys hold the public key there, which proves nothing.
  const leaf =
    held?.label === 'CERTIFICATE'
      ? held.bytes
      : files.certificate === undefined
        ? undefined
        : await readSignerCertificate(files.certificate, terminal, signal);
  if (leaf !== undefined) {
    return {
      key: parseCertificate(leaf).publicKey,
      leaf,
      material: { kind: 'certificate', certificates: [leaf] },
    };
  }
  if (files.key === undefined) throw needs('who signed: --certificate or --key', 'neither');
  const key = await loadVerifierKey(files.key, terminal, signal);
  return { key, leaf: null, material: { kind: 'public-key', hint: key.hint } };
}

function readTimestamp(file: string | undefined, terminal: Terminal): readonly Uint8Array[] {
  if (file === undefined) return [];
  const { SignedRFC3161Timestamp: stamp } = readJson(file, terminal);
  if (typeof stamp !== 'string')
    throw needs('{"SignedRFC3161Timestamp": …} in --rfc3161-timestamp', 'something else');
  return [decodeBase64(stamp, 'SignedRFC3161Timestamp')];
}

function readJson(file: string, terminal: Terminal): JsonObject {
  return objectOf(readFile(file, terminal.cwd), file);
}

function objectOf(bytes: Uint8Array, what: string): JsonObject {
  const document = parseJson(bytes, what);
  if (isJsonObject(document)) return document;
  throw needs(`${what} to be a JSON object`, 'something else');
}

/** A refusal of what was given. */
export function needs(expected: string, found: string) {
  return cliErrors.error('USAGE', { message: 'a bundle cannot be made of what was given', expected, found });
}
