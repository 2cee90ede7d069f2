import { encodeBase64 } from '@pratique/crypto';
import { annotationNames } from '../../media-types.ts';
import type { EvidenceItem } from '../../types.ts';
import {
  alice,
  attestationLayer,
  bundle,
  bundleJson,
  bytesOf,
  goodDocument,
  layer,
  log,
  logWindow,
  now,
  otherLog,
  stranger,
  trustingLog,
} from '../forge.ts';
import { dsseBody, type EntryJson, hashedRekordBody, logAnnotation } from '../transparency-log.ts';

import {
  flipBase64,
  goodText,
  logEntryOf,
  loggedBundle,
  loggedLayer,
  promised,
  type Row,
  withProof,
} from './mutate.ts';

/** Transparency log, where one is trusted. */
export const logRows: readonly Row[] = [
  ['a layer in no log', 'LOG_ENTRY_REQUIRED', () => layer(), trustingLog],
  ['a bundle in no log', 'LOG_ENTRY_REQUIRED', () => bundle(), trustingLog],
  [
    'an attestation layer in no log',
    'LOG_ENTRY_REQUIRED',
    () => attestationLayer(bundleJson().dsseEnvelope),
    trustingLog,
  ],
  [
    'a bundle in another log',
    'LOG_NOT_TRUSTED',
    () => {
      const json = bundleJson();
      json.verificationMaterial.tlogEntries = [logEntryOf(json, now, otherLog)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'an entry of another log under the trusted log’s id',
    'LOG_PROMISE_INVALID',
    () => {
      const json = bundleJson();
      json.verificationMaterial.tlogEntries = [
        { ...logEntryOf(json, now, otherLog), logId: logEntryOf(json).logId },
      ];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'the entry of another signature by the same key (CVE-2022-23649, CVE-2024-51746)',
    'LOG_ENTRY_MISMATCH',
    () => {
      const json = bundleJson();
      json.verificationMaterial.tlogEntries = [logEntryOf(bundleJson())];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a layer with the entry of another payload (CVE-2026-22703)',
    'LOG_ENTRY_MISMATCH',
    () => {
      const item = loggedLayer((entry) => entry)() as Extract<EvidenceItem, { kind: 'simple-signing' }>;
      const payload = bytesOf(`${goodText()}\n`);
      const annotations = {
        ...item.annotations,
        [annotationNames.signature]: encodeBase64(alice.sign(payload)),
      };
      return { ...item, payload, annotations };
    },
    trustingLog,
  ],
  [
    'an entry with the right signature and another payload’s hash',
    'LOG_ENTRY_MISMATCH',
    () => {
      const json = bundleJson();
      const body = dsseBody(bytesOf('other'), json.dsseEnvelope.signatures[0]!.sig, alice.publicKey);
      json.verificationMaterial.tlogEntries = [log.entry(body, now)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'an entry with the right signature and another key',
    'LOG_ENTRY_MISMATCH',
    () => {
      const json = bundleJson();
      const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
      const body = dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, stranger.publicKey);
      json.verificationMaterial.tlogEntries = [log.entry(body, now)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a layer with the entry of another signature over the same payload',
    'LOG_ENTRY_MISMATCH',
    () => {
      const payload = bytesOf(goodDocument());
      const logged = encodeBase64(alice.sign(payload));
      const entry = log.entry(hashedRekordBody(payload, logged, alice.publicKey), now);
      return layer(payload, alice, undefined, { [annotationNames.bundle]: logAnnotation(entry) });
    },
    trustingLog,
  ],
  [
    'a layer with an entry that names another key',
    'LOG_ENTRY_MISMATCH',
    () => {
      const payload = bytesOf(goodDocument());
      const signature = encodeBase64(alice.sign(payload));
      const entry = log.entry(hashedRekordBody(payload, signature, stranger.publicKey), now);
      return layer(payload, alice, signature, { [annotationNames.bundle]: logAnnotation(entry) });
    },
    trustingLog,
  ],
  [
    'an entry that logs two signatures',
    'LOG_ENTRY_INVALID',
    () => {
      const json = bundleJson();
      const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
      const body = dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, alice.publicKey);
      const spec = body.spec as { signatures: unknown[] };
      spec.signatures.push(spec.signatures[0]);
      json.verificationMaterial.tlogEntries = [log.entry(body, now)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'an entry of a version that is not read',
    'LOG_ENTRY_INVALID',
    () => {
      const json = bundleJson();
      const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
      const body = dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, alice.publicKey);
      json.verificationMaterial.tlogEntries = [log.entry({ ...body, apiVersion: '0.0.2' }, now)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a hashedrekord with a hash of an unknown algorithm',
    'LOG_ENTRY_MISMATCH',
    () => {
      const payload = bytesOf(goodDocument());
      const signature = encodeBase64(alice.sign(payload));
      const body = structuredClone(hashedRekordBody(payload, signature, alice.publicKey)) as {
        spec: { data: { hash: { algorithm: string } } };
      };
      body.spec.data.hash.algorithm = 'md5';
      const entry = log.entry(body as never, now);
      return layer(payload, alice, signature, { [annotationNames.bundle]: logAnnotation(entry) });
    },
    trustingLog,
  ],
  [
    'a promise with a flipped bit',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({
      ...entry,
      inclusionPromise: { signedEntryTimestamp: flipBase64(entry.inclusionPromise!.signedEntryTimestamp) },
    })),
    trustingLog,
  ],
  [
    'a promise by the signer instead of the log',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({
      ...entry,
      inclusionPromise: { signedEntryTimestamp: encodeBase64(alice.sign(bytesOf(entry.canonicalizedBody))) },
    })),
    trustingLog,
  ],
  [
    'a time changed after the log signed it',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({ ...entry, integratedTime: '1' })),
    trustingLog,
  ],
  [
    'an index changed after the log signed it',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({ ...entry, logIndex: '8' })),
    trustingLog,
  ],
  [
    'a body changed after the log signed it',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({
      ...entry,
      canonicalizedBody: Buffer.from(`${Buffer.from(entry.canonicalizedBody, 'base64')} `).toString('base64'),
    })),
    trustingLog,
  ],
  [
    'a time the promise does not cover, because there is no promise (CVE-2026-48816, CVE-2024-55655)',
    'KEY_OUTSIDE_VALIDITY',
    loggedBundle((entry) => ({ ...entry, inclusionPromise: undefined })),
    {
      ...trustingLog,
      keys: [{ name: 'alice', key: alice.publicKey, validFrom: new Date(now.getTime() + 1) }],
    },
  ],
  [
    'an entry without a promise in a log whose key is not valid yet',
    'LOG_OUTSIDE_VALIDITY',
    loggedBundle((entry) => ({ ...entry, inclusionPromise: undefined })),
    { ...trustingLog, logs: [{ ...log.trusted, validFrom: new Date(now.getTime() + 1) }] },
  ],
  [
    'a time in the log from after the key’s end',
    'KEY_OUTSIDE_VALIDITY',
    loggedBundle((entry) => entry),
    {
      ...trustingLog,
      keys: [{ name: 'alice', key: alice.publicKey, validUntil: new Date(now.getTime() - 1000) }],
    },
  ],
  [
    'an entry from before the log’s key was valid',
    'LOG_OUTSIDE_VALIDITY',
    loggedLayer(
      promised((entry) => ({
        ...entry,
        integratedTime: String(logWindow.validFrom.getTime() / 1000 - 1),
      })),
    ),
    trustingLog,
  ],
  [
    'an entry from after the log’s key was valid',
    'LOG_OUTSIDE_VALIDITY',
    loggedLayer(
      promised((entry) => ({
        ...entry,
        integratedTime: String(logWindow.validUntil.getTime() / 1000 + 1),
      })),
    ),
    trustingLog,
  ],
  [
    'the same entry twice',
    'LOG_ENTRY_DUPLICATE',
    () => {
      const json = bundleJson();
      const entry = logEntryOf(json);
      json.verificationMaterial.tlogEntries = [entry, entry];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a good entry beside a broken one of the same log',
    'LOG_PROMISE_INVALID',
    () => {
      const json = bundleJson();
      const entry = logEntryOf(json);
      json.verificationMaterial.tlogEntries = [entry, { ...entry, logIndex: '5' }];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a proof with a flipped bit',
    'LOG_PROOF_INVALID',
    loggedBundle(
      withProof(({ hashes }) => ({
        hashes: [flipBase64(hashes[0]!), ...hashes.slice(1)],
      })),
    ),
    trustingLog,
  ],
  [
    'a proof cut off',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(({ hashes }) => ({ hashes: hashes.slice(0, -1) }))),
    trustingLog,
  ],
  [
    'a proof with one hash too many',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(({ hashes, rootHash }) => ({ hashes: [...hashes, rootHash] }))),
    trustingLog,
  ],
  [
    'no proof hashes and the leaf as root',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(() => ({ hashes: [] }))),
    trustingLog,
  ],
  [
    'a proof for another index',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(() => ({ logIndex: '6' }))),
    trustingLog,
  ],
  [
    'a proof for an index outside of the tree',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(() => ({ logIndex: '11' }))),
    trustingLog,
  ],
  [
    'a proof against another root hash',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(({ rootHash }) => ({ rootHash: flipBase64(rootHash) }))),
    trustingLog,
  ],
  [
    'a genuine proof with a checkpoint of another tree',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(() => ({
        checkpoint: { envelope: log.checkpoint(11, new Uint8Array(32)) },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint of another size',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ rootHash }) => ({
        checkpoint: { envelope: log.checkpoint(12, Buffer.from(rootHash, 'base64')) },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint nobody trusted signed',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ rootHash }) => ({
        checkpoint: { envelope: log.checkpoint(11, Buffer.from(rootHash, 'base64'), stranger) },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint with another key hint',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ checkpoint }) => ({
        checkpoint: {
          envelope: checkpoint.envelope.replace(
            /test \S+\n$/,
            (line) => `test ${flipBase64(line.slice(5, -1), 0)}\n`,
          ),
        },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint without signature',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ checkpoint }) => ({
        checkpoint: { envelope: `${checkpoint.envelope.split('\n\n')[0]}\n` },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint whose text was changed',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ checkpoint }) => ({
        checkpoint: { envelope: checkpoint.envelope.replace('- 1\n', '- 2\n') },
      })),
    ),
    trustingLog,
  ],
  [
    'a kind that contradicts the body',
    'LOG_ENTRY_INVALID',
    loggedBundle((entry) => ({
      ...entry,
      kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
    })),
    trustingLog,
  ],
  [
    'an entry of a kind that is not read',
    'LOG_ENTRY_INVALID',
    () => {
      const json = bundleJson();
      json.verificationMaterial.tlogEntries = [
        log.entry({ apiVersion: '0.0.1', kind: 'rekord', spec: {} }, now),
      ];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'an annotation that is not JSON',
    'ENCODING_INVALID',
    () => layer(undefined, alice, undefined, { [annotationNames.bundle]: '{' }),
    trustingLog,
  ],
  [
    'an annotation without a promise',
    'LOG_ENTRY_INVALID',
    loggedLayer((entry) => ({ ...entry, inclusionPromise: undefined }) as unknown as EntryJson),
    trustingLog,
  ],
];
