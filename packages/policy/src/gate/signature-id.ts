import { createHash } from 'node:crypto';
import { formatPem, parsePem } from '@pratique/crypto';
import type { EvidenceItem } from '@pratique/sigstore';

/**
 * What policy-controller calls the `id` of a signature: the hexadecimal SHA-256 of the signature and of its certificate
 * as PEM, where it has one. Of a tag with attestations it takes no signature. Only for what has been verified.
 */
export function signatureId(item: EvidenceItem): string {
  const { signature, certificate } = item.kind === 'bundle' ? inBundle(item.bytes) : inAnnotations(item);
  const hash = createHash('sha256').update(signature);
  if (certificate !== undefined) hash.update(formatPem('CERTIFICATE', certificate));
  return hash.digest('hex');
}

interface Parts {
  readonly signature: Uint8Array;
  readonly certificate: Uint8Array | undefined;
}

function inAnnotations({ kind, annotations }: Exclude<EvidenceItem, { kind: 'bundle' }>): Parts {
  const pem = annotations['dev.sigstore.cosign/certificate'] ?? '';
  return {
    signature: kind === 'dsse' ? decode('') : decode(annotations['dev.cosignproject.cosign/signature'] ?? ''),
    certificate: pem === '' ? undefined : parsePem(pem, 'the certificate')[0].bytes,
  };
}

/** Members of a Sigstore bundle, as protobuf's JSON has them. */
interface BundleJson {
  readonly verificationMaterial?: {
    readonly certificate?: { readonly rawBytes?: string };
    readonly x509CertificateChain?: { readonly certificates?: readonly { readonly rawBytes?: string }[] };
  };
  readonly messageSignature?: { readonly signature?: string };
  readonly dsseEnvelope?: { readonly signatures?: readonly { readonly sig?: string }[] };
}

function inBundle(bytes: Uint8Array): Parts {
  const bundle = JSON.parse(new TextDecoder().decode(bytes)) as BundleJson;
  const { certificate, x509CertificateChain } = bundle.verificationMaterial ?? {};
  const der = certificate?.rawBytes ?? x509CertificateChain?.certificates?.[0]?.rawBytes;
  const signature = bundle.messageSignature?.signature ?? bundle.dsseEnvelope?.signatures?.[0]?.sig;
  return { signature: decode(signature ?? ''), certificate: der === undefined ? undefined : decode(der) };
}

/** It was decoded before, when it was verified. */
function decode(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
