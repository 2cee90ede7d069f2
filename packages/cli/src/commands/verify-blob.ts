import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type PratiqueError, printable } from '@pratique/errors';
import { type Artifact, cosignExitCode, sigstoreErrors, verifyBundle } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { signerTrust } from '../keys/signer-trust.ts';
import { CommandFailure } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { verifyBlob } from '../specs/signing.ts';
import { checkLines, signerText } from './verification-report.ts';

export const run: Run<typeof verifyBlob.flags> = async ({ args, flags, terminal, signal }) => {
  const trust = await signerTrust(flags, terminal, 'verify-blob', signal);
  const { bundle } = flags;
  if (bundle === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'pratique verify-blob needs the bundle that holds the signature',
      expected: '--bundle FILE',
      found: 'no --bundle',
    });
  }
  const name = args[0]!;
  const artifact = readArtifact(name, terminal);
  const bytes = Uint8Array.from(readFileSync(resolve(terminal.cwd, bundle)));
  const result = verifyBundle(bytes, artifact, trust, new Date());
  if (!result.ok) {
    const { checks, code, message, expected, found } = result.rejection;
    terminal.err(`${['These checks were made:', ...checkLines(checks)].join('\n')}\n\n`);
    const refusal = sigstoreErrors.error(code === 'NO_CERTIFICATE' ? code : 'BLOB_NOT_VERIFIED', {
      message: `${printable(name)} is not verified: ${code} ${printable(message, 400)}`,
      expected,
      found: found === undefined ? undefined : printable(found, 400),
    });
    throw withExitCode(refusal);
  }
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, ...result.verified }, null, 2)}\n`);
  } else {
    const { signer, signedAt, checks } = result.verified;
    const when = signedAt === null ? '' : ` at ${signedAt}`;
    terminal.err(`${[`Signed by ${signerText(signer)}${when}`, ...checkLines(checks)].join('\n')}\n`);
  }
  terminal.err('Verified OK\n');
  return 0;
};

function withExitCode(refusal: PratiqueError): Error {
  const code = cosignExitCode(refusal.code);
  return code === undefined ? refusal : new CommandFailure(code, refusal);
}

const digestLengths = { sha256: 64, sha384: 96, sha512: 128 } as const;

/** A file's bytes, or, where there is no such file, the digest the argument is. */
function readArtifact(name: string, terminal: Terminal): Artifact {
  const path = resolve(terminal.cwd, name);
  const [, algorithm, hex = ''] = /^(sha256|sha384|sha512):([0-9a-f]+)$/.exec(name) ?? [];
  if (algorithm !== undefined && !existsSync(path)) {
    const known = algorithm as keyof typeof digestLengths;
    if (hex.length === digestLengths[known])
      return { algorithm: known, digest: Uint8Array.from(Buffer.from(hex, 'hex')) };
    throw cliErrors.error('USAGE', {
      message: 'the digest is not of the length its algorithm has',
      expected: `${digestLengths[known]} hexadecimal digits`,
      found: `${hex.length}`,
    });
  }
  return { bytes: Uint8Array.from(readFileSync(path)) };
}
