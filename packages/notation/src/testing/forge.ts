import { createPrivateKey } from 'node:crypto';
import type { JsonObject } from '@pratique/crypto';
import type { CborValue } from '../cbor/read.ts';
import { algorithmOf } from '../envelope/algorithm.ts';
import type { EnvelopeFormat } from '../media-types.ts';
import { coseHeader, type EnvelopeContent, formatCose, formatJws, jwsHeader } from '../sign/envelope.ts';
import { type NotationSigner, signWith } from '../sign/signer.ts';
import type { Holder } from './authority.ts';

export { type CborValue, isMap, isTag, readCbor } from '../cbor/read.ts';
export { writeCbor } from '../cbor/write.ts';

/** Headers by the names that both envelopes have; `undefined` takes one out, and a time is written as the envelope writes it. */
export type HeaderChanges = Readonly<
  Record<string, string | number | boolean | readonly string[] | Date | undefined>
>;

const coseLabels: Readonly<Record<string, number>> = { alg: 1, crit: 2, cty: 3 };

/** An envelope whose signer wrote other protected headers than usual. */
export async function withHeaders(
  format: EnvelopeFormat,
  content: EnvelopeContent,
  signer: NotationSigner,
  changes: HeaderChanges,
): Promise<Uint8Array> {
  if (format === 'jws') {
    const header: Record<string, unknown> = { ...jwsHeader(content, signer) };
    for (const [name, value] of Object.entries(changes))
      header[name] = value instanceof Date ? `${value.toISOString().slice(0, 19)}Z` : value;
    return await formatJws(header as JsonObject, content, signer);
  }
  const header = new Map(coseHeader(content, signer));
  for (const [name, value] of Object.entries(changes)) {
    const label = coseLabels[name] ?? name;
    if (value === undefined) header.delete(label);
    else
      header.set(
        label,
        value instanceof Date ? { tag: 1, value: value.getTime() / 1000 } : (value as CborValue),
      );
  }
  return await formatCose(header, content, signer);
}

/** Signs with the first of a chain that no rule was asked about. Its key is ECDSA or RSA. */
export function unchecked(leaf: Holder, ...above: readonly Holder[]): NotationSigner {
  const key = createPrivateKey({ key: Buffer.from(leaf.key.exportPkcs8()), format: 'der', type: 'pkcs8' });
  const algorithm = algorithmOf(leaf.key.publicKey) ?? 'ES256';
  return {
    algorithm,
    chain: [leaf.certificate, ...above.map(({ certificate }) => certificate)],
    sign: (data) => signWith(key, algorithm, data),
  };
}
