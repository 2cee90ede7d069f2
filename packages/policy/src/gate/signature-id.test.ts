import { createHash } from 'node:crypto';
import { createSelfSigned } from '@pratique/crypto';
import type { EvidenceItem } from '@pratique/sigstore';
import { expect, test } from 'vitest';
import { digestOfText } from '../testing/fakes.ts';
import { signatureId } from './signature-id.ts';

const signature = Buffer.from([1, 2, 3]);
const { certificatePem: pem } = createSelfSigned({ names: ['a.test'] });
const der = pem.replace(/-----.*-----|\s/g, '');
const sha256 = (...parts: readonly (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

const source = { format: 'cosign-tag', manifest: digestOfText('m') } as const;
const layer = (kind: 'simple-signing' | 'dsse', certificate?: string): EvidenceItem => ({
  kind,
  source,
  payload: new Uint8Array(),
  annotations: {
    'dev.cosignproject.cosign/signature': signature.toString('base64'),
    ...(certificate === undefined ? {} : { 'dev.sigstore.cosign/certificate': certificate }),
  },
});
const bundle = (content: object): EvidenceItem => ({
  kind: 'bundle',
  source,
  bytes: new TextEncoder().encode(JSON.stringify(content)),
});
const sig = signature.toString('base64');

test.each<[string, EvidenceItem, string]>([
  ['a signature by a key', layer('simple-signing'), sha256(signature)],
  ['a signature with a certificate', layer('simple-signing', pem), sha256(signature, pem)],
  ['a certificate in other lines', layer('simple-signing', `\n${pem}\n${pem}`), sha256(signature, pem)],
  ['attestations of a tag', layer('dsse'), sha256('')],
  ['attestations of a tag with a certificate', layer('dsse', pem), sha256(pem)],
  ['a bundle', bundle({ messageSignature: { signature: sig } }), sha256(signature)],
  [
    'a bundle with a certificate',
    bundle({
      verificationMaterial: { certificate: { rawBytes: der } },
      dsseEnvelope: { signatures: [{ sig }] },
    }),
    sha256(signature, pem),
  ],
  [
    'a bundle with a chain',
    bundle({
      verificationMaterial: { x509CertificateChain: { certificates: [{ rawBytes: der }] } },
      messageSignature: { signature: sig },
    }),
    sha256(signature, pem),
  ],
])('the id of %s', (_what, item, id) => {
  expect(signatureId(item)).toBe(id);
});
