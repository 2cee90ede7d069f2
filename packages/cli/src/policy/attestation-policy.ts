import { extname } from 'node:path';
import { CueError, compilePolicy, type Json } from '@pratique/cue';
import { printable } from '@pratique/errors';
import { compile, RegoError } from '@pratique/rego';
import { sigstoreErrors, type VerifiedAttestation } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { readText } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';

const rule = 'data.signature.allow';
const timeoutMs = 10_000;

/** Refuses attestations that a policy does not allow. */
export type AttestationPolicy = (attestations: readonly VerifiedAttestation[]) => void;

type Judge = (
  attestation: VerifiedAttestation,
) => { readonly expected: string; readonly found: string } | null;

/**
 * The policies of `verify-attestation --policy`, as Cosign evaluates them, on the whole in-toto statement of every
 * attestation of the type: in Rego v0, modules together, `data.signature.allow` must be true; in CUE, files of one
 * package together, the two must be one value that has all that is required.
 *
 * @throws USAGE for other files, and for policies that do not compile
 */
export function attestationPolicy(files: readonly string[], terminal: Terminal): AttestationPolicy {
  const read = (extension: string) =>
    files
      .filter((file) => extname(file) === extension)
      .map((file) => ({ file, text: readText(file, terminal.cwd) }));
  const other = files.find((file) => !['.rego', '.cue'].includes(extname(file)));
  if (other !== undefined) throw wrong('a policy of another language', 'FILE.rego or FILE.cue', other);
  const [rego, cue] = [read('.rego'), read('.cue')];
  const judges: Judge[] = [];
  if (cue.length > 0) judges.push(cueJudge(cue));
  if (rego.length > 0) judges.push(regoJudge(rego));
  return (attestations) => {
    for (const attestation of attestations) {
      for (const judge of judges) {
        const refusal = judge(attestation);
        if (refusal === null) continue;
        throw sigstoreErrors.error('ATTESTATION_NOT_ALLOWED', {
          message: `the policy does not allow an attestation of the type ${printable(attestation.predicateType)}`,
          ...refusal,
        });
      }
    }
  };
}

interface PolicyFile {
  readonly file: string;
  readonly text: string;
}

function regoJudge(files: readonly PolicyFile[]): Judge {
  const modules = Object.fromEntries(files.map(({ file, text }) => [file, text]));
  const allow = orWrong(() => compile({ modules, regoVersion: 'v0' }).rule(rule));
  return ({ payload }) => {
    const answer = orWrong(() => allow.evaluate(payload, { timeoutMs }));
    if (answer === true) return null;
    const found = answer === undefined ? 'undefined' : printable(JSON.stringify(answer), 200);
    return { expected: `${rule} = true`, found };
  };
}

function cueJudge(files: readonly PolicyFile[]): Judge {
  const policy = orWrong(() => compilePolicy(files));
  return ({ payload }) => {
    const violation = orWrong(() => policy.validate(payload as Json, { final: true, timeoutMs }));
    if (violation === null) return null;
    return {
      expected: `a statement as ${files.map(({ file }) => file).join(' and ')} says`,
      found: printable(
        violation.path === '' ? violation.message : `${violation.path}: ${violation.message}`,
        300,
      ),
    };
  };
}

/** A policy that cannot be used, or that comes to no end, allows nothing. */
function orWrong<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof RegoError)
      throw wrong('the policy cannot be used', 'Rego v0 that defines data.signature.allow', error.toString());
    if (error instanceof CueError)
      throw wrong(
        'the policy cannot be used',
        'CUE as docs/reference/cue.md says that it is understood',
        `${error.message} (${error.code})`,
      );
    throw error;
  }
}

function wrong(message: string, expected: string, found: string) {
  return cliErrors.error('USAGE', { message, expected, found: found.slice(0, 2000) });
}
