import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ContentSigner,
  keySigner,
  parseTrustedRoot,
  type Signed,
  type TrustedRoot,
} from '@pratique/sigstore';
import { keylessSigner, openServices, witnessedKeySigner } from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { loadSigningKey } from '../keys/key-reference.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { signingFlags } from '../specs/shared.ts';
import { chooseServices } from './choose-services.ts';
import { openIdentity } from './identity.ts';

export type SigningFlags = FlagValues<typeof signingFlags>;

/** A signer for one command; `close` when the command is done. */
export interface OpenSigner extends ContentSigner {
  close(): void;
}

/** The signer the flags ask for: a key, with witnesses where a log is configured, or else an identity. */
export async function openSigner(
  flags: SigningFlags,
  terminal: Terminal,
  command: string,
  versions: readonly (1 | 2)[],
): Promise<OpenSigner> {
  const chosen = chooseServices(flags, terminal, versions, new Date());
  if (flags.key !== undefined) {
    const key = await loadSigningKey(flags.key, terminal, command);
    if (chosen === null) return reporting(keySigner(key), () => {}, terminal);
    const root = trustedRoot(flags, terminal, command);
    const services = openServices({ ...terminal.env });
    return reporting(witnessedKeySigner(services, key, chosen, root), services.close, terminal);
  }
  if (chosen === null || chosen.fulcio === null) throw noServices(command);
  const root = trustedRoot(flags, terminal, command);
  const services = openServices({ ...terminal.env });
  const options = { token: openIdentity(flags, terminal), fulcio: chosen.fulcio, witnesses: chosen, root };
  return reporting(keylessSigner(services, options), services.close, terminal);
}

function trustedRoot(flags: SigningFlags, terminal: Terminal, command: string): TrustedRoot {
  const file = flags['trusted-root'];
  if (file !== undefined) return parseTrustedRoot(readFileSync(resolve(terminal.cwd, file)));
  throw cliErrors.error('USAGE', {
    message: `pratique ${command} checks what the services say, and needs their trusted root for it`,
    expected: '--trusted-root FILE',
    found: 'no --trusted-root',
  });
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

function noServices(command: string) {
  return cliErrors.error('USAGE', {
    message: `pratique ${command} needs a key, or the services that certify an identity`,
    expected: '--key FILE, or --signing-config FILE (or --fulcio-url URL)',
    found: 'neither',
    remedy: `pratique generate-key-pair, then pratique ${command} --key …; or start a Sigstore with pratique sigstore serve, which writes a signing configuration and a trusted root (pratique ${command} --help shows examples)`,
  });
}
