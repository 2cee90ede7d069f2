/** A thread that verifies one bundle as often as it can, in the way it is told. */
import crypto from 'node:crypto';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Contender, Count, Order, Subject } from './messages.ts';

const subject = workerData as Subject;
const { artifact, bundle: text, trustedRoot, timestamps } = subject;

type Check = readonly [
  hash: string | null | undefined,
  data: Uint8Array,
  key: crypto.KeyObject,
  signature: Uint8Array,
];

// The signatures our verifier checks are written down as it hands them to node:crypto: they are the limit.
const verifySignature = crypto.verify;
let checks: Check[] | undefined;
crypto.verify = ((...check: Parameters<typeof verifySignature>) => {
  checks?.push(check as unknown as Check);
  return verifySignature(...check);
}) as typeof verifySignature;
syncBuiltinESMExports();
const { exactly, parseTrustedRoot, verifyBundle } = await import('../../packages/sigstore/src/index.ts');

const trust = {
  ...parseTrustedRoot(new TextEncoder().encode(trustedRoot)),
  keys: [],
  identities: [{ name: 'signer', subject: exactly(subject.subject), issuer: exactly(subject.issuer) }],
};
const bytes = new TextEncoder().encode(text);

function ours(): void {
  const result = verifyBundle(bytes, { bytes: artifact }, trust, new Date());
  if (!result.ok) throw new Error(`refused: ${result.rejection.code} ${result.rejection.message}`);
}

/** What a verification with warm roots asks of node:crypto, in the order it does. */
function recorded(): readonly Check[] {
  ours();
  checks = [];
  ours();
  const found = checks;
  checks = undefined;
  return found;
}

const unavoidable = recorded();
crypto.verify = verifySignature;
syncBuiltinESMExports();

function limit(): void {
  for (const [hash, data, key, signature] of unavoidable)
    if (!verifySignature(hash, data, key, signature)) throw new Error('not verified');
}

const load = createRequire(join(subject.sigstoreJs, 'package.json'));
const { bundleFromJSON } = load('@sigstore/bundle');
const { TrustedRoot } = load('@sigstore/protobuf-specs');
const { toSignedEntity, toTrustMaterial, Verifier } = load('@sigstore/verify');
const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(trustedRoot))), {
  ctlogThreshold: 1,
  tlogThreshold: 1,
  ...(timestamps ? { timestampThreshold: 2 } : {}),
});
const policy = { subjectAlternativeName: subject.subject, extensions: { issuer: subject.issuer } };
const content = Buffer.from(artifact);

function sigstoreJs(): void {
  verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(text)), content), policy);
}

const actions: Readonly<Record<Contender, () => void>> = { ours, limit, 'sigstore-js': sigstoreJs };
const names = unavoidable.map(
  ([, , key]) => key.asymmetricKeyDetails?.namedCurve ?? String(key.asymmetricKeyType),
);

parentPort!.on('message', ({ contender, milliseconds }: Order) => {
  const action = actions[contender];
  const began = performance.now();
  let count = 0;
  do {
    action();
    count++;
  } while (performance.now() - began < milliseconds);
  const perSecond = (count * 1000) / (performance.now() - began);
  parentPort!.postMessage({ perSecond, signatures: names } satisfies Count);
});
