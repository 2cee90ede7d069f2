import { type Certificate, parseCertificate, parsePem } from '@pratique/crypto';
import { certificateAuthority, type Trust, timestampAuthority } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { readText } from '../program/read-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { signerFlags } from '../specs/shared.ts';

type Flags = Pick<
  FlagValues<typeof signerFlags>,
  'ca-roots' | 'ca-intermediates' | 'certificate-chain' | 'timestamp-certificate-chain'
>;

/** The authorities that flags name by files of certificates; they stand in place of those of a trusted root. */
export function namedAuthorities(
  flags: Flags,
  terminal: Terminal,
): Pick<Trust, 'authorities' | 'timestampAuthorities'> {
  const { 'ca-roots': roots, 'ca-intermediates': intermediates, 'certificate-chain': chain } = flags;
  const { 'timestamp-certificate-chain': stamps } = flags;
  if (roots !== undefined && chain !== undefined) throw wrong('--ca-roots or --certificate-chain', 'both');
  if (intermediates !== undefined && roots === undefined)
    throw wrong('--ca-roots with --ca-intermediates', 'no --ca-roots');
  const read = (file: string) => readCertificates(file, terminal);
  return {
    ...(chain === undefined ? {} : { authorities: [certificateAuthority(chain, read(chain))] }),
    ...(roots === undefined
      ? {}
      : {
          authorities: [
            {
              uri: roots,
              anchors: read(roots),
              intermediates: intermediates === undefined ? [] : read(intermediates),
            },
          ],
        }),
    ...(stamps === undefined ? {} : { timestampAuthorities: [timestampAuthority(stamps, read(stamps))] }),
  };
}

/** The certificates of a PEM file, at least one. */
export function readCertificates(file: string, terminal: Terminal): Certificate[] {
  const blocks = parsePem(readText(file, terminal.cwd), file);
  return blocks.map(({ label, bytes }) => {
    if (label === 'CERTIFICATE') return parseCertificate(bytes);
    throw cliErrors.error('USAGE', {
      message: `${file} holds something else than certificates`,
      expected: 'CERTIFICATE',
      found: label,
    });
  });
}

function wrong(expected: string, found: string) {
  return cliErrors.error('USAGE', {
    message: 'the authorities that certify identities are not clear',
    expected,
    found,
  });
}
