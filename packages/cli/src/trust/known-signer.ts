import { exactly, parseTrustedRoot, type Trust } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { openSigningKey } from '../keys/key-reference.ts';
import { namedKey } from '../keys/managed-key.ts';
import type { Terminal } from '../program/terminal.ts';
import type { OpenSigner } from '../signing/open-signer.ts';
import { openTrustFiles } from '../signing/trust-files.ts';
import type { MigrateFlags } from './migrate.ts';

/**
 * Whose signatures make another one needless: those of the key that signs, or of the identity that is named.
 *
 * @returns null where nobody is known before the first signature
 */
export async function knownSigner(
  flags: MigrateFlags,
  signer: OpenSigner | null,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Trust | null> {
  const reference = namedKey(flags);
  const { 'certificate-identity': subject, 'certificate-oidc-issuer': issuer } = flags;
  if (
    (subject === undefined) !== (issuer === undefined) ||
    (reference !== undefined && subject !== undefined)
  ) {
    throw cliErrors.error('USAGE', {
      message:
        'what is signed already is known by the key, or by an identity and the issuer that vouches for it',
      expected: '--key, or --certificate-identity and --certificate-oidc-issuer',
    });
  }
  if (reference !== undefined) {
    const key = signer?.key ?? (await publicKeyOf(reference, terminal, signal));
    return { keys: [{ name: '--key', key }], logs: [] };
  }
  if (subject === undefined || issuer === undefined) return null;
  const root = parseTrustedRoot(await openTrustFiles(flags, terminal, signal).trustedRoot());
  const identity = { name: '--certificate-identity', subject: exactly(subject), issuer: exactly(issuer) };
  return { ...root, keys: [], identities: [identity], thresholds: { certificateLogs: 1 } };
}

async function publicKeyOf(reference: string, terminal: Terminal, signal: AbortSignal) {
  const { publicKey, close } = await openSigningKey(reference, terminal, 'trust migrate', signal);
  await close();
  return publicKey;
}
