import { derWriter, generateSigningKey, oids, parseCertificate } from '@pratique/crypto';
import {
  type AuthorityOptions,
  anchorsOf,
  distinguishedName,
  emptyName,
  extension,
  extensions,
  makeAuthority,
  makeCertificate,
} from '../virtual/certificates.ts';
import {
  authority,
  authorityOptions,
  issuer,
  keys,
  leafOptions,
  makeLeaf,
  signMessage,
  trust,
  years,
} from '../virtual-sigstore.ts';
import { artifact, at, type KeylessRow, leafWith, without } from './row.ts';

/** A leaf by an authority with something wrong, where that very authority is trusted. */
function by(
  change: Partial<AuthorityOptions>,
  name: string,
  expected = 'CERTIFICATE_PATH_INVALID',
): KeylessRow {
  const wrong = makeAuthority({ ...authorityOptions, ...change });
  const authorities = [{ uri: 'https://fulcio.example.test', ...anchorsOf(wrong), ...years }];
  return [
    name,
    expected,
    () => signMessage(artifact, { certificate: makeLeaf({ issuer: wrong.issuer }) }),
    { authorities },
  ];
}

const early = { validFrom: at('2025-01-01T00:00:00Z'), validUntil: at('2026-06-01T11:59:59Z') };
const late = { validFrom: at('2026-06-01T12:00:01Z'), validUntil: at('2027-01-01T00:00:00Z') };
const { authority: isAuthority, signsCertificates, purposes, signsData } = extensions;
const caExtensions = [isAuthority(0), signsCertificates(), purposes(false, oids.codeSigning)];
const withPurposes = (...list: readonly string[]) => [
  ...without(oids.extendedKeyUsage),
  purposes(false, ...list),
];

/** Chains: expired and not yet valid at every level, and authorities that may not be what they are used as. */
export const pathRows: readonly KeylessRow[] = [
  by({ root: early }, 'a root that had expired'),
  by({ root: late }, 'a root not yet valid'),
  by({ intermediate: early }, 'an intermediate that had expired (GO-2026-4529)'),
  by({ intermediate: late }, 'an intermediate not yet valid'),
  ['a certificate that had expired', 'CERTIFICATE_PATH_INVALID', leafWith(early)],
  ['a certificate not yet valid', 'CERTIFICATE_PATH_INVALID', leafWith(late)],
  [
    'an authority not trusted any more',
    'CERTIFICATE_PATH_INVALID',
    () => signMessage(artifact),
    { authorities: [{ ...trust.authorities[0]!, validUntil: early.validUntil }] },
  ],
  [
    'an authority not trusted yet',
    'CERTIFICATE_PATH_INVALID',
    () => signMessage(artifact),
    { authorities: [{ ...trust.authorities[0]!, validFrom: late.validFrom }] },
  ],
  ['no authority trusted', 'CERTIFICATE_PATH_INVALID', () => signMessage(artifact), { authorities: [] }],
  by({ root: { extensions: [signsCertificates()] } }, 'a root that is no authority'),
  by(
    { root: { extensions: [isAuthority(null, false), signsCertificates()] } },
    'a root that says it is none',
  ),
  by({ root: { extensions: [isAuthority(), signsData()] } }, 'a root that may not sign certificates'),
  by({ root: { extensions: [isAuthority(0), signsCertificates()] } }, 'a root that allows no intermediate'),
  by(
    { root: { extensions: [isAuthority(), signsCertificates(), purposes(false, oids.timeStamping)] } },
    'a root for timestamps',
  ),
  by(
    {
      root: {
        extensions: [isAuthority(), signsCertificates(), extension('1.2.3.4', derWriter.sequence(), true)],
      },
    },
    'a root with an unknown critical extension',
  ),
  by({ intermediate: { extensions: caExtensions.slice(1) } }, 'an intermediate that is no authority'),
  by(
    { intermediate: { extensions: [isAuthority(0), signsData(), caExtensions[2]!] } },
    'an intermediate that may not sign certificates',
  ),
  by(
    { intermediate: { extensions: [...caExtensions.slice(0, 2), purposes(false, oids.serverAuth)] } },
    'an intermediate for TLS servers',
  ),
  by(
    { intermediate: { extensions: [...caExtensions, extension('1.2.3.4', derWriter.sequence(), true)] } },
    'an intermediate with an unknown critical extension',
  ),
  by(
    {
      intermediate: { extensions: [...caExtensions, extension(oids.nameConstraints, derWriter.sequence())] },
    },
    'an intermediate with name constraints',
  ),
  by({ intermediate: { subject: distinguishedName('somebody else') } }, 'an intermediate of another name'),
  by({ intermediate: { key: keys.stranger.publicKey } }, 'an intermediate with another key'),
  by(
    { intermediate: { issuer: { name: distinguishedName('virtual root'), key: keys.stranger } } },
    'an intermediate a stranger signed',
  ),
  by(
    { intermediate: { issuer: { name: distinguishedName('elsewhere'), key: keys.root } } },
    'an intermediate by another authority’s name',
  ),
  [
    'a certificate of another Sigstore with the same names',
    'CERTIFICATE_PATH_INVALID',
    () => {
      const impostor = makeAuthority({
        ...authorityOptions,
        rootKey: keys.stranger,
        intermediateKey: keys.stranger,
      });
      return signMessage(artifact, { certificate: makeLeaf({ issuer: impostor.issuer }) });
    },
  ],
  [
    'a certificate a stranger issued in the intermediate’s name',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ issuer: { ...authority.issuer, key: keys.stranger } }),
  ],
  [
    'a certificate its own key signed',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ issuer: { name: emptyName, key: keys.signer } }),
  ],
  [
    'a certificate signed by another leaf',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ issuer: { name: emptyName, key: keys.stranger } }),
  ],
  [
    'the intermediate’s certificate itself',
    'CERTIFICATE_PATH_INVALID',
    () => signMessage(artifact, { certificate: authority.intermediate, key: keys.intermediate }),
  ],
  [
    'a certificate that is an authority',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ extensions: [...leafOptions().extensions, isAuthority()] }),
  ],
  [
    'a certificate for nothing',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ extensions: without(oids.extendedKeyUsage) }),
  ],
  [
    'a certificate for TLS servers',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ extensions: withPurposes(oids.serverAuth) }),
  ],
  [
    'a certificate for timestamps',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ extensions: withPurposes(oids.timeStamping) }),
  ],
  [
    'a certificate for any purpose instead of code signing',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ extensions: withPurposes(oids.anyExtendedKeyUsage) }),
  ],
  [
    'a certificate whose key may not sign',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ extensions: [...without(oids.keyUsage), signsCertificates()] }),
  ],
  [
    'a certificate with an unknown critical extension',
    'CERTIFICATE_PATH_INVALID',
    leafWith({ extensions: [...leafOptions().extensions, extension('1.2.3.4', derWriter.sequence(), true)] }),
  ],
  [
    'a precertificate',
    'CERTIFICATE_PATH_INVALID',
    leafWith({
      extensions: [
        ...leafOptions().extensions,
        extension(oids.precertificatePoison, Uint8Array.of(5, 0), true),
      ],
    }),
  ],
  [
    'a certificate with an extension twice',
    'CERTIFICATE_INVALID',
    () =>
      signMessage(artifact, {
        certificate: makeCertificate({
          ...leafOptions(),
          extensions: [...leafOptions().extensions, extensions.fulcio(8, issuer)],
        }),
      }),
  ],
  ['a certificate for another key', 'SIGNATURE_INVALID', leafWith({ key: generateSigningKey().publicKey })],
  [
    'an intermediate that is an anchor of nobody',
    'CERTIFICATE_PATH_INVALID',
    () => signMessage(artifact),
    { authorities: [{ uri: 'x', anchors: [], intermediates: [parseCertificate(authority.intermediate)] }] },
  ],
];
