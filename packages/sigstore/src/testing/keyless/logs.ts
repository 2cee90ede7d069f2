import { encodeBase64 } from '@pratique/crypto';
import { dsseBody, hashedRekordBody } from '../transparency-log.ts';
import { type EntryOptions, hashedRekordV2Body, testLogV2 } from '../virtual/rekor-v2.ts';
import { keys, makeLeaf, rekor, rekorV2, signingTime, signMessage, years } from '../virtual-sigstore.ts';
import {
  after,
  artifact,
  before,
  changed,
  entryOf,
  type KeylessRow,
  otherArtifact,
  signatureOf,
} from './row.ts';

const stranger = testLogV2(keys.stranger, 'log2026-1.example.test', years);
const elsewhere = testLogV2(keys.logV2, 'elsewhere.example.test', years);
/** The file’s bundle in a tile log, with an entry made in a wrong way. */
const tiled = (options: EntryOptions, log = rekorV2) =>
  changed(
    (json) => {
      const signature = signatureOf(json);
      const certificate = Uint8Array.from(
        Buffer.from(json.verificationMaterial.certificate.rawBytes, 'base64'),
      );
      json.verificationMaterial.tlogEntries = [
        log.entry(hashedRekordV2Body(artifact, signature, { certificate }), options),
      ];
    },
    { rekor: 2 },
  );
const loggedV2 = (
  body: (signature: Uint8Array, certificate: Uint8Array) => Parameters<typeof rekorV2.entry>[0],
) =>
  changed(
    (json) => {
      const certificate = Uint8Array.from(
        Buffer.from(json.verificationMaterial.certificate.rawBytes, 'base64'),
      );
      json.verificationMaterial.tlogEntries = [rekorV2.entry(body(signatureOf(json), certificate))];
    },
    { rekor: 2 },
  );
const logged = (body: (signature: string, certificate: string) => Parameters<typeof rekor.entry>[0]) =>
  changed((json) => {
    const pem = `-----BEGIN CERTIFICATE-----\n${json.verificationMaterial.certificate.rawBytes}\n-----END CERTIFICATE-----\n`;
    json.verificationMaterial.tlogEntries = [
      rekor.entry(body(json.messageSignature!.signature, pem), signingTime),
    ];
  });
const otherSignature = keys.signer.sign(artifact);

/** Transparency logs of both generations. */
export const keylessLogRows: readonly KeylessRow[] = [
  [
    'a tile log’s entry under another origin',
    'LOG_CHECKPOINT_INVALID',
    tiled({ origin: 'elsewhere.example.test' }),
  ],
  [
    'a tile log’s entry signed under another name',
    'LOG_CHECKPOINT_INVALID',
    tiled({ name: 'elsewhere.example.test' }),
  ],
  [
    'a tile log’s entry a stranger signed (CVE-2024-54140)',
    'LOG_CHECKPOINT_INVALID',
    tiled({ signer: keys.stranger }),
  ],
  [
    'a tile log’s entry a stranger signed, cosigned by a stranger',
    'LOG_CHECKPOINT_INVALID',
    tiled({ signer: keys.stranger, cosignatures: `\u2014 witness.test ${'A'.repeat(104)}\n` }),
  ],
  ['an entry of a tile log nobody trusts', 'LOG_NOT_TRUSTED', tiled({}, stranger)],
  ['an entry of another log with the same key', 'LOG_NOT_TRUSTED', tiled({}, elsewhere)],
  [
    'a tile log’s entry of another log with the same key, passed off as this one’s',
    'LOG_CHECKPOINT_INVALID',
    changed(
      (json) => {
        entryOf(json).inclusionProof = elsewhere.entry(
          JSON.parse(Buffer.from(entryOf(json).canonicalizedBody, 'base64').toString()),
        ).inclusionProof!;
      },
      { rekor: 2 },
    ),
  ],
  [
    'a tile log’s entry with two indexes',
    'LOG_ENTRY_INVALID',
    changed(
      (json) => {
        entryOf(json).logIndex = '6';
      },
      { rekor: 2 },
    ),
  ],
  [
    'a tile log’s entry without checkpoint',
    'BUNDLE_INVALID',
    changed(
      (json) => {
        entryOf(json).inclusionProof!.checkpoint.envelope = '';
      },
      { rekor: 2 },
    ),
  ],
  [
    'a tile log not trusted at the time of the timestamp',
    'LOG_OUTSIDE_VALIDITY',
    () => signMessage(artifact, { rekor: 2 }),
    { logs: [{ ...rekorV2.trusted, validFrom: after.validFrom }] },
  ],
  [
    'a tile log not trusted any more',
    'LOG_OUTSIDE_VALIDITY',
    () => signMessage(artifact, { rekor: 2 }),
    { logs: [{ ...rekorV2.trusted, validUntil: before.validUntil }] },
  ],
  [
    'a log not trusted any more',
    'LOG_OUTSIDE_VALIDITY',
    () => signMessage(artifact),
    { logs: [{ ...rekor.trusted, validUntil: before.validUntil }] },
  ],
  [
    'a tile log’s entry for another file',
    'LOG_ENTRY_MISMATCH',
    loggedV2((signature, certificate) => hashedRekordV2Body(otherArtifact, signature, { certificate })),
  ],
  [
    'a tile log’s entry for another signature',
    'LOG_ENTRY_MISMATCH',
    loggedV2((_signature, certificate) => hashedRekordV2Body(artifact, otherSignature, { certificate })),
  ],
  [
    'a tile log’s entry for another certificate',
    'LOG_ENTRY_MISMATCH',
    loggedV2((signature) => hashedRekordV2Body(artifact, signature, { certificate: makeLeaf() })),
  ],
  [
    'a tile log’s entry for the bare key',
    'LOG_ENTRY_MISMATCH',
    loggedV2((signature) => hashedRekordV2Body(artifact, signature, { key: keys.signer.publicKey })),
  ],
  [
    'a tile log’s entry of an unknown kind',
    'LOG_ENTRY_INVALID',
    loggedV2((signature, certificate) => ({
      ...hashedRekordV2Body(artifact, signature, { certificate }),
      kind: 'dsse',
    })),
  ],
  [
    'an entry for another file (CVE-2026-22703)',
    'LOG_ENTRY_MISMATCH',
    logged((signature, certificate) => hashedRekordBody(otherArtifact, signature, certificate)),
  ],
  [
    'an entry for another signature (CVE-2022-23649, CVE-2024-53267)',
    'LOG_ENTRY_MISMATCH',
    logged((_signature, certificate) =>
      hashedRekordBody(artifact, encodeBase64(otherSignature), certificate),
    ),
  ],
  [
    'an entry for the bare key',
    'LOG_ENTRY_MISMATCH',
    logged((signature) => hashedRekordBody(artifact, signature, keys.signer.publicKey)),
  ],
  [
    'an entry for a stranger’s key',
    'LOG_ENTRY_MISMATCH',
    logged((signature) => hashedRekordBody(artifact, signature, keys.stranger.publicKey)),
  ],
  [
    'no entry',
    'LOG_ENTRY_REQUIRED',
    changed((json) => {
      json.verificationMaterial.tlogEntries = [];
    }),
  ],
  [
    'one entry twice',
    'LOG_ENTRY_DUPLICATE',
    changed((json) => {
      json.verificationMaterial.tlogEntries.push(entryOf(json));
    }),
  ],
  [
    'one entry twice where two logs are asked for',
    'LOG_ENTRY_DUPLICATE',
    changed((json) => {
      json.verificationMaterial.tlogEntries.push(entryOf(json));
    }),
    { thresholds: { logs: 2 } },
  ],
  [
    'two entries of one log where two logs are asked for (CVE-2026-49834)',
    'LOG_THRESHOLD',
    changed((json) => {
      const second = { ...entryOf(json), logIndex: '1008' };
      const inclusionPromise = { signedEntryTimestamp: rekor.promise(second) };
      json.verificationMaterial.tlogEntries.push({ ...second, inclusionPromise });
    }),
    { thresholds: { logs: 2 } },
  ],
  [
    'an entry for an envelope',
    'LOG_ENTRY_MISMATCH',
    logged((signature, certificate) => dsseBody(artifact, signature, certificate)),
  ],
  [
    'one log where two are asked for',
    'LOG_THRESHOLD',
    () => signMessage(artifact),
    { thresholds: { logs: 2 } },
  ],
  [
    'no time where no log is asked for',
    'SIGNING_TIME_MISSING',
    changed(() => {}, { timestamps: [] }),
    { logs: [] },
  ],
  [
    'a log that is not trusted beside one that is, where two are asked for',
    'LOG_THRESHOLD',
    changed((json) => {
      json.verificationMaterial.tlogEntries.push(
        ...(tiled({})() as typeof json).verificationMaterial.tlogEntries,
      );
    }),
    { logs: [rekor.trusted], thresholds: { logs: 2 } },
  ],
];
