import { type ContentSigner, keySigner, parseTrustedRoot, type Signed } from '@pratique/sigstore';
import { keylessSigner, openServices, witnessedKeySigner } from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { loadSigningKey } from '../keys/key-reference.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { signingFlags } from '../specs/shared.ts';
import { chooseServices } from './choose-services.ts';
import { openIdentity } from './identity.ts';
import { keyCertificate } from './key-certificate.ts';
import { openTrustFiles } from './trust-files.ts';

/** The deadline is the program's affair. */
export type SigningFlags = Omit<FlagValues<typeof signingFlags>, 'timeout'>;

/** What a signer is for. */
export interface SignerPurpose {
  /** For messages. */
  readonly command: string;
  /** Versions of Rekor whose entries the signature's format can hold. */
  readonly rekorVersions: readonly (1 | 2)[];
  readonly signal: AbortSignal;
}

/** A signer for one command; `close` when the command is done. */
export interface OpenSigner extends ContentSigner {
  close(): void;
}

/** The signer the flags ask for: a key, with witnesses where services are asked for, or else an identity. */
export async function openSigner(
  flags: SigningFlags,
  terminal: Terminal,
  { command, rekorVersions, signal }: SignerPurpose,
): Promise<OpenSigner> {
  const certificate = keyCertificate(flags, terminal);
  const files = openTrustFiles(flags, terminal, signal);
  const chosen = await chooseServices(flags, files, rekorVersions, new Date());
  const key = flags.key === undefined ? null : await loadSigningKey(flags.key, terminal, command);
  if (chosen === null && key !== null) {
    if (certificate !== null) throw noWitness();
    return reporting(keySigner(key), () => {}, terminal);
  }
  const { fulcio = null, issuer = null, ...witnesses } = chosen ?? { logs: [], timestampAuthorities: [] };
  if (key === null && fulcio === null) throw noAuthority(command);
  const root = parseTrustedRoot(await files.trustedRoot());
  const services = openServices({ ...terminal.env });
  if (key !== null) {
    const signer = witnessedKeySigner(services, key, witnesses, root, certificate);
    return reporting(signer, services.close, terminal);
  }
  const token = openIdentity({ flags, terminal, services, issuer, signal });
  // Whoever cannot be identified should hear of it before an image is looked for.
  await token();
  const options = { token, fulcio: fulcio!, witnesses, root };
  return reporting(keylessSigner(services, options), services.close, terminal);
}

/** Says on standard error who was certified and where it was logged, as cosign does. */
function reporting(signer: ContentSigner, close: () => void, terminal: Terminal): OpenSigner {
  return {
    close,
    async sign(content, request) {
      const signed = await signer.sign(content, request);
      terminal.err(`${signedBy(signed)}\n`);
      return signed;
    },
  };
}

function signedBy({ trust, key, logEntries, timestamps }: Signed): string {
  const [identity] = trust.identities ?? [];
  const who =
    identity === undefined
      ? key.fingerprint
      : `${identity.subject.description}, issuer ${identity.issuer.description}`;
  const logs = logEntries.map(({ logIndex }) => `, log entry ${logIndex}`).join('');
  return `Signed by ${who}${logs}${timestamps.length === 0 ? '' : ', stamped'}`;
}

function noWitness() {
  return cliErrors.error('USAGE', {
    message: 'a certificate proves nothing unless it is known when its key was used',
    expected: '--signing-config FILE, or --rekor-url or --timestamp-server-url',
    found: 'no log and no timestamp authority',
  });
}

function noAuthority(command: string) {
  return cliErrors.error('USAGE', {
    message: `pratique ${command} needs a key, or an authority that certifies an identity`,
    expected: '--key FILE, --signing-config FILE or --fulcio-url URL',
    found: 'neither',
    remedy: `pratique generate-key-pair, then pratique ${command} --key … (pratique ${command} --help shows examples)`,
  });
}
