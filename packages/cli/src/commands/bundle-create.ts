import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  decodeBase64,
  isJsonObject,
  type JsonObject,
  type PublicKey,
  parseCertificate,
  parseEnvelope,
  parseJson,
  parsePem,
} from '@pratique/crypto';
import { assembleBundle, type Bundle, type LogEntry, parseLogAnnotation } from '@pratique/sigstore';
import { findRekorEntry, openServices, rekorEntryAt } from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { loadPublicKey } from '../keys/key-reference.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { bundleCreate } from '../specs/bundle.ts';
import { writeOut } from '../trust/write-out.ts';

type Flags = FlagValues<typeof bundleCreate.flags>;
type Parts = Omit<Bundle, 'version'>;

export const run: Run<typeof bundleCreate.flags> = async ({ flags, terminal, signal }) => {
  if (flags.artifact === undefined) throw needs('--artifact FILE', 'no --artifact');
  const artifact = readFileSync(resolve(terminal.cwd, flags.artifact));
  const old = readOldBundle(flags, terminal);
  const content = readContent(flags, old, artifact, terminal);
  const signer = await readSigner(flags, old, terminal, signal);
  const timestamps = readTimestamp(flags['rfc3161-timestamp'], terminal);
  const services = openServices({ ...terminal.env });
  try {
    const rekor = flags['rekor-url'];
    const logEntries = flags['ignore-tlog']
      ? []
      : [old.entry ?? (await findEntry(content, artifact, signer))];
    const parts: Parts = { content, material: signer.material, logEntries, timestamps };
    const bytes = await assembleBundle(parts, (index) => rekorEntryAt(services, rekor, index, signal));
    writeOut(bytes, flags.out, terminal);
    return 0;

    async function findEntry(
      of: Parts['content'],
      bytes: Uint8Array,
      { key, leaf }: Signer,
    ): Promise<LogEntry> {
      const certificate = leaf === null ? null : { leaf, issuers: [] };
      const signed =
        of.kind === 'dsse'
          ? {
              content: { form: 'envelope', ...of.envelope } as const,
              signature: of.envelope.signatures[0]!.signature,
            }
          : { content: { form: 'message', bytes } as const, signature: of.signature };
      const entry = await findRekorEntry(services, rekor, { ...signed, key, certificate }, signal);
      if (entry !== undefined) return entry;
      throw cliErrors.error('USAGE', {
        message: 'the log has no entry of this signature',
        expected: `an entry in ${rekor}, or --ignore-tlog`,
        found: 'none',
      });
    }
  } finally {
    services.close();
  }
};

/** What `sign-blob --bundle` wrote before there were Sigstore bundles. */
interface OldBundle {
  readonly signature?: Uint8Array;
  readonly certificate?: string;
  readonly entry?: LogEntry;
}

function readOldBundle(flags: Flags, terminal: Terminal): OldBundle {
  if (flags.bundle === undefined) return {};
  if (flags.certificate !== undefined || flags.signature !== undefined) {
    throw needs('--bundle alone, or --signature and --certificate', 'both');
  }
  const document = readJson(flags.bundle, terminal);
  const { base64Signature, cert, rekorBundle } = document;
  const entry = isJsonObject(rekorBundle) ? parseLogAnnotation(JSON.stringify(rekorBundle)) : undefined;
  if (entry !== undefined && flags['ignore-tlog']) {
    throw needs('the entry that the bundle holds to be kept', '--ignore-tlog');
  }
  return {
    ...(typeof base64Signature === 'string' && {
      signature: decodeBase64(base64Signature, 'base64Signature'),
    }),
    ...(typeof cert === 'string' && cert !== '' && { certificate: cert }),
    ...(entry && { entry }),
  };
}

function readContent(
  flags: Flags,
  old: OldBundle,
  artifact: Uint8Array,
  terminal: Terminal,
): Parts['content'] {
  if (flags.attestation !== undefined) return dsse(readJson(flags.attestation, terminal));
  const signature =
    flags.signature === undefined
      ? old.signature
      : decodeBase64(readFileSync(resolve(terminal.cwd, flags.signature), 'utf8').trim(), '--signature');
  if (signature === undefined) throw needs('a signature: --bundle, --signature or --attestation', 'none');
  // Old bundles of attestations hold the whole envelope where the signature is.
  if (signature[0] === 0x7b) return dsse(objectOf(signature, 'the envelope in the bundle'));
  const digest = createHash('sha256').update(artifact).digest();
  return { kind: 'message-signature', digestAlgorithm: 'SHA2_256', digest, signature };
}

function dsse(document: JsonObject): Parts['content'] {
  return { kind: 'dsse', envelope: parseEnvelope(document) };
}

interface Signer {
  readonly key: PublicKey;
  /** DER; null where a bare key signed. */
  readonly leaf: Uint8Array | null;
  readonly material: Parts['material'];
}

async function readSigner(
  flags: Flags,
  old: OldBundle,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Signer> {
  const text =
    flags.certificate === undefined
      ? old.certificate
      : readFileSync(resolve(terminal.cwd, flags.certificate), 'utf8');
  if (text !== undefined) {
    // Cosign writes the PEM once more in base64.
    const pem = text.includes('-----BEGIN')
      ? text
      : new TextDecoder().decode(decodeBase64(text.trim(), 'the certificate'));
    const [{ bytes: leaf }] = parsePem(pem, 'the certificate');
    return {
      key: parseCertificate(leaf).publicKey,
      leaf,
      material: { kind: 'certificate', certificates: [leaf] },
    };
  }
  if (flags.key === undefined) throw needs('who signed: --certificate or --key', 'neither');
  const key = await loadPublicKey(flags.key, terminal, signal);
  return { key, leaf: null, material: { kind: 'public-key', hint: key.hint } };
}

function readTimestamp(file: string | undefined, terminal: Terminal): readonly Uint8Array[] {
  if (file === undefined) return [];
  const { SignedRFC3161Timestamp: stamp } = readJson(file, terminal);
  if (typeof stamp !== 'string')
    throw needs('{"SignedRFC3161Timestamp": …} in --rfc3161-timestamp', 'something else');
  return [decodeBase64(stamp, 'SignedRFC3161Timestamp')];
}

function readJson(file: string, terminal: Terminal): JsonObject {
  return objectOf(readFileSync(resolve(terminal.cwd, file)), file);
}

function objectOf(bytes: Uint8Array, what: string): JsonObject {
  const document = parseJson(bytes, what);
  if (isJsonObject(document)) return document;
  throw needs(`${what} to be a JSON object`, 'something else');
}

function needs(expected: string, found: string) {
  return cliErrors.error('USAGE', { message: 'a bundle cannot be made of what was given', expected, found });
}
