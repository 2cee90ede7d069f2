import { CueError } from './errors.ts';
import { free } from './eval/closedness.ts';
import { Machine } from './eval/machine.ts';
import { type Conjunct, Node } from './eval/node.ts';
import { missing } from './eval/required.ts';
import { limits } from './limits.ts';
import type { Expression, File } from './syntax/ast.ts';
import { parseFile } from './syntax/parser.ts';
import { resolveNames } from './syntax/resolve.ts';
import { Source } from './syntax/source.ts';
import { concreteOf, type Json } from './values/concrete.ts';

export interface ValidateOptions {
  /** Fields that are required with `!` have to be there, as in `cosign verify-attestation --policy`. */
  readonly final?: boolean;
  readonly timeoutMs?: number;
}

/** Why a value does not comply. */
export interface CueViolation {
  readonly path: string;
  readonly message: string;
}

/** One policy: it says of a document of JSON whether the two can be one value. */
export class CuePolicy {
  readonly #files: readonly File[];
  readonly #optionalCycles: ReadonlySet<Expression>;

  constructor(files: readonly File[]) {
    this.#files = files;
    this.#optionalCycles = resolveNames(files);
  }

  /**
   * Unifies the policy with a document and says what contradicts; null where nothing does. What is not known, as a field
   * that the document does not have, is no contradiction.
   *
   * @throws CueError where there is no answer; never taken for one
   */
  validate(json: Json, { final = false, timeoutMs = 5000 }: ValidateOptions = {}): CueViolation | null {
    const value = concreteOf(json, limits.depth - 8);
    if (value === null) throw new CueError('cue_limit_error', 'the document nests too deep');
    return this.#judge(
      [{ env: null, expression: { type: 'data', value }, standing: free, via: [] }],
      final,
      timeoutMs,
    );
  }

  /** What is wrong with the policy by itself: null where nothing is. */
  contradiction(timeoutMs = 5000): CueViolation | null {
    return this.#judge([], false, timeoutMs);
  }

  #judge(data: readonly Conjunct[], final: boolean, timeoutMs: number): CueViolation | null {
    const machine = new Machine(timeoutMs, final, data.length === 0, this.#optionalCycles);
    const root = new Node(null, 's');
    for (const { body } of this.#files)
      root.conjuncts.push({ env: null, expression: body, standing: free, via: [] });
    root.conjuncts.push(...data);
    const problem = attempt(() => machine.verdict(root) ?? (final ? missing(root) : null));
    if (problem !== null) return { path: problem.path.join('.'), message: problem.message };
    if (root.settled.incomplete && root.settled.elsewhere)
      throw new CueError(
        'cue_unsupported_error',
        'a reference at the top that is not known is not supported',
      );
    if (root.settled.incomplete) return { path: '', message: 'what is at the top is not known without more' };
    return null;
  }
}

/** Runs what may make a text or an array of a length that JavaScript has none of. */
function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) throw new CueError('cue_limit_error', error.message);
    throw error;
  }
}

/**
 * Reads a policy of CUE: one file, or the files of one package.
 *
 * @throws CueError for what is no CUE, is not supported, or contradicts itself: `cue_syntax_error` where CUE would
 *   refuse it, too
 */
export function compilePolicy(texts: readonly { readonly file: string; readonly text: string }[]): CuePolicy {
  const files = texts.map(({ file, text }) => parseFile(new Source(file, text)));
  const [first] = files;
  if (files.some(({ packageName }) => packageName !== first?.packageName))
    throw new CueError('cue_unsupported_error', 'files of several packages are not supported');
  const policy = new CuePolicy(files);
  const found = policy.contradiction();
  if (found !== null)
    throw new CueError('cue_syntax_error', `the policy contradicts itself: ${found.path}: ${found.message}`);
  return policy;
}
