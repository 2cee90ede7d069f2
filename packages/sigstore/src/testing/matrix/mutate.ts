import { encodeBase64 } from '@pratique/crypto';
import { annotationNames } from '../../media-types.ts';
import type { Trust } from '../../trust/trust.ts';
import type { EvidenceItem } from '../../types.ts';
import {
  alice,
  type BundleJson,
  bundle,
  bundleJson,
  bytesOf,
  flip,
  goodDocument,
  goodStatement,
  layer,
  log,
  now,
} from '../forge.ts';
import { dsseBody, type EntryJson, hashedRekordBody, logAnnotation } from '../transparency-log.ts';

/** What a forged candidate must end as: refused with this code, or a genuine attestation that is no signature. */
export type Row = readonly [name: string, expected: string, item: () => EvidenceItem, trust?: Trust];

/** A layer whose document is the good one after `change`, signed again by the trusted key. */
export const signedDocument = (change: (document: ReturnType<typeof goodDocument>) => unknown) => () => {
  const document = goodDocument();
  return layer(bytesOf(change(document) ?? document));
};
/** A layer with the good document and the trusted key's signature after `change`. */
export const changedSignature = (change: (signature: Uint8Array) => Uint8Array) => () => {
  const payload = bytesOf(goodDocument());
  return layer(payload, alice, encodeBase64(change(alice.sign(payload))));
};
export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
export const goodText = () => text(bytesOf(goodDocument()));

/** A bundle after `change`, not signed again. */
export const changedBundle = (change: (json: BundleJson) => unknown) => () => {
  const json = bundleJson();
  return bundle(change(json) ?? json);
};
/** A bundle whose statement is the good one after `change`, signed again by the trusted key. */
export const signedStatement = (change: (statement: ReturnType<typeof goodStatement>) => unknown) => () => {
  const statement = goodStatement();
  return bundle(bundleJson(bytesOf(change(statement) ?? statement)));
};

/** The genuine log entry of a bundle. */
export function logEntryOf(json: BundleJson, time = now, at = log): EntryJson {
  const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
  return at.entry(dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, alice.publicKey), time);
}
/** A bundle with its genuine log entry after `change`. */
export function loggedBundle(
  change: (entry: EntryJson) => unknown,
  more: (json: BundleJson) => void = () => {},
) {
  return () => {
    const json = bundleJson();
    json.verificationMaterial.tlogEntries = [change(logEntryOf(json)) as EntryJson];
    more(json);
    return bundle(json);
  };
}
/** A layer with its genuine log entry after `change`. */
export function loggedLayer(change: (entry: EntryJson) => EntryJson) {
  return () => {
    const payload = bytesOf(goodDocument());
    const signature = encodeBase64(alice.sign(payload));
    const entry = log.entry(hashedRekordBody(payload, signature, alice.publicKey), now);
    return layer(payload, alice, signature, { [annotationNames.bundle]: logAnnotation(change(entry)) });
  };
}
/** An entry, signed again by the log after `change`. */
export const promised = (change: (entry: EntryJson) => EntryJson) => (entry: EntryJson) => {
  const changed = change(entry);
  return { ...changed, inclusionPromise: { signedEntryTimestamp: log.promise(changed) } };
};
export const withProof =
  (change: (proof: NonNullable<EntryJson['inclusionProof']>) => object) => (entry: EntryJson) => ({
    ...entry,
    inclusionProof: { ...entry.inclusionProof!, ...change(entry.inclusionProof!) },
  });
export const flipBase64 = (encoded: string, index?: number) =>
  encodeBase64(flip(Buffer.from(encoded, 'base64'), index));
