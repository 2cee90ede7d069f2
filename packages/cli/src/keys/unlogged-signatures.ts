import {
  type Certificate,
  decodeBase64,
  parseCertificate,
  parseEnvelope,
  parseJson,
  parsePem,
  verifySignature,
} from '@pratique/crypto';
import {
  annotationNames,
  type Evidence,
  type EvidenceItem,
  formatLogAnnotation,
  type GivenParts,
  type LogEntry,
  type SigningContent,
  signedBytes,
  type Trust,
  verifyEvidence,
} from '@pratique/sigstore';
import type { findRekorEntry } from '@pratique/sigstore-client';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { olderSignerFlags } from '../specs/older.ts';
import type { signerFlags } from '../specs/shared.ts';

/** Of one image: whoever can attach signatures must not choose how often the log is asked. */
const maxQuestions = 32;

type Flags = Pick<FlagValues<typeof signerFlags & typeof olderSignerFlags>, 'rekor-url' | 'offline'>;

/** Asks for the entry of a signature. Believed as little as one that a signature carries. */
export type AskLog = (signature: Parameters<typeof findRekorEntry>[2]) => Promise<LogEntry | undefined>;

/** Runs `use` with the log of `--rekor-url`; with null where there is none, or it is not to be asked. */
export async function withLog<Value>(
  flags: Flags,
  { logs }: Trust,
  terminal: Terminal,
  signal: AbortSignal,
  use: (ask: AskLog | null) => Promise<Value>,
): Promise<Value> {
  const url = flags['rekor-url'];
  if (url === undefined || flags.offline || logs.length === 0) return await use(null);
  // Most verifications ask nobody.
  const { findRekorEntry: find, openServices } = await import('@pratique/sigstore-client');
  const services = openServices({ ...terminal.env });
  try {
    return await use((signature) => find(services, url, signature, signal));
  } finally {
    services.close();
  }
}

/**
 * The evidence with the log entries that signatures of the tag-based format lack, which are good so far: each signature is
 * asked for once. An entry is only added; verifying the evidence proves it.
 *
 * @throws what the log throws: that it does not answer does not mean that there is no entry
 */
export async function withLogEntries(
  evidence: Evidence,
  trust: Trust,
  given: GivenParts,
  ask: AskLog | null,
): Promise<Evidence> {
  if (ask === null) return evidence;
  const asked = new Map<string, Promise<LogEntry | undefined>>();
  const items: EvidenceItem[] = [];
  for (const item of evidence.items) {
    const signature = lacksEntry(item, evidence, trust, given) ? signatureOf(item, trust, given) : null;
    if (item.kind === 'bundle' || signature === null) {
      items.push(item);
      continue;
    }
    const name = Buffer.from(signature.signature).toString('base64');
    if (!asked.has(name) && asked.size < maxQuestions) asked.set(name, ask(signature));
    const entry = await asked.get(name);
    const added = entry === undefined ? {} : { [annotationNames.bundle]: formatLogAnnotation(entry) };
    items.push({ ...item, annotations: { ...item.annotations, ...added } });
  }
  return { ...evidence, items };
}

/** Everything about the signature itself is good, and only its entry is missing. */
function lacksEntry(item: EvidenceItem, { subject }: Evidence, trust: Trust, given: GivenParts): boolean {
  if (item.kind === 'bundle') return false;
  const { rejected } = verifyEvidence({ subject, items: [item], skipped: [] }, trust, new Date(), given);
  return rejected.some(({ code }) => code === 'LOG_ENTRY_REQUIRED');
}

function signatureOf(item: EvidenceItem, trust: Trust, given: GivenParts): Parameters<AskLog>[0] | null {
  if (item.kind === 'bundle') return null;
  const { content, signature, ...more } = contentOf(item);
  const carried = carriedCertificate(item.annotations[annotationNames.certificate] ?? '');
  const certificate = carried ?? given.certificate;
  const key =
    certificate?.publicKey ??
    trust.keys.find(
      ({ key, schemes }) => verifySignature(key, signedBytes(content), signature, schemes) !== null,
    )?.key;
  if (key === undefined) return null;
  // Where the certificate is beside the signature, the log knows the key.
  const logged = carried === undefined ? null : { leaf: carried.der, issuers: [] };
  return { content, signature, key, certificate: logged, ...more };
}

function contentOf(item: Exclude<EvidenceItem, { kind: 'bundle' }>): {
  readonly content: SigningContent;
  readonly signature: Uint8Array;
  readonly envelope?: string;
} {
  if (item.kind === 'simple-signing') {
    const signature = decodeBase64(item.annotations[annotationNames.signature] ?? '', 'the signature');
    return { content: { form: 'message', bytes: item.payload }, signature };
  }
  const envelope = parseEnvelope(
    parseJson(item.payload, 'the envelope', { maxBytes: item.payload.byteLength }),
  );
  return {
    content: { form: 'envelope', ...envelope },
    signature: envelope.signatures[0]!.signature,
    envelope: new TextDecoder().decode(item.payload),
  };
}

function carriedCertificate(pem: string): Certificate | undefined {
  return pem === '' ? undefined : parseCertificate(parsePem(pem, 'the certificate')[0].bytes);
}
