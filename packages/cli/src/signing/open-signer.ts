import type { PublicKey, SigningKey } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { type ContentSigner, keySigner, type Signed } from '@pratique/sigstore';
import {
  type EnvelopeKind,
  type KeylessOptions,
  keylessSigner,
  witnessedKeySigner,
} from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { openSigningKey } from '../keys/key-reference.ts';
import { namedKey } from '../keys/managed-key.ts';
import { confirm } from '../program/confirm.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { programFlags, signingFlags } from '../specs/shared.ts';
import { certifies, chooseServices } from './choose-services.ts';
import { type IdentityContext, openIdentity } from './identity.ts';
import { keyCertificate } from './key-certificate.ts';
import { openSigningServices } from './services.ts';
import { signingRoot } from './signing-root.ts';
import { openTrustFiles } from './trust-files.ts';

/** What the program sees to itself is left out. */
export type SigningFlags = Omit<FlagValues<typeof signingFlags>, keyof typeof programFlags>;

/** What a signer is for. */
export interface SignerPurpose {
  /** For messages. */
  readonly command: string;
  /** Versions of Rekor whose entries the signature's format can hold. */
  readonly rekorVersions: readonly (1 | 2)[];
  /** Makes the key of a signature by an identity; absent: P-256. */
  readonly makeKey?: () => SigningKey;
  /** As what an envelope goes into a log; absent: `dsse`. */
  readonly envelopeKind?: EnvelopeKind;
  readonly signal: AbortSignal;
}

/** A signer for one command; `close` when the command is done. */
export interface OpenSigner extends ContentSigner {
  /** The key that signs; null for one that is made for each signature. */
  readonly key: PublicKey | null;
  close(): Promise<void>;
}

/** The signer the flags ask for: a key, with witnesses where services are asked for, or else an identity. */
export async function openSigner(
  given: SigningFlags,
  terminal: Terminal,
  { command, rekorVersions, makeKey, envelopeKind, signal }: SignerPurpose,
): Promise<OpenSigner> {
  const flags = { ...given, key: namedKey(given) };
  const certificate = keyCertificate(flags, terminal);
  const files = openTrustFiles(flags, terminal, signal);
  const chosen = await chooseServices(flags, files, rekorVersions, new Date()).catch((error: unknown) => {
    throw flags.key === undefined ? orWithKey(error) : error;
  });
  const key = flags.key === undefined ? null : await openSigningKey(flags.key, terminal, command, signal);
  const opened: (() => void | Promise<void>)[] = key === null ? [] : [key.close];
  const close = async () => {
    for (const one of opened) await one();
  };
  try {
    if (chosen === null) {
      if (key === null || certificate !== null) throw noWitness();
      return reporting(keySigner(key), key.publicKey, close, terminal);
    }
    const { fulcio, issuer } = chosen;
    const witnesses = { ...chosen, ...(envelopeKind && { envelopeKind }) };
    if (certifies(flags) && fulcio === null) throw noAuthority(command);
    const certified = certifies(flags) || certificate !== null;
    const root = await signingRoot(flags, files, chosen, certified, terminal);
    const services = openSigningServices(flags, chosen.timestampAuthorities, terminal);
    opened.push(services.close);
    const signer =
      key === null || certifies(flags)
        ? await identitySigner(
            { flags, terminal, services, issuer, signal },
            {
              fulcio: fulcio!,
              witnesses,
              root,
              ...(key === null ? makeKey && { makeKey } : { makeKey: () => key }),
            },
          )
        : witnessedKeySigner(services, key, witnesses, root, certificate);
    return reporting(signer, key?.publicKey ?? null, close, terminal);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whoever cannot be identified hears of it here, before an image is looked for. */
async function identitySigner(
  context: IdentityContext,
  options: Omit<KeylessOptions, 'token'>,
): Promise<ContentSigner> {
  const { flags, services, terminal } = context;
  await agree(flags, options.witnesses, terminal);
  const token = openIdentity(context);
  await token();
  if (!flags['insecure-skip-verify']) return keylessSigner(services, { ...options, token });
  terminal.err(
    'WARNING: --insecure-skip-verify: that a certificate log holds the certificate is not checked; nobody would notice one that was given to somebody else\n',
  );
  return keylessSigner(services, { ...options, token, certificateLogs: 0 });
}

/** A log forgets nothing. Whoever is there is asked first; who runs this without a terminal has decided before. @throws DECLINED */
async function agree(
  { yes }: SigningFlags,
  { logs }: KeylessOptions['witnesses'],
  terminal: Terminal,
): Promise<void> {
  if (yes || logs.length === 0 || !terminal.interactive) return;
  const where = logs.map(({ url }) => printable(url, 200)).join(', ');
  const question = `Who signs, such as your e-mail address, will stand in the log ${where} for everybody to read, and cannot be taken out again`;
  if (await confirm(question, '--yes', terminal)) return;
  throw cliErrors.error('DECLINED', { message: 'nothing was signed' });
}

/** Says on standard error who was certified and where it was logged, as cosign does. */
function reporting(
  signer: ContentSigner,
  key: PublicKey | null,
  close: () => Promise<void>,
  terminal: Terminal,
): OpenSigner {
  return {
    key,
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

/** Whoever gave no key may have meant to, and hears of a Sigstore that cannot be reached. */
function orWithKey(error: unknown): unknown {
  if (!(error instanceof PratiqueError)) return error;
  if (!['TUF_UNREACHABLE', 'TUF_NOT_INITIALIZED'].includes(error.code)) return error;
  const remedy = `Sign with a key: --key FILE. Without one a Sigstore says who signs. ${error.remedy}`;
  return error.retold({ remedy });
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
