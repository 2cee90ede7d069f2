import { derWriter, encodeBase64, oids } from '@pratique/crypto';
import {
  type AuthorityOptions,
  distinguishedName,
  extension,
  extensions,
  makeAuthority,
  type NewCertificate,
} from '../virtual/certificates.ts';
import { type StampOptions, testTimestampAuthority } from '../virtual/timestamp-authority.ts';
import {
  keys,
  signMessage,
  timestampAuthority,
  timestampAuthorityOptions,
  years,
} from '../virtual-sigstore.ts';
import {
  after,
  artifact,
  at,
  before,
  changed,
  entryOf,
  type KeylessRow,
  sha256,
  signatureOf,
  stampsOf,
} from './row.ts';

/** The file’s bundle, stamped in a wrong way; Rekor v2, so that nothing else proves the time. */
const stamped = (options: StampOptions, by = timestampAuthority) =>
  changed(
    (json) => {
      const stamp = by.stamp(signatureOf(json), options);
      json.verificationMaterial.timestampVerificationData.rfc3161Timestamps = [
        { signedTimestamp: encodeBase64(stamp) },
      ];
    },
    { rekor: 2 },
  );
/** By an authority with something wrong, where that very authority is trusted. */
function stampedBy(
  name: string,
  expected: string,
  leaf: Partial<NewCertificate>,
  change: Partial<AuthorityOptions> = {},
): KeylessRow {
  const wrong = testTimestampAuthority(
    makeAuthority({ ...timestampAuthorityOptions, ...change }),
    keys.timestamp,
    years,
    leaf,
  );
  return [name, expected, stamped({}, wrong), { timestampAuthorities: [wrong.trusted] }];
}
const { authority: isAuthority, signsCertificates, purposes, signsData } = extensions;
const stampWindow = (window: object) => ({
  timestampAuthorities: [{ ...timestampAuthority.trusted, ...window }],
});
const anyLeaf = { timestampAuthorities: [{ ...timestampAuthority.trusted, leaf: null }] };
const strangerAuthority = testTimestampAuthority(
  makeAuthority({ ...timestampAuthorityOptions, rootKey: keys.stranger, intermediateKey: keys.stranger }),
  keys.stranger,
  years,
);

/** RFC 3161 timestamps. */
export const timestampRows: readonly KeylessRow[] = [
  [
    'no timestamp in a log that promises no time',
    'SIGNING_TIME_MISSING',
    changed(() => {}, { rekor: 2, timestamps: [] }),
  ],
  [
    'no timestamp authority trusted',
    'SIGNING_TIME_MISSING',
    () => signMessage(artifact, { rekor: 2 }),
    { timestampAuthorities: [] },
  ],
  ['one of something else', 'TIMESTAMP_INVALID', stamped({ imprint: sha256(artifact) })],
  [
    'one of the file instead of the signature',
    'TIMESTAMP_INVALID',
    changed(
      (json) => {
        stampsOf(json)[0] = { signedTimestamp: encodeBase64(timestampAuthority.stamp(artifact)) };
      },
      { rekor: 2 },
    ),
  ],
  [
    'one with a SHA-1 imprint',
    'TIMESTAMP_UNREADABLE',
    stamped({ imprintAlgorithm: '1.3.14.3.2.26', imprint: new Uint8Array(20) }),
  ],
  ['one whose imprint is of another length', 'TIMESTAMP_INVALID', stamped({ imprint: new Uint8Array(20) })],
  ['one that was refused', 'TIMESTAMP_UNREADABLE', stamped({ status: 2 })],
  ['one a stranger signed', 'TIMESTAMP_INVALID', stamped({ signer: keys.stranger })],
  ['one of another content type', 'TIMESTAMP_INVALID', stamped({ contentType: '1.2.840.113549.1.7.1' })],
  [
    'one whose signed hash is of another content',
    'TIMESTAMP_INVALID',
    stamped({ messageDigest: new Uint8Array(32) }),
  ],
  ['one that does not sign its certificate', 'TIMESTAMP_INVALID', stamped({ certificateHash: null })],
  [
    'one that signs another certificate',
    'TIMESTAMP_INVALID',
    stamped({ certificateHash: new Uint8Array(32) }),
  ],
  ['one with two signers', 'TIMESTAMP_UNREADABLE', stamped({ signers: 2 })],
  ['one with no signer', 'TIMESTAMP_UNREADABLE', stamped({ signers: 0 })],
  ['one with an unknown critical extension', 'TIMESTAMP_UNREADABLE', stamped({ criticalExtension: true })],
  [
    'one from before the certificate',
    'CERTIFICATE_PATH_INVALID',
    stamped({ time: at('2026-06-01T11:54:59Z') }),
  ],
  [
    'one from after the certificate',
    'CERTIFICATE_PATH_INVALID',
    stamped({ time: at('2026-06-01T12:05:01Z') }),
  ],
  [
    'one from before its authority’s certificate',
    'TIMESTAMP_INVALID',
    stamped({ time: at('2025-12-31T23:59:59Z') }),
  ],
  [
    'one from after its authority’s certificate',
    'TIMESTAMP_INVALID',
    stamped({ time: at('2027-01-01T00:00:01Z') }),
  ],
  [
    'one of an authority not trusted any more',
    'TIMESTAMP_INVALID',
    stamped({}),
    stampWindow({ validUntil: before.validUntil }),
  ],
  [
    'one of an authority not trusted yet',
    'TIMESTAMP_INVALID',
    stamped({}),
    stampWindow({ validFrom: after.validFrom }),
  ],
  ['one of an unknown authority', 'SIGNING_TIME_MISSING', stamped({}, strangerAuthority), anyLeaf],
  [
    'one of an unknown authority with its certificate',
    'SIGNING_TIME_MISSING',
    stamped({ certificates: [strangerAuthority.leaf] }, strangerAuthority),
    anyLeaf,
  ],
  ['one whose authority’s name a stranger uses', 'TIMESTAMP_INVALID', stamped({}, strangerAuthority)],
  [
    'a certificate that came along in place of the one that signed (CVE-2026-39984)',
    'TIMESTAMP_INVALID',
    stamped({ signer: keys.stranger, certificates: [timestampAuthority.leaf] }),
    anyLeaf,
  ],
  stampedBy('an authority for code signing', 'TIMESTAMP_INVALID', {
    extensions: [signsData(), purposes(true, oids.codeSigning)],
  }),
  stampedBy('an authority for anything', 'TIMESTAMP_INVALID', {
    extensions: [signsData(), purposes(true, oids.anyExtendedKeyUsage)],
  }),
  stampedBy('an authority without purpose', 'TIMESTAMP_INVALID', { extensions: [signsData()] }),
  stampedBy('an authority whose purpose is not critical', 'TIMESTAMP_INVALID', {
    extensions: [signsData(), purposes(false, oids.timeStamping)],
  }),
  stampedBy('an authority with a second purpose', 'TIMESTAMP_INVALID', {
    extensions: [signsData(), purposes(true, oids.timeStamping, oids.serverAuth)],
  }),
  stampedBy('an authority whose key may not sign', 'TIMESTAMP_INVALID', {
    extensions: [signsCertificates(), purposes(true, oids.timeStamping)],
  }),
  stampedBy('an authority that is a certificate authority', 'TIMESTAMP_INVALID', {
    extensions: [isAuthority(), signsData(), purposes(true, oids.timeStamping)],
  }),
  stampedBy('an authority with an unknown critical extension', 'TIMESTAMP_INVALID', {
    extensions: [
      signsData(),
      purposes(true, oids.timeStamping),
      extension('1.2.3.4', derWriter.sequence(), true),
    ],
  }),
  stampedBy('an authority that had expired', 'TIMESTAMP_INVALID', before),
  stampedBy('an authority not yet valid', 'TIMESTAMP_INVALID', after),
  stampedBy('an authority whose intermediate had expired', 'TIMESTAMP_INVALID', {}, { intermediate: before }),
  stampedBy(
    'an authority whose intermediate was not yet valid',
    'TIMESTAMP_INVALID',
    {},
    { intermediate: after },
  ),
  stampedBy('an authority whose root had expired', 'TIMESTAMP_INVALID', {}, { root: before }),
  stampedBy('an authority whose root was not yet valid', 'TIMESTAMP_INVALID', {}, { root: after }),
  stampedBy(
    'an authority whose intermediate is for code signing',
    'TIMESTAMP_INVALID',
    {},
    {
      intermediate: { extensions: [isAuthority(0), signsCertificates(), purposes(false, oids.codeSigning)] },
    },
  ),
  stampedBy('an authority with a certificate a stranger issued', 'TIMESTAMP_INVALID', {
    issuer: { name: distinguishedName('virtual timestamp intermediate'), key: keys.stranger },
  }),
  [
    'one timestamp twice where two authorities are asked for (Connaisseur #2150)',
    'TIMESTAMP_REQUIRED',
    changed((json) => {
      stampsOf(json).push(stampsOf(json)[0]!);
    }),
    { thresholds: { timestamps: 2 } },
  ],
  [
    'two timestamps of one authority where two are asked for',
    'TIMESTAMP_REQUIRED',
    changed((json) => {
      stampsOf(json).push({
        signedTimestamp: encodeBase64(
          timestampAuthority.stamp(signatureOf(json), { time: at('2026-06-01T12:00:01Z') }),
        ),
      });
    }),
    { thresholds: { timestamps: 2 } },
  ],
  [
    'no timestamp where one is asked for, and a promise of the log',
    'TIMESTAMP_REQUIRED',
    changed(() => {}, { timestamps: [] }),
    { thresholds: { timestamps: 1 } },
  ],
  [
    'a promise of the log outside of the certificate and a timestamp inside',
    'CERTIFICATE_PATH_INVALID',
    changed(() => {}, { loggedAt: at('2026-06-01T12:06:00Z') }),
  ],
  [
    'a timestamp outside of the certificate and a promise of the log inside',
    'CERTIFICATE_PATH_INVALID',
    changed((json) => {
      stampsOf(json)[0] = {
        signedTimestamp: encodeBase64(
          timestampAuthority.stamp(signatureOf(json), { time: at('2026-06-01T12:06:00Z') }),
        ),
      };
    }),
  ],
  [
    'a time that is not signed (CVE-2026-48816)',
    'SIGNING_TIME_MISSING',
    changed(
      (json) => {
        delete entryOf(json).inclusionPromise;
      },
      { timestamps: [] },
    ),
  ],
];
