import { equalBytes, parsePublicKey } from '@pratique/crypto';
import { type TransparencyLog, type TrustedRoot, timestampAuthority } from '@pratique/sigstore';
import { parseFile } from '../program/parse-file.ts';
import type { Terminal } from '../program/terminal.ts';
import { readCertificates } from './named-authorities.ts';

/**
 * The parts of a trusted root that cosign's variables name by files: `SIGSTORE_ROOT_FILE` (certificates, the self-signed
 * ones of them anchors), `SIGSTORE_CT_LOG_PUBLIC_KEY_FILE`, `SIGSTORE_REKOR_PUBLIC_KEY` and
 * `SIGSTORE_TSA_CERTIFICATE_FILE`. They stand in place of those that are published.
 *
 * @throws USAGE, KEY_INVALID, … with the file that is wrong
 */
export function environmentAuthorities(terminal: Terminal): Partial<TrustedRoot> {
  const { env } = terminal;
  const [roots, certificateLog, log, stamps] = [
    env['SIGSTORE_ROOT_FILE'],
    env['SIGSTORE_CT_LOG_PUBLIC_KEY_FILE'],
    env['SIGSTORE_REKOR_PUBLIC_KEY'],
    env['SIGSTORE_TSA_CERTIFICATE_FILE'],
  ];
  return {
    ...(roots ? { authorities: [certificateAuthority(roots, terminal)] } : {}),
    ...(certificateLog ? { certificateLogs: [readLog(certificateLog, terminal)] } : {}),
    ...(log ? { logs: [readLog(log, terminal)] } : {}),
    ...(stamps
      ? { timestampAuthorities: [timestampAuthority(stamps, readCertificates(stamps, terminal))] }
      : {}),
  };
}

function certificateAuthority(file: string, terminal: Terminal): TrustedRoot['authorities'][number] {
  const certificates = readCertificates(file, terminal);
  const isAnchor = ({ subject, issuer }: (typeof certificates)[number]) => equalBytes(subject, issuer);
  return {
    uri: file,
    anchors: certificates.filter(isAnchor),
    intermediates: certificates.filter((certificate) => !isAnchor(certificate)),
  };
}

/** A log of which only the key is known: who names it vouches for all of its time. */
function readLog(file: string, terminal: Terminal): TransparencyLog {
  const key = parseFile(file, terminal.cwd, (bytes) => parsePublicKey(bytes));
  return { id: key.fingerprint.slice('sha256:'.length), key, baseUrl: file, validFrom: new Date(0) };
}
