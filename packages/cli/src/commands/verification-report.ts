import { printable } from '@pratique/errors';
import type { Check, Rejection, Signer } from '@pratique/sigstore';

/** Who signed, for people. */
export function signerText(signer: Signer): string {
  return printable(
    signer.kind === 'key'
      ? `${signer.name} (${signer.fingerprint})`
      : `${signer.subject} (issuer ${signer.issuer})`,
    400,
  );
}

/** The checks made on one signature, one line each. */
export function checkLines(checks: readonly Check[]): readonly string[] {
  return checks.map(({ name, ok, detail }) => {
    const outcome = ok === null ? 'not needed' : ok ? 'ok' : 'failed';
    return `      ${outcome}  ${name}: ${printable(detail, 400)}`;
  });
}

export function rejectionText({
  code,
  message,
  source,
}: Pick<Rejection, 'code' | 'message'> & {
  readonly source: { readonly format: string; readonly manifest: string };
}): string {
  return `${code} ${printable(message, 400)} (${source.format} ${source.manifest})`;
}

const ofTheOtherSort: ReadonlySet<string> = new Set(['NO_CERTIFICATE', 'CERTIFICATE_NOT_TRUSTED']);

/**
 * The rejection that says most about why none of the signatures counts. One by a key where an identity is asked for, or the
 * other way round, says least.
 */
export function nearestRejection(rejected: readonly Rejection[]): Rejection | undefined {
  return rejected.find(({ code }) => !ofTheOtherSort.has(code)) ?? rejected[0];
}
