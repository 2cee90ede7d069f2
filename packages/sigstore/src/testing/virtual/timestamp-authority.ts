import { createHash } from 'node:crypto';
import { derWriter, oids, parseCertificate, type SigningKey, signatureAlgorithm } from '@pratique/crypto';
import type { TimestampAuthority } from '../../trust/trust.ts';
import {
  anchorsOf,
  emptyName,
  extensions,
  makeCertificate,
  type NewCertificate,
  type TestAuthority,
} from './certificates.ts';

const { explicit, generalizedTime, objectIdentifier, octetString, sequence, set, unsignedInteger } =
  derWriter;

/** What a timestamp says, to be made wrong. */
export interface StampOptions {
  readonly time?: Date;
  readonly status?: number;
  readonly imprint?: Uint8Array;
  readonly imprintAlgorithm?: string;
  readonly contentType?: string;
  readonly messageDigest?: Uint8Array;
  /** Hash of the certificate in the signed attributes; null leaves the attribute out. */
  readonly certificateHash?: Uint8Array | null;
  readonly signer?: SigningKey;
  /** Put the authority's certificate, or these, into the message. */
  readonly certificates?: readonly Uint8Array[];
  readonly signers?: number;
  /** A critical extension of TSTInfo. */
  readonly criticalExtension?: boolean;
}

/** A timestamp authority that signs whatever it is told to. */
export function testTimestampAuthority(
  authority: TestAuthority,
  key: SigningKey,
  window: { readonly validFrom: Date; readonly validUntil: Date },
  leafChange: Partial<NewCertificate> = {},
  uri = 'https://tsa.example.test',
) {
  const serialNumber = Uint8Array.of(0x33, 7);
  const leaf = makeCertificate({
    issuer: authority.issuer,
    subject: emptyName,
    key: key.publicKey,
    ...window,
    extensions: [extensions.signsData(), extensions.purposes(true, oids.timeStamping)],
    serialNumber,
    ...leafChange,
  });
  const trusted: TimestampAuthority = { uri, leaf: parseCertificate(leaf), ...anchorsOf(authority) };

  /** A TimeStampResp over `data`. */
  function stamp(data: Uint8Array, options: StampOptions = {}): Uint8Array {
    const { time = new Date('2026-06-01T12:00:00Z'), status = 0, contentType = oids.timestampInfo } = options;
    const sha256 = sequence(objectIdentifier(oids.sha256));
    const info = sequence(
      integer(1),
      objectIdentifier('1.3.6.1.4.1.57264.2'),
      sequence(
        sequence(objectIdentifier(options.imprintAlgorithm ?? oids.sha256)),
        octetString(options.imprint ?? hash(data)),
      ),
      integer(99),
      generalizedTime(time),
      ...(options.criticalExtension === true
        ? [explicit(1, sequence(objectIdentifier('1.2.3'), derWriter.trueBoolean(), octetString(integer(1))))]
        : []),
    );
    const { certificateHash = hash(leaf) } = options;
    const attributes = [
      attribute(oids.contentType, objectIdentifier(contentType)),
      attribute(oids.messageDigest, octetString(options.messageDigest ?? hash(info))),
      ...(certificateHash === null
        ? []
        : [attribute(oids.signingCertificateV2, sequence(sequence(sequence(octetString(certificateHash)))))]),
    ];
    const signer = options.signer ?? key;
    const signerInfo = sequence(
      integer(1),
      sequence(authority.issuer.name, unsignedInteger(serialNumber)),
      sha256,
      explicit(0, ...attributes),
      signatureAlgorithm(signer),
      octetString(signer.sign(set(...attributes))),
    );
    const signedData = sequence(
      integer(3),
      set(sha256),
      sequence(objectIdentifier(oids.timestampInfo), explicit(0, octetString(info))),
      ...(options.certificates === undefined ? [] : [explicit(0, ...options.certificates)]),
      set(...Array.from({ length: options.signers ?? 1 }, () => signerInfo)),
    );
    return sequence(
      sequence(integer(status)),
      sequence(objectIdentifier(oids.signedData), explicit(0, signedData)),
    );
  }

  return { trusted, leaf, stamp };
}

export type TestTimestampAuthority = ReturnType<typeof testTimestampAuthority>;

function attribute(oid: string, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(oid), set(value));
}

function integer(value: number): Uint8Array {
  return unsignedInteger(Uint8Array.of(value));
}

function hash(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest());
}
