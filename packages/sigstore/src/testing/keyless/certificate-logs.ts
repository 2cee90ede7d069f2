import { derWriter, oids } from '@pratique/crypto';
import {
  makeLoggedCertificate,
  type TimestampOptions,
  testCertificateLog,
  timestampList,
} from '../virtual/certificate-log.ts';
import { extension, makeCertificate } from '../virtual/certificates.ts';
import { authority, certificateLog, keys, leafOptions, signMessage, years } from '../virtual-sigstore.ts';
import { artifact, at, certified, type KeylessRow } from './row.ts';

const issuerSpki = authority.issuer.key.publicKey.spki;

/** The file’s bundle with a certificate that has these timestamps of certificate logs. */
const promised = (...options: readonly TimestampOptions[]) =>
  certified(() =>
    makeLoggedCertificate(leafOptions(), (tbs) =>
      options.map((option) => certificateLog.timestamp(tbs, issuerSpki, option)),
    ),
  );
/** The same with a raw list. */
const listed = (value: (timestamp: Uint8Array) => Uint8Array) =>
  certified(() =>
    makeCertificate({
      ...leafOptions(),
      extensions: [
        ...leafOptions().extensions,
        extension(oids.sctList, value(certificateLog.timestamp(new Uint8Array(), issuerSpki))),
      ],
    }),
  );
const otherCertificateLog = testCertificateLog(keys.stranger, years);

/** Certificate transparency. */
export const certificateLogRows: readonly KeylessRow[] = [
  ['no timestamp of a certificate log', 'CERTIFICATE_LOG_MISSING', promised()],
  [
    'no certificate log trusted',
    'CERTIFICATE_LOG_MISSING',
    () => signMessage(artifact),
    { certificateLogs: [] },
  ],
  ['one a stranger signed', 'CERTIFICATE_LOG_MISSING', promised({ signer: keys.stranger })],
  ['one of an unknown log', 'CERTIFICATE_LOG_MISSING', promised({ logId: new Uint8Array(32) })],
  [
    'one for another issuer',
    'CERTIFICATE_LOG_MISSING',
    promised({ issuerSpki: keys.stranger.publicKey.spki }),
  ],
  [
    'one for another certificate',
    'CERTIFICATE_LOG_MISSING',
    certified(() =>
      makeLoggedCertificate(leafOptions(), () => [
        certificateLog.timestamp(Uint8Array.of(0x30, 0), issuerSpki),
      ]),
    ),
  ],
  [
    'one from before the log was trusted',
    'CERTIFICATE_LOG_MISSING',
    promised({ time: at('2025-12-31T23:59:59Z') }),
  ],
  [
    'one from after the log was trusted',
    'CERTIFICATE_LOG_MISSING',
    promised({ time: at('2027-01-01T00:00:01Z') }),
  ],
  ['one of version 2', 'CERTIFICATE_INVALID', promised({ version: 1 })],
  [
    'two of one log where two logs are asked for',
    'CERTIFICATE_LOG_MISSING',
    promised({}, { time: at('2026-06-01T11:58:00Z') }),
    { thresholds: { certificateLogs: 2 } },
  ],
  [
    'one good and one of an unknown log where two are asked for',
    'CERTIFICATE_LOG_MISSING',
    promised({}, { logId: new Uint8Array(32) }),
    { thresholds: { certificateLogs: 2 } },
  ],
  [
    'one good and one forged of another trusted log where two are asked for',
    'CERTIFICATE_LOG_MISSING',
    promised({}, { logId: Uint8Array.from(Buffer.from(otherCertificateLog.trusted.id, 'hex')) }),
    {
      thresholds: { certificateLogs: 2 },
      certificateLogs: [certificateLog.trusted, otherCertificateLog.trusted],
    },
  ],
  ['an empty list', 'CERTIFICATE_INVALID', listed(() => timestampList())],
  [
    'a list that is cut off',
    'CERTIFICATE_INVALID',
    listed((item) => derWriter.octetString(timestampList(item).subarray(4, 40))),
  ],
  [
    'a list with a byte behind it',
    'CERTIFICATE_INVALID',
    listed((item) => derWriter.octetString(Uint8Array.of(...timestampList(item).subarray(3), 0))),
  ],
  ['a list that is not DER', 'DER_INVALID', listed((item) => item)],
  [
    '33 timestamps',
    'CERTIFICATE_INVALID',
    listed((item) => timestampList(...Array.from({ length: 33 }, () => item))),
  ],
];
