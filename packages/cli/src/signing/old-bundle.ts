import { encodeBase64 } from '@pratique/crypto';
import { formatLogAnnotation, type Signed } from '@pratique/sigstore';

/** What `sign-blob --bundle` of cosign 2 writes about a signature: `{base64Signature, cert, rekorBundle}`. */
export function formatOldBundle({ signature, certificate, logEntries }: Signed): string {
  const [entry] = logEntries;
  return JSON.stringify({
    base64Signature: encodeBase64(signature),
    ...(certificate === null ? {} : { cert: encodeBase64(certificate.leaf) }),
    ...(entry === undefined ? {} : { rekorBundle: JSON.parse(formatLogAnnotation(entry)) as unknown }),
  });
}
