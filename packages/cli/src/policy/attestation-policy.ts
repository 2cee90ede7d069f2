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

/**
 * The policies of `verify-attestation --policy`, as Cosign evaluates them: modules of Rego v0 together, `input` the
 * whole in-toto statement, and `data.signature.allow` must be true for every attestation of the type.
 *
 * @throws USAGE for other files than Rego, and for policies that do not compile
 */
export function attestationPolicy(files: readonly string[], terminal: Terminal): AttestationPolicy {
  if (files.length === 0) return () => {};
  const other = files.find((file) => !file.endsWith('.rego'));
  if (other !== undefined) throw wrong('a policy of another language', 'FILE.rego', other);
  const modules = Object.fromEntries(files.map((file) => [file, readText(file, terminal.cwd)]));
  const allow = orWrong(() => compile({ modules, regoVersion: 'v0' }).rule(rule));
  return (attestations) => {
    for (const { payload, predicateType } of attestations) {
      const answer = orWrong(() => allow.evaluate(payload, { timeoutMs }));
      if (answer === true) continue;
      throw sigstoreErrors.error('ATTESTATION_NOT_ALLOWED', {
        message: `the policy does not allow an attestation of the type ${printable(predicateType)}`,
        expected: `${rule} = true`,
        found: answer === undefined ? 'undefined' : printable(JSON.stringify(answer), 200),
      });
    }
  };
}

/** A policy that cannot be used, or that comes to no end, allows nothing. */
function orWrong<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    throw wrong('the policy cannot be used', 'Rego v0 that defines data.signature.allow', error.toString());
  }
}

function wrong(message: string, expected: string, found: string) {
  return cliErrors.error('USAGE', { message, expected, found: found.slice(0, 2000) });
}
