import {
  encodeBase64,
  findCosignature,
  type GrowingTree,
  parseCheckpoint,
  type Witness,
} from '@pratique/crypto';

/** How long one witness may take, in milliseconds: whoever adds an entry waits for it. */
const patienceMs = 5_000;
const maxAnswerBytes = 16 * 1024;

/**
 * Has witnesses cosign the checkpoints of a log (C2SP `tlog-witness`). A witness that does not answer is left out: what is
 * missing, verifiers notice.
 */
export class Witnesses {
  readonly #tree: GrowingTree;
  readonly #witnesses: readonly Witness[];
  /** The size that each witness saw last, as far as is known. */
  readonly #seen = new Map<Witness, number>();
  readonly #faults = new Map<Witness, string>();

  /** @param witnesses each with a URL */
  constructor(tree: GrowingTree, witnesses: readonly Witness[]) {
    this.#tree = tree;
    this.#witnesses = witnesses;
  }

  get count(): number {
    return this.#witnesses.length;
  }

  /** By the witnesses' labels: why the last request was in vain; undefined where it was not. */
  get faults(): ReadonlyMap<string, string | undefined> {
    return new Map(this.#witnesses.map((witness) => [witness.label, this.#faults.get(witness)]));
  }

  /** The signature lines of those who cosign the signed checkpoint of `size` entries. */
  async cosign(size: number, note: string): Promise<string> {
    const lines = await Promise.all(
      this.#witnesses.map(async (witness) => {
        try {
          const line = await this.#cosign(witness, size, note);
          this.#faults.delete(witness);
          return line;
        } catch (error) {
          this.#faults.set(witness, error instanceof Error ? error.message : String(error));
          return '';
        }
      }),
    );
    return lines.join('');
  }

  /** The signature line of a witness, which verifies. */
  async #cosign(witness: Witness, size: number, note: string): Promise<string> {
    const before = this.#seen.get(witness) ?? 0;
    let answer = await this.#post(witness, before, size, note);
    if (answer.status === 409) {
      const known = /^(0|[1-9]\d{0,15})\n$/.exec(answer.text)?.[1];
      // Equal sizes are refused where the roots differ: asking again would not change that.
      if (known === undefined || Number(known) > size || Number(known) === before)
        throw new Error('the witness has seen another tree');
      this.#seen.set(witness, Number(known));
      answer = await this.#post(witness, Number(known), size, note);
    }
    if (answer.status !== 200) throw new Error(`the witness answered with status ${answer.status}`);
    const line = answer.text.split(/(?<=\n)/).find((one) => isCosignature(note + one, witness));
    if (line === undefined) throw new Error('the answer holds no cosignature of this witness');
    this.#seen.set(witness, size);
    return line;
  }

  async #post(
    witness: Witness,
    before: number,
    size: number,
    note: string,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const proof = before === 0 || before === size ? [] : this.#tree.consistencyProof(before, size);
    const lines = [`old ${before}`, ...proof.map(encodeBase64)];
    const response = await fetch(`${witness.url!.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      body: `${lines.join('\n')}\n\n${note}`,
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    });
    return { status: response.status, text: await readText(response) };
  }
}

function isCosignature(note: string, { name, key }: Witness): boolean {
  try {
    return findCosignature(parseCheckpoint(note), name, key) !== null;
  } catch {
    return false;
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > maxAnswerBytes) throw new Error('the witness answers too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
