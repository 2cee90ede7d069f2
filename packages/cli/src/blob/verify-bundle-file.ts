import { printable } from '@pratique/errors';
import {
  type Artifact,
  type Bundle,
  blobArtifact,
  cosignExitCode,
  type LogEntry,
  sigstoreErrors,
  type VerifiedBundle,
  type VerifyBundleOptions,
  verifyBundle,
} from '@pratique/sigstore';
import { checkLines, signerText } from '../commands/verification-report.ts';
import { givenParts } from '../keys/given-parts.ts';
import { namedKeys } from '../keys/managed-key.ts';
import { signerTrust } from '../keys/signer-trust.ts';
import { type AskLog, withLog } from '../keys/unlogged-signatures.ts';
import { CommandFailure } from '../program/exit.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { olderBlobFlags } from '../specs/older.ts';
import type { detachedFlags, outputFlag, signerFlags } from '../specs/shared.ts';
import { readArtifact, requireBundle } from './artifact.ts';
import { type DetachedParts, isOldBundle, needs, readDetached } from './detached.ts';

type Flags = FlagValues<
  typeof signerFlags & typeof detachedFlags & typeof olderBlobFlags & typeof outputFlag
> & {
  readonly bundle: string | undefined;
};

/**
 * Verifies the bundle of a file as the flags ask, and reports every check. `json` is what goes to standard output with
 * `-o json`.
 */
export async function verifyBundleFile(
  command: string,
  name: string,
  flags: Flags,
  options: VerifyBundleOptions,
  json: (verified: VerifiedBundle) => unknown,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const trust = await signerTrust(flags, terminal, command, signal);
  const artifact = readArtifact(name, terminal);
  const bundle = await withLog(flags, trust, terminal, signal, (ask) =>
    readBundle(command, flags, artifact, ask, terminal, signal),
  );
  const given = await givenParts(flags, terminal, signal);
  const result = verifyBundle(bundle, artifact, trust, new Date(), { ...options, given });
  if (!result.ok) {
    const { checks, code, message, expected, found } = result.rejection;
    terminal.err(`${['These checks were made:', ...checkLines(checks)].join('\n')}\n\n`);
    const refusal = sigstoreErrors.error(code === 'NO_CERTIFICATE' ? code : 'BLOB_NOT_VERIFIED', {
      message: `${printable(name)} is not verified: ${code} ${printable(message, 400)}`,
      expected,
      found: found === undefined ? undefined : printable(found, 400),
    });
    const exitCode = cosignExitCode(refusal.code);
    throw exitCode === undefined ? refusal : new CommandFailure(exitCode, refusal);
  }
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify(json(result.verified), null, 2)}\n`);
  } else {
    const { signer, signedAt, checks } = result.verified;
    const when = signedAt === null ? '' : ` at ${signedAt}`;
    terminal.err(`${[`Signed by ${signerText(signer)}${when}`, ...checkLines(checks)].join('\n')}\n`);
  }
  terminal.err('Verified OK\n');
}

/** The Sigstore bundle, or what older tools wrote: a bundle of cosign 2, or files of their own for every part. */
async function readBundle(
  command: string,
  flags: Flags,
  artifact: Artifact,
  ask: AskLog | null,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Uint8Array | Bundle> {
  if (flags.signature === undefined) {
    const file = requireBundle(flags.bundle, command, 'that holds the signature');
    const bytes = readFile(file, terminal.cwd);
    if (!isOldBundle(bytes)) return bytes;
  }
  const { digest, algorithm } = 'bytes' in artifact ? blobArtifact(artifact.bytes) : artifact;
  if (algorithm !== 'sha256') throw needs('a file, or its SHA-256', algorithm);
  const { bundle, signature, certificate, 'rfc3161-timestamp': timestamp } = flags;
  const [key] = namedKeys(flags);
  const files = { bundle, signature, certificate, 'rfc3161-timestamp': timestamp, key };
  const { signer, entry, ...parts } = await readDetached(files, digest, terminal, signal);
  const logged = entry ?? (await askedEntry(artifact, parts.content, signer, ask));
  return { ...parts, version: '0.1', logEntries: logged === undefined ? [] : [logged] };
}

/** The entry that a log has of a signature in files; of a file that is here, whose hash the log knows. */
async function askedEntry(
  artifact: Artifact,
  content: DetachedParts['content'],
  { key, leaf }: DetachedParts['signer'],
  ask: AskLog | null,
): Promise<LogEntry | undefined> {
  if (ask === null) return undefined;
  const certificate = leaf === null ? null : { leaf, issuers: [] };
  if (content.kind === 'dsse') {
    const { envelope } = content;
    const [signature] = envelope.signatures;
    if (signature === undefined) return undefined;
    return await ask({
      content: { form: 'envelope', ...envelope },
      signature: signature.signature,
      key,
      certificate,
    });
  }
  if (!('bytes' in artifact)) return undefined;
  const { bytes } = artifact;
  return await ask({ content: { form: 'message', bytes }, signature: content.signature, key, certificate });
}
