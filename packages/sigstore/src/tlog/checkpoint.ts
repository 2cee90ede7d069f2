import { decodeBase64, equalBytes, type PublicKey, verifySignature } from '@pratique/crypto';
import type { InclusionProof } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';

/** What a log signs about its tree (C2SP `tlog-checkpoint`). */
export interface Checkpoint {
  readonly origin: string;
  readonly treeSize: bigint;
  readonly rootHash: Uint8Array;
  /** The bytes that are signed. */
  readonly body: string;
  readonly signatures: readonly {
    readonly name: string;
    readonly keyHint: Uint8Array;
    readonly signature: Uint8Array;
  }[];
}

const maxBytes = 64 * 1024;
const maxSignatures = 32;
const signatureLine = /^\u2014 (\S{1,255}) (\S+)$/;

/**
 * Reads a checkpoint: a signed note (C2SP `signed-note`) whose text starts with origin, tree size and root hash.
 *
 * @throws LOG_CHECKPOINT_INVALID, ENCODING_INVALID
 */
export function parseCheckpoint(note: string): Checkpoint {
  if (note.length > maxBytes) throw invalid(`is larger than ${maxBytes} bytes`);
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) throw invalid('has no signature block');
  const body = note.slice(0, end + 1);
  const [origin = '', size = '', root = ''] = body.split('\n');
  if (origin === '' || !/^(0|[1-9]\d{0,18})$/.test(size)) throw invalid('has no origin and tree size');
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > maxSignatures) throw invalid(`has more than ${maxSignatures} signatures`);
  const signatures = lines.map((line) => {
    const [, name, encoded] = signatureLine.exec(line) ?? [];
    if (name === undefined || encoded === undefined) throw invalid('has a signature line that is none');
    const bytes = decodeBase64(encoded, 'a checkpoint signature');
    if (bytes.byteLength < 5) throw invalid('has an empty signature');
    return { name, keyHint: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return {
    origin,
    treeSize: BigInt(size),
    rootHash: decodeBase64(root, 'the checkpoint’s root hash'),
    body,
    signatures,
  };
}

/**
 * Checks that the proof's checkpoint is signed by the log with this key and is about the proof's tree: same root
 * hash, same size. Signatures by others (witnesses) are tolerated.
 *
 * @param logId hexadecimal SHA-256 of the log's key; Rekor's key hint is its first four bytes
 * @throws LOG_CHECKPOINT_INVALID, ENCODING_INVALID
 */
export function verifyCheckpoint(proof: InclusionProof, logId: string, key: PublicKey): void {
  const checkpoint = parseCheckpoint(proof.checkpoint);
  const hint = Buffer.from(logId.slice(0, 8), 'hex');
  const signed = new TextEncoder().encode(checkpoint.body);
  const byLog = checkpoint.signatures.filter((signature) => equalBytes(signature.keyHint, hint));
  if (!byLog.some(({ signature }) => verifySignature(key, signed, signature) !== null)) {
    throw invalid('is not signed by the log');
  }
  if (checkpoint.treeSize !== proof.treeSize || !equalBytes(checkpoint.rootHash, proof.rootHash)) {
    throw invalid('is about another tree than the inclusion proof');
  }
}

function invalid(message: string) {
  return sigstoreErrors.error('LOG_CHECKPOINT_INVALID', { message: `the log’s checkpoint ${message}` });
}
