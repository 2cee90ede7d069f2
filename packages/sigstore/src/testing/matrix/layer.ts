import { encodeBase64 } from '@pratique/crypto';
import type { EvidenceItem } from '../../types.ts';
import { joinEcdsa, order, splitEcdsa } from '../ecdsa.ts';
import {
  alice,
  bundleJson,
  bytesOf,
  flip,
  goodDocument,
  layer,
  otherDigest,
  signWith,
  subject,
} from '../forge.ts';

import { changedSignature, goodText, type Row, signedDocument } from './mutate.ts';

/** Layer of a signature tag: what is signed. */
export const layerPayloadRows: readonly Row[] = [
  [
    'the payload of another image under this image’s signature',
    'SIGNER_UNTRUSTED',
    () => {
      const mine = bytesOf(goodDocument());
      const document = goodDocument();
      document.critical.image['docker-manifest-digest'] = otherDigest;
      return layer(bytesOf(document), alice, encodeBase64(alice.sign(mine)));
    },
  ],
  [
    'a genuine signature copied over from another image',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = otherDigest;
    }),
  ],
  [
    'a signature for another image whose payload was edited to name this one',
    'SIGNER_UNTRUSTED',
    () => {
      const document = goodDocument();
      document.critical.image['docker-manifest-digest'] = otherDigest;
      return layer(bytesOf(goodDocument()), alice, encodeBase64(alice.sign(bytesOf(document))));
    },
  ],
  [
    'an annotation edited after signing',
    'SIGNER_UNTRUSTED',
    () => {
      const payload = bytesOf(goodText().replace('"dev"', '"prd"'));
      return layer(payload, alice, encodeBase64(alice.sign(bytesOf(goodDocument()))));
    },
  ],
  [
    'a space added to the payload',
    'SIGNER_UNTRUSTED',
    () => layer(bytesOf(`${goodText()} `), alice, encodeBase64(alice.sign(bytesOf(goodDocument())))),
  ],
  [
    'a digest in capitals',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = `sha256:${'A1'.repeat(32)}`;
    }),
  ],
  [
    'a digest without its algorithm',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = 'a1'.repeat(32);
    }),
  ],
  [
    'a digest of another algorithm',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = `sha512:${'a1'.repeat(32)}`;
    }),
  ],
  [
    'a digest with a line break behind it',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] += '\n';
    }),
  ],
  [
    'an empty digest',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = '';
    }),
  ],
  [
    'a list of digests',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = [subject.digest];
    }),
  ],
  [
    'the type of atomic signatures',
    'PAYLOAD_TYPE_MISMATCH',
    signedDocument((d) => {
      d.critical.type = 'atomic container signature';
    }),
  ],
  [
    'no type',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      delete d.critical.type;
    }),
  ],
  [
    'no image',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      delete d.critical.image;
    }),
  ],
  [
    'no identity',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      delete d.critical.identity;
    }),
  ],
  [
    'null instead of critical',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      d.critical = null;
    }),
  ],
  [
    'critical only under another case',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      d.Critical = d.critical;
      delete d.critical;
    }),
  ],
  [
    'critical only on the prototype',
    'PAYLOAD_INVALID',
    () =>
      layer(
        bytesOf(
          goodText()
            .replace(/^\{"critical"/, '{"__proto__":{"critical"')
            .replace(/$/, '}'),
        ),
      ),
  ],
  [
    'a list instead of optional',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      d.optional = ['env'];
    }),
  ],
  ['the document null', 'PAYLOAD_INVALID', () => layer(bytesOf('null'))],
  ['the document in a list', 'PAYLOAD_INVALID', signedDocument((d) => [d])],
  ['an empty payload', 'ENCODING_INVALID', () => layer(new Uint8Array())],
  ['JSON cut off', 'ENCODING_INVALID', () => layer(bytesOf(goodText().slice(0, -2)))],
  ['JSON with more behind it', 'ENCODING_INVALID', () => layer(bytesOf(`${goodText()}{}`))],
  [
    'the digest given twice, good one last',
    'ENCODING_INVALID',
    () =>
      layer(bytesOf(goodText().replace('"image":{', `"image":{"docker-manifest-digest":"${otherDigest}",`))),
  ],
  [
    'the digest given twice, one name escaped',
    'ENCODING_INVALID',
    () =>
      layer(
        bytesOf(goodText().replace('"image":{', `"image":{"docker\\u002dmanifest-digest":"${otherDigest}",`)),
      ),
  ],
  ['a byte order mark', 'ENCODING_INVALID', () => layer(bytesOf(`\ufeff${goodText()}`))],
  [
    'bytes that are not UTF-8',
    'ENCODING_INVALID',
    () => layer(Uint8Array.from(Buffer.from(goodText().replace('dev', 'd\u00e9v'), 'latin1'))),
  ],
  [
    'nesting without end',
    'ENCODING_INVALID',
    () => layer(bytesOf(goodText().replace('"dev"', `${'['.repeat(5000)}${']'.repeat(5000)}`))),
  ],
  [
    'a DSSE envelope where a payload belongs',
    'PAYLOAD_INVALID',
    () => layer(bytesOf(bundleJson().dsseEnvelope)),
  ],
];

/** Layer of a signature tag: the signature. */
export const layerSignatureRows: readonly Row[] = [
  ['no signature annotation', 'SIGNATURE_MALFORMED', () => ({ ...layer(), annotations: {} }) as EvidenceItem],
  ['an empty signature', 'SIGNATURE_MALFORMED', () => layer(undefined, alice, '')],
  ['text that is not base64', 'ENCODING_INVALID', () => layer(undefined, alice, '!')],
  [
    'base64 with a line break',
    'ENCODING_INVALID',
    () => layer(undefined, alice, `${encodeBase64(alice.sign(bytesOf(goodDocument())))}\n`),
  ],
  ['base64 of the URL alphabet', 'ENCODING_INVALID', () => layer(undefined, alice, `${'_-'.repeat(48)}`)],
  ['base64 without its padding', 'ENCODING_INVALID', () => layer(undefined, alice, 'MEUCIQ')],
  ['base64 with stray bits', 'ENCODING_INVALID', () => layer(undefined, alice, 'MEUCIR==')],
  ['one bit of the signature flipped', 'SIGNER_UNTRUSTED', changedSignature((s) => flip(s))],
  [
    'r and s swapped',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => {
      const [r, t] = splitEcdsa(s);
      return joinEcdsa(t, r);
    }),
  ],
  ['r = 0 (CVE-2022-21449)', 'SIGNER_UNTRUSTED', changedSignature((s) => joinEcdsa(0n, splitEcdsa(s)[1]))],
  ['s = 0', 'SIGNER_UNTRUSTED', changedSignature((s) => joinEcdsa(splitEcdsa(s)[0], 0n))],
  ['r = s = 0', 'SIGNER_UNTRUSTED', changedSignature(() => joinEcdsa(0n, 0n))],
  [
    'a negative r',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => joinEcdsa(-splitEcdsa(s)[0], splitEcdsa(s)[1])),
  ],
  [
    'r that is r minus the order',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => joinEcdsa(splitEcdsa(s)[0] - order, splitEcdsa(s)[1])),
  ],
  [
    'r plus the order',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => joinEcdsa(splitEcdsa(s)[0] + order, splitEcdsa(s)[1])),
  ],
  [
    's plus the order',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => joinEcdsa(splitEcdsa(s)[0], splitEcdsa(s)[1] + order)),
  ],
  ['the order itself as s', 'SIGNER_UNTRUSTED', changedSignature((s) => joinEcdsa(splitEcdsa(s)[0], order))],
  ['a byte behind the DER', 'SIGNER_UNTRUSTED', changedSignature((s) => Uint8Array.of(...s, 0))],
  [
    'a byte inside the DER behind s',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => Uint8Array.of(0x30, s[1]! + 2, ...s.subarray(2), 5, 0)),
  ],
  [
    'a BER long-form length',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => Uint8Array.of(0x30, 0x81, s[1]!, ...s.subarray(2))),
  ],
  [
    'an integer with a needless zero',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => Uint8Array.of(0x30, s[1]! + 1, 2, s[3]! + 1, 0, ...s.subarray(4))),
  ],
  [
    'raw r‖s instead of DER',
    'SIGNER_UNTRUSTED',
    changedSignature((s) => {
      const hex = splitEcdsa(s)
        .map((n) => n.toString(16).padStart(64, '0'))
        .join('');
      return Uint8Array.from(Buffer.from(hex, 'hex'));
    }),
  ],
  ['an empty SEQUENCE', 'SIGNER_UNTRUSTED', changedSignature(() => Uint8Array.of(0x30, 0))],
  [
    'SHA-384 under a P-256 key',
    'SIGNER_UNTRUSTED',
    () => {
      const payload = bytesOf(goodDocument());
      return layer(payload, alice, encodeBase64(signWith(alice, 'sha384', payload)));
    },
  ],
  [
    'SHA-1 under a P-256 key',
    'SIGNER_UNTRUSTED',
    () => {
      const payload = bytesOf(goodDocument());
      return layer(payload, alice, encodeBase64(signWith(alice, 'sha1', payload)));
    },
  ],
  [
    'a signature over the payload’s digest instead of the payload',
    'SIGNER_UNTRUSTED',
    () => layer(undefined, alice, encodeBase64(alice.sign(bytesOf(subject.digest)))),
  ],
  [
    'the signature of a bundle',
    'SIGNER_UNTRUSTED',
    () => layer(undefined, alice, bundleJson().dsseEnvelope.signatures[0]!.sig),
  ],
];
