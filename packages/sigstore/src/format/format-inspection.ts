import { X509Certificate } from 'node:crypto';
import {
  type Certificate,
  embeddedTimestamps,
  extendedKeyUsage,
  keyUsage,
  type PublicKey,
  parseCertificate,
  parseCheckpoint,
  parseTimestampResponse,
  readDer,
  subjectAltNames,
  tags,
  toHex,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { Bundle, InclusionProof, LogEntry } from '../bundle/bundle.ts';
import { parseBundle } from '../bundle/parse.ts';
import { mediaTypes } from '../media-types.ts';
import { parseStatement } from '../payload/statement.ts';

/** One thing a bundle says, and what belongs to it. */
export interface Inspected {
  readonly label: string;
  readonly value: string | null;
  readonly parts: readonly Inspected[];
}

/**
 * What a bundle says, as `cosign bundle inspect` lays it out. Nothing is verified; a bundle that is not well formed is
 * refused.
 *
 * @throws BUNDLE_INVALID, BUNDLE_VERSION_UNSUPPORTED, and what reading its certificates throws
 */
export function inspectBundle(bytes: Uint8Array, mediaType: string): readonly Inspected[] {
  const bundle = parseBundle(bytes);
  return [
    item('Bundle Media Type', mediaType),
    group('Verification Material', [
      material(bundle.material),
      ...(bundle.logEntries.length === 0
        ? []
        : [counted('Transparency Log Entries', 'Entry', bundle.logEntries, entry)]),
      ...(bundle.timestamps.length === 0
        ? []
        : [
            group('Timestamp Verification Data', [
              item('RFC3161 Timestamps', String(bundle.timestamps.length)),
              ...bundle.timestamps.map((der, number) => group(`Timestamp [${number}]`, timestamp(der))),
            ]),
          ]),
    ]),
    group('Content', content(bundle.content)),
  ];
}

function item(label: string, value: string, parts: readonly Inspected[] = []): Inspected {
  return { label, value: printable(value, 2000), parts };
}

function group(label: string, parts: readonly Inspected[]): Inspected {
  return { label, value: null, parts };
}

function counted<T>(
  label: string,
  each: string,
  values: readonly T[],
  describe: (value: T) => readonly Inspected[],
): Inspected {
  const parts = values.map((value, number) => group(`${each} [${number}]`, describe(value)));
  return item(label, String(values.length), parts);
}

function present(bytes: Uint8Array): string {
  return `Present (${bytes.byteLength} bytes)`;
}

function time(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

function material(found: Bundle['material']): Inspected {
  if (found.kind === 'public-key') {
    const hint = Buffer.from(found.hint, 'base64');
    const known = hint.toString('base64') === found.hint;
    return item('Content', 'Public Key Identifier', [item('Hint', known ? toHex(hint) : found.hint)]);
  }
  const [leaf, ...issuers] = found.certificates;
  if (issuers.length === 0) return item('Content', 'X.509 Certificate', certificate(leaf));
  return item('Content', 'X.509 Certificate Chain', [
    item('Certificates', String(found.certificates.length)),
    ...found.certificates.map((der, number) => group(`Certificate [${number}]`, certificate(der))),
  ]);
}

/** Names as Go's crypto/x509 writes them. */
const signatureAlgorithms: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.3.2': 'ECDSA-SHA256',
  '1.2.840.10045.4.3.3': 'ECDSA-SHA384',
  '1.2.840.10045.4.3.4': 'ECDSA-SHA512',
  '1.2.840.113549.1.1.11': 'SHA256-RSA',
  '1.2.840.113549.1.1.12': 'SHA384-RSA',
  '1.2.840.113549.1.1.13': 'SHA512-RSA',
  '1.3.101.112': 'Ed25519',
};

function certificate(der: Uint8Array): readonly Inspected[] {
  const parsed = parseCertificate(der);
  const { subject, issuer } = new X509Certificate(Buffer.from(der));
  const names = nameParts(issuer);
  return [
    item('Signature Algorithm', signatureAlgorithms[parsed.signatureAlgorithm] ?? parsed.signatureAlgorithm),
    ...(subject ? [item('Subject', subject.replaceAll('\n', ','))] : []),
    ...(names.length === 0 ? [] : [group('Issuer', names)]),
    group('Validity', [
      item('Not Before', time(parsed.validFrom)),
      item('Not After', time(parsed.validUntil)),
    ]),
    group('Subject Public Key Info', publicKey(parsed.publicKey)),
    group('Extensions', extensions(parsed)),
    item('Signature', present(parsed.signature)),
  ];
}

function nameParts(name: string): readonly Inspected[] {
  const values = new Map(
    name.split('\n').map((line) => [line.split('=')[0]!, line.slice(line.indexOf('=') + 1)]),
  );
  const labels = { CN: 'Common Name', O: 'Organization', C: 'Country' };
  return Object.entries(labels).flatMap(([key, label]) => {
    const value = values.get(key);
    return value === undefined ? [] : [item(label, value)];
  });
}

const curveNames = { 'ecdsa-p256': 'P-256', 'ecdsa-p384': 'P-384', 'ecdsa-p521': 'P-521' } as const;

function publicKey({ algorithm, bits, spki }: PublicKey): readonly Inspected[] {
  if (algorithm === 'rsa') return [item('Algorithm', 'RSA'), item('Key Size', `${bits} bits`)];
  const length = algorithm === 'ed25519' ? 32 : 1 + 2 * Math.ceil(bits / 8);
  const hex = toHex(spki.subarray(-length));
  const shown = item('Public Key', `${hex.slice(0, 8)}...${hex.slice(-8)} (${length} bytes)`);
  return algorithm === 'ed25519'
    ? [item('Algorithm', 'Ed25519'), shown]
    : [item('Algorithm', 'ECDSA'), item('Curve', curveNames[algorithm]), shown];
}

const usageNames: Readonly<Record<string, string>> = {
  digitalSignature: 'Digital Signature',
  nonRepudiation: 'Content Commitment',
  keyEncipherment: 'Key Encipherment',
  dataEncipherment: 'Data Encipherment',
  keyAgreement: 'Key Agreement',
  keyCertSign: 'Cert Sign',
  cRLSign: 'CRL Sign',
  encipherOnly: 'Encipher Only',
  decipherOnly: 'Decipher Only',
};
const purposeNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'Server Auth',
  '1.3.6.1.5.5.7.3.2': 'Client Auth',
  '1.3.6.1.5.5.7.3.3': 'Code Signing',
  '1.3.6.1.5.5.7.3.4': 'Email Protection',
  '1.3.6.1.5.5.7.3.8': 'Time Stamping',
  '1.3.6.1.5.5.7.3.9': 'OCSP Signing',
};
/** Fulcio's extensions, `1.3.6.1.4.1.57264.1.N`, in the words of its documentation. */
const fulcioNames: Readonly<Record<string, string>> = {
  1: 'OIDC Issuer',
  2: 'GitHub Workflow Trigger',
  3: 'GitHub Workflow SHA',
  4: 'GitHub Workflow Name',
  5: 'GitHub Workflow Repository',
  6: 'GitHub Workflow Ref',
  7: 'OtherName SAN',
  8: 'Issuer (V2)',
  9: 'Build Signer URI',
  10: 'Build Signer Digest',
  11: 'Runner Environment',
  12: 'Source Repository URI',
  13: 'Source Repository Digest',
  14: 'Source Repository Ref',
  15: 'Source Repository Identifier',
  16: 'Source Repository Owner URI',
  17: 'Source Repository Owner Identifier',
  18: 'Build Config URI',
  19: 'Build Config Digest',
  20: 'Build Trigger',
  21: 'Run Invocation URI',
  22: 'Source Repository Visibility At Signing',
  23: 'Deployment Environment',
  24: 'Token Subject',
};
const fulcioArc = '1.3.6.1.4.1.57264.1.';
const timestampList = '1.3.6.1.4.1.11129.2.4.2';
/** Key usage, its extension, the two key identifiers and the names, which are shown by themselves. */
const shown = ['2.5.29.15', '2.5.29.37', '2.5.29.14', '2.5.29.35', '2.5.29.17'];

function extensions(parsed: Certificate): readonly Inspected[] {
  const identity = subjectAltNames(parsed).map(({ kind, value }) =>
    item(kind === 'email' ? 'Email' : kind === 'uri' ? 'URI' : 'Name', value),
  );
  const usage = keyUsage(parsed)?.map((name) => usageNames[name] ?? name) ?? [];
  const purposes = extendedKeyUsage(parsed)?.map((oid) => purposeNames[oid] ?? oid) ?? [];
  return [
    ...(identity.length === 0 ? [] : [group('Identity (Subject Alternative Name)', identity)]),
    ...(usage.length === 0 ? [] : [item('Key Usage', usage.join(', '))]),
    ...(purposes.length === 0 ? [] : [item('Extended Key Usage', purposes.join(', '))]),
    ...keyIdentifier(parsed, '2.5.29.14', 'Subject Key ID'),
    ...keyIdentifier(parsed, '2.5.29.35', 'Authority Key ID'),
    ...[...parsed.extensions.keys()]
      .filter((oid) => !shown.includes(oid))
      .map((oid) => extension(parsed, oid)),
  ];
}

function keyIdentifier({ extensions: all }: Certificate, oid: string, label: string): readonly Inspected[] {
  const value = all.get(oid)?.value;
  if (value === undefined) return [];
  // An AuthorityKeyIdentifier is a sequence whose first member is the identifier, a SubjectKeyIdentifier is one itself.
  const reader = readDer(value, oid === '2.5.29.14' ? tags.octetString : tags.sequence);
  return [item(label, toHex(oid === '2.5.29.14' ? reader.rest() : reader.element().content))];
}

function extension(parsed: Certificate, oid: string): Inspected {
  const { critical, value } = parsed.extensions.get(oid)!;
  if (oid === timestampList) {
    return counted(
      'Signed Certificate Timestamps',
      'Signed Certificate Timestamp',
      embeddedTimestamps(parsed),
      (sct) => [
        item('Version', 'v1'),
        item('Log ID', sct.logId),
        item('Timestamp', time(sct.time)),
        item('Extensions', sct.extensions.byteLength === 0 ? 'none' : `${sct.extensions.byteLength} bytes`),
        item('Signature', present(sct.signature)),
      ],
    );
  }
  const name = oid.startsWith(fulcioArc) ? fulcioNames[oid.slice(fulcioArc.length)] : undefined;
  if (name === undefined) return item(`OID: ${oid}`, `(Critical: ${critical}) [${value.byteLength} bytes]`);
  return item(name, new TextDecoder().decode(utf8String(value) ?? value));
}

function utf8String(value: Uint8Array): Uint8Array | undefined {
  try {
    return readDer(value, tags.utf8String).rest();
  } catch {
    return undefined;
  }
}

function entry({
  logIndex,
  logId,
  kindVersion,
  integratedTime,
  promise,
  proof,
  body,
}: LogEntry): readonly Inspected[] {
  return [
    item('Log Index', String(logIndex)),
    item('Log ID', logId),
    ...(kindVersion === null ? [] : [item('Kind', kindVersion.kind), item('Version', kindVersion.version)]),
    item(
      'Integrated Time',
      integratedTime === null ? '0 (Not set)' : time(new Date(Number(integratedTime) * 1000)),
    ),
    ...(promise === null
      ? []
      : [group('Inclusion Promise', [item('Signed Entry Timestamp', present(promise))])]),
    ...(proof === null ? [] : [group('Inclusion Proof', inclusion(proof))]),
    item('Canonicalized Body', present(body)),
  ];
}

function inclusion({ logIndex, treeSize, hashes, checkpoint }: InclusionProof): readonly Inspected[] {
  const proof = [
    item('Log Index', String(logIndex)),
    item('Tree Size', String(treeSize)),
    item('Hashes', String(hashes.length)),
  ];
  if (checkpoint === '') return proof;
  const { origin, treeSize: size, text, signatures } = parseCheckpoint(checkpoint);
  const others = text.split('\n').slice(3, -1);
  return [
    ...proof,
    group('Checkpoint', [
      item('Origin', origin),
      item('Tree Size', String(size)),
      ...(others.length === 0
        ? []
        : [
            item(
              'Other Content',
              `${others.length} lines`,
              others.map((line, number) => item(`[${number}]`, line)),
            ),
          ]),
      item(
        'Witnesses',
        String(signatures.length),
        // The key's hint is part of the signature on its line.
        signatures.map(({ name, signature }) =>
          item(name, `Signature Present (${signature.byteLength} bytes)`),
        ),
      ),
    ]),
  ];
}

function timestamp(der: Uint8Array): readonly Inspected[] {
  const { time: stamped, imprint, serialNumber, policy } = parseTimestampResponse(der);
  return [
    item('Time', time(stamped)),
    item('Hash Algorithm', imprint.algorithm.toUpperCase().replace(/^SHA-?/, 'SHA-')),
    item('Message Imprint', present(imprint.digest)),
    item('Serial Number', String(BigInt(`0x${serialNumber}`))),
    item('Policy', policy),
  ];
}

function content(found: Bundle['content']): readonly Inspected[] {
  if (found.kind === 'message-signature') {
    return [
      item('Type', 'Message Signature'),
      group('Message Digest', [
        item('Algorithm', found.digestAlgorithm),
        item('Digest', present(found.digest)),
      ]),
      item('Signature', present(found.signature)),
    ];
  }
  const { payload, payloadType, signatures } = found.envelope;
  return [
    item('Type', 'DSSE Envelope'),
    item('Payload Type', payloadType),
    item('Payload', present(payload)),
    ...(payloadType === mediaTypes.inToto ? [statement(payload)] : []),
    counted('Signatures', 'Signature', signatures, ({ signature, keyid }) => [
      item('Signature', present(signature)),
      ...(keyid === '' ? [] : [item('Key Hint', keyid)]),
    ]),
  ];
}

function statement(payload: Uint8Array): Inspected {
  const { predicateType, subjects } = parseStatement(payload);
  const digests = subjects.flatMap(({ digest }) =>
    Object.entries(digest).map(([algorithm, hex]) => item('Digest', `${algorithm}:${hex}`)),
  );
  return group('Payload Content (in-toto)', [
    item('Predicate Type', predicateType),
    item('Subjects', String(subjects.length), digests),
  ]);
}
