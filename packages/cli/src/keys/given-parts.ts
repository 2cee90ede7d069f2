import { parseCertificate, parseDetachedTimestamp } from '@pratique/crypto';
import type { GivenParts } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { parseFile } from '../program/parse-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { olderImageSignerFlags } from '../specs/older.ts';
import { readSignerCertificate } from './signer-certificate.ts';

type Flags = Pick<
  FlagValues<typeof olderImageSignerFlags>,
  'certificate' | 'sct' | 'allow-certificate-chain'
>;

/** What the flags say beside the signatures: `--certificate`, `--sct` and `--allow-certificate-chain`. */
export async function givenParts(flags: Flags, terminal: Terminal, signal: AbortSignal): Promise<GivenParts> {
  const { certificate, sct } = flags;
  return {
    ...(certificate === undefined
      ? {}
      : { certificate: parseCertificate(await readSignerCertificate(certificate, terminal, signal)) }),
    ...(sct === undefined
      ? {}
      : { certificateTimestamp: parseFile(sct, terminal.cwd, parseDetachedTimestamp) }),
    allowCertificateChain: flags['allow-certificate-chain'],
  };
}

/** The same for images, whose signatures may have a certificate each. @throws USAGE for --sct alone */
export async function givenPartsOfImages(
  flags: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<GivenParts> {
  if (flags.sct !== undefined && flags.certificate === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'the promise of a certificate log is about one certificate',
      expected: '--sct with --certificate',
      found: 'no --certificate',
    });
  }
  return await givenParts(flags, terminal, signal);
}
