import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeBase64,
  encodeBase64,
  equalBytes,
  hintOf,
  isJsonObject,
  isNoteSignedBy,
  parseCheckpoint,
  parseJson,
  type SigningKey,
  signCosignature,
  type VerifierKey,
  verifyConsistencyProof,
} from '@pratique/crypto';
import { replaceFile } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import { fromClient, Refusal } from '../http/refusal.ts';

/** A key of a log, and what the log’s checkpoints begin with. */
export interface WitnessedLogKey {
  readonly origin: string;
  readonly verifier: VerifierKey;
}

export interface WitnessOptions {
  readonly directory: string;
  /** Stands on the signature lines. */
  readonly name: string;
  /** Ed25519. */
  readonly key: SigningKey;
  /** Several keys of one origin: the log is signed by any of them. */
  readonly logs: readonly WitnessedLogKey[];
}

/** What a witness keeps of a log. */
interface Seen {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Why a checkpoint is not cosigned, where the log has to know the size that was seen last. */
export class Conflict extends Error {
  readonly size: number;
  constructor(size: number) {
    super('the witness has seen another tree');
    this.size = size;
  }
}

const maxProofLines = 63;

/**
 * Cosigns the checkpoints of logs that only grow (C2SP `tlog-witness`). The last checkpoint of each log is on disk
 * before its cosignature is given out, so that no two trees of a log that do not follow from each other are ever
 * cosigned, whatever happens to the process. One process a directory.
 */
export class WitnessKeeper {
  readonly #options: WitnessOptions;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /**
   * The answer to a request of `add-checkpoint`: a signature line. Checked and stored in one step, between which no
   * other request can come.
   *
   * @throws Refusal (400, 403, 404, 422), Conflict (409)
   */
  addCheckpoint(body: string, now: Date): string {
    const { oldSize, proof, note } = parseRequest(body);
    const checkpoint = fromClient(() => parseCheckpoint(note));
    const { origin, treeSize, rootHash } = checkpoint;
    const keys = this.#options.logs.filter((log) => log.origin === origin);
    if (keys.length === 0) throw new Refusal(404, 'the log is not known here');
    const signed = keys.some(({ verifier }) =>
      isNoteSignedBy(checkpoint, { key: verifier.key, keyHint: hintOf(verifier), name: null }),
    );
    if (!signed) throw new Refusal(403, 'the checkpoint is not signed by the log');
    if (treeSize > BigInt(Number.MAX_SAFE_INTEGER)) throw new Refusal(400, 'the tree is too large');
    const size = Number(treeSize);
    if (oldSize > size) throw new Refusal(400, 'the old size is larger than the checkpoint’s');
    const seen = this.#seen(origin);
    if (oldSize !== seen.size) throw new Conflict(seen.size);
    if (oldSize === 0 || oldSize === size) {
      if (proof.length > 0) throw new Refusal(422, 'there is nothing to prove');
      if (oldSize === size && size > 0 && !equalBytes(rootHash, seen.root)) throw new Conflict(seen.size);
      if (size === 0 && !equalBytes(rootHash, emptyRoot))
        throw new Refusal(422, 'the root of an empty tree is another');
    } else if (!verifyConsistencyProof(BigInt(oldSize), treeSize, proof, seen.root, rootHash)) {
      throw new Refusal(422, 'the proof of consistency does not verify');
    }
    if (oldSize !== size) this.#keep(origin, { size, root: rootHash });
    const { name, key } = this.#options;
    return signCosignature(checkpoint.text, name, key, now);
  }

  #path(origin: string): string {
    return join(this.#options.directory, 'logs', `${createHash('sha256').update(origin).digest('hex')}.json`);
  }

  #seen(origin: string): Seen {
    const path = this.#path(origin);
    if (!existsSync(path)) return { size: 0, root: emptyRoot };
    const stored = parseJson(readFileSync(path), path);
    const { size, root } = isJsonObject(stored) ? stored : {};
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || typeof root !== 'string') {
      throw sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', {
        message: 'what the witness has seen of a log cannot be read',
      });
    }
    return { size, root: decodeBase64(root, 'root') };
  }

  #keep(origin: string, { size, root }: Seen): void {
    replaceFile(this.#path(origin), `${JSON.stringify({ origin, size, root: encodeBase64(root) })}\n`);
  }
}

const emptyRoot = new Uint8Array(createHash('sha256').digest());

/** `old N`, lines of the proof, an empty line, and the checkpoint. */
function parseRequest(body: string): { oldSize: number; proof: readonly Uint8Array[]; note: string } {
  const end = body.indexOf('\n\n');
  const [first, ...rest] = body.slice(0, Math.max(end, 0)).split('\n');
  const old = /^old (0|[1-9]\d{0,15})$/.exec(first ?? '')?.[1];
  if (end < 0 || old === undefined || rest.length > maxProofLines)
    throw new Refusal(400, 'the body is not an old size, lines of a proof, an empty line and a checkpoint');
  const proof = rest.map((line) => {
    const hash = fromClient(() => decodeBase64(line, 'a line of the proof'));
    if (hash.byteLength !== 32) throw new Refusal(400, 'a line of the proof is no hash');
    return hash;
  });
  return { oldSize: Number(old), proof, note: body.slice(end + 2) };
}
