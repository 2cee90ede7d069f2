import { tokenInResponse } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import {
  chainSigner,
  notationErrors,
  readTrustedCertificates,
  signNotation,
  verifiedTimestamp,
} from '@pratique/notation';
import { openServices, requestTimestamp, type Services } from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { openSigningKey } from '../keys/key-reference.ts';
import { keyNamed, usualFormat } from '../notation/directory.ts';
import { warnOfTag } from '../notation/open.ts';
import { openNotationPlace } from '../notation/place.ts';
import { milliseconds } from '../policy/duration.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { programVersion } from '../program/version.ts';
import { annotationsOf } from '../registry/annotations.ts';
import { openClient } from '../registry/client.ts';
import type { notationSign } from '../specs/notation.ts';

type Flags = FlagValues<typeof notationSign.flags>;

export const run: Run<typeof notationSign.flags> = async ({ args, flags, terminal, signal }) => {
  const metadata = annotationsOf(flags['user-metadata']);
  const lifetime = flags.expiry === undefined ? undefined : milliseconds('expiry', flags.expiry);
  const envelope = (flags['signature-format'] as 'jws' | 'cose' | undefined) ?? usualFormat(terminal);
  const { keyPath, certPath } = keyFiles(flags, terminal);
  const certificates = readFile(certPath, terminal.cwd, 'text');
  const key = await openSigningKey(keyPath, terminal, 'notation sign', signal);
  const services = openServices({ ...terminal.env });
  const client = openClient(flags, terminal);
  try {
    const signer = chainSigner(key, certificates, new Date());
    const timestamp = timestamping(flags, services, terminal, signal);
    for (const text of args) {
      const image = await openNotationPlace(text, flags, client, terminal);
      warnOfTag(image, 'sign', terminal);
      const subject = await image.repository.resolve(image.version, { signal });
      // To the second, as it is written.
      const signingTime = new Date(Math.floor(Date.now() / 1000) * 1000);
      const { manifest } = await signNotation(image.repository, subject, signer, {
        envelope,
        metadata,
        signingTime,
        expiry: lifetime === undefined ? null : new Date(signingTime.getTime() + lifetime),
        signingAgent: `pratique/${programVersion()}`,
        ...(timestamp === undefined ? {} : { timestamp }),
        signal,
      });
      terminal.err(`Stored as signature ${manifest.digest}\n`);
      terminal.out(`Successfully signed ${image.pinned(subject.digest)}\n`);
    }
    return 0;
  } finally {
    client.close();
    services.close();
    await key.close();
  }
};

function keyFiles(flags: Flags, terminal: Terminal) {
  const { 'key-path': keyPath, 'cert-path': certPath } = flags;
  if (keyPath === undefined && certPath === undefined) return keyNamed(flags.key, terminal);
  if (keyPath !== undefined && certPath !== undefined && flags.key === undefined)
    return { keyPath, certPath };
  throw cliErrors.error('USAGE', {
    message: 'a key is named, or is in files',
    expected: '--key NAME, or --key-path FILE with --cert-path FILE',
  });
}

/** How a signature is stamped, where it is. What the authority answered is verified before it is taken. */
function timestamping(
  flags: Flags,
  services: Services,
  terminal: Terminal,
  signal: AbortSignal,
): ((signature: Uint8Array) => Promise<Uint8Array>) | undefined {
  const { 'timestamp-url': url, 'timestamp-root-cert': file } = flags;
  if (url === undefined && file === undefined) return undefined;
  if (url === undefined || file === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'a timestamp needs its authority and whom to believe',
      expected: '--timestamp-url URL with --timestamp-root-cert FILE',
    });
  }
  const roots = readTrustedCertificates(readFile(file, terminal.cwd, 'text'), 'tsa', file);
  return async (signature) => {
    const response = await requestTimestamp(services, url, signature, signal);
    try {
      const token = tokenInResponse(response);
      verifiedTimestamp(token, signature, roots);
      return token;
    } catch (cause) {
      if (!(cause instanceof PratiqueError)) throw cause;
      throw notationErrors.error('NOTATION_TIMESTAMP_FAILED', {
        message: `the timestamp authority made a timestamp that is not good: ${cause.message}`,
        cause,
      });
    }
  };
}
