import type { LogEntry, Signed, SignRequest, Trust, TrustedRoot } from '@pratique/sigstore';
import type { Services } from '../http/services.ts';
import { addToRekorV1, type EnvelopeKind, type Unwitnessed } from '../rekor/v1.ts';
import { addToRekorV2 } from '../rekor/v2.ts';
import { requestTimestamp } from '../tsa/request-timestamp.ts';

/** The logs a signature is put into, and the authorities that stamp it. */
export interface Witnesses {
  readonly logs: readonly { readonly url: string; readonly version: 1 | 2 }[];
  /** Whole addresses. */
  readonly timestampAuthorities: readonly string[];
  /** As what envelopes go into Rekor v1. Default: `dsse`; `intoto` is what came before. */
  readonly envelopeKind?: EnvelopeKind;
}

/** What they say about one signature; believed by nobody yet. */
export interface Testimony {
  readonly logEntries: readonly LogEntry[];
  readonly timestamps: readonly Uint8Array[];
}

/** Who a signature must be by, and how many certificate logs must promise to hold the certificate. */
export interface SignerTrust extends Pick<Trust, 'keys' | 'identities'> {
  readonly certificateLogs: number;
}

/**
 * Has a signature stamped and logged, by all at once, and says what it must then be verified with: by whom it is, and
 * that all of the witnesses vouch for it. One that fails fails the signing: the number of witnesses was chosen by the
 * signing configuration.
 */
export async function witnessed(
  services: Services,
  witnesses: Witnesses,
  unwitnessed: Unwitnessed,
  root: TrustedRoot,
  { certificateLogs, ...signer }: SignerTrust,
  { signal, stamped }: SignRequest,
): Promise<Signed> {
  const { signature } = unwitnessed;
  const { logs, timestampAuthorities } = witnesses;
  return {
    ...unwitnessed,
    ...(await witness(services, witnesses, unwitnessed, stamped?.(signature) ?? signature, signal)),
    trust: {
      ...root,
      ...signer,
      logs: logs.length === 0 ? [] : root.logs,
      thresholds: { logs: logs.length, timestamps: timestampAuthorities.length, certificateLogs },
    },
  };
}

/** Has a signature stamped and logged, by all at once. */
export async function witness(
  services: Services,
  { logs, timestampAuthorities, envelopeKind }: Witnesses,
  signature: Unwitnessed,
  stamped: Uint8Array,
  signal?: AbortSignal,
): Promise<Testimony> {
  const [timestamps, logEntries] = await Promise.all([
    Promise.all(timestampAuthorities.map((url) => requestTimestamp(services, url, stamped, signal))),
    Promise.all(
      logs.map(({ url, version }) =>
        version === 1
          ? addToRekorV1(services, url, { ...signature, ...(envelopeKind && { envelopeKind }) }, signal)
          : addToRekorV2(services, url, signature, signal),
      ),
    ),
  ]);
  return { timestamps, logEntries };
}
