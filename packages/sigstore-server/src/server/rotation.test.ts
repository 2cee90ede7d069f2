import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  canonicalJson,
  decodeBase64,
  generateSigningKey,
  parseCheckpoint,
  verifySignature,
} from '@pratique/crypto';
import { parseTrustedRoot } from '@pratique/sigstore';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  auditDirectory,
  backupDirectory,
  listGenerations,
  type Rotatable,
  restoreDirectory,
  rotatable,
  rotate,
} from '../index.ts';
import {
  alice,
  certificateRequest,
  hashedRekord,
  hashedRekordV2,
  post,
  start,
  temporaryDirectory,
} from '../testing/client.ts';

let directory: string;
const key = generateSigningKey();
beforeEach(() => {
  directory = temporaryDirectory(onTestFinished);
});

const trustedRoot = (of = directory) => parseTrustedRoot(readFileSync(join(of, 'trusted_root.json')));
const secondsFromNow = (seconds: number) => new Date(Math.floor(Date.now() / 1000 + seconds) * 1000);

/** Starts, does something, stops. */
async function serving<T>(use: (url: string, token: string) => Promise<T>): Promise<T> {
  const server = await start(directory);
  try {
    return await use(server.url, await server.issueToken(alice));
  } finally {
    await server.close();
  }
}

interface EntryV1 {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: { readonly checkpoint: string };
  };
}
const firstOf = (text: string) => Object.values(JSON.parse(text) as Record<string, EntryV1>)[0]!;

/** The trusted log whose key made the entry’s promise and checkpoint, if it is trusted for that time. */
function believedLog({ verification, ...promised }: EntryV1) {
  const bytes = new TextEncoder().encode(canonicalJson(promised));
  const promise = decodeBase64(verification.signedEntryTimestamp, 'promise');
  const note = parseCheckpoint(verification.inclusionProof.checkpoint);
  const time = new Date(promised.integratedTime * 1000);
  return trustedRoot().logs.find(
    ({ id, key, validFrom, validUntil }) =>
      id === promised.logID &&
      verifySignature(key, bytes, promise) !== null &&
      verifySignature(key, new TextEncoder().encode(note.text), note.signatures[0]!.signature) !== null &&
      validFrom <= time &&
      (validUntil === undefined || time <= validUntil),
  );
}

const add = async (url: string, name: string) =>
  firstOf((await post(`${url}/api/v1/log/entries`, hashedRekord(name, key))).text);

test('what was logged before a rotation keeps verifying, also fetched again; what comes later is by the new key', async () => {
  const before = await serving((url) => add(url, 'before'));
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await rotate(directory, ['rekor', 'rekor-v2', 'ctlog', 'fulcio', 'tsa'], { from: secondsFromNow(0) });
  await serving(async (url, token) => {
    const after = await add(url, 'after');
    expect(after.logID).not.toBe(before.logID);
    const again = firstOf(
      await (await fetch(`${url}/api/v1/log/entries?logIndex=${before.logIndex}`)).text(),
    );
    for (const entry of [before, again, after]) expect(believedLog(entry)).toBeDefined();
    expect(again.logID).toBe(before.logID);
    // One tree: nothing forked.
    expect([before.logIndex, after.logIndex]).toEqual([0, 1]);

    const { logs, certificateLogs, authorities, timestampAuthorities } = trustedRoot();
    expect([logs, certificateLogs, authorities, timestampAuthorities].map((list) => list.length)).toEqual([
      4, 2, 2, 2,
    ]);
    const v2 = await post(`${url}/api/v2/log/entries`, hashedRekordV2('after', key));
    const { logId } = JSON.parse(v2.text) as { logId: { keyId: string } };
    const newest = logs.filter(({ key: { algorithm } }) => algorithm === 'ed25519').at(-1)!;
    expect(Buffer.from(logId.keyId, 'base64').toString('hex')).toBe(newest.id);
    const issued = await post(`${url}/api/v2/signingCert`, certificateRequest(key, alice), {
      authorization: `Bearer ${token}`,
    });
    expect(issued.status).toBe(200);
    const chain = (
      JSON.parse(issued.text) as { signedCertificateEmbeddedSct: { chain: { certificates: string[] } } }
    ).signedCertificateEmbeddedSct.chain.certificates;
    const pem = authorities.at(-1)!.intermediates[0]!.der;
    expect(decodeBase64(chain[1]!.replace(/-----.*-----|\n/g, ''), 'intermediate')).toEqual(pem);
  });
  expect((await auditDirectory(directory, { seen: {} })).flatMap(({ problems }) => problems)).toEqual([]);
});

test('Fulcio’s last certificates are trusted for as long as they are good, the keys of logs not a second longer', async () => {
  await serving(async () => undefined);
  const from = secondsFromNow(3600);
  await rotate(directory, ['rekor', 'fulcio'], { from });
  await serving(async () => undefined);
  const { logs, authorities } = trustedRoot();
  expect(logs[0]!.validUntil).toEqual(from);
  expect(logs[1]!.validFrom).toEqual(from);
  expect(authorities[0]!.validUntil).toEqual(new Date(from.getTime() + 600_000));
  expect(authorities[1]!.validFrom).toEqual(from);
});

test('a key for later is published now, and used when its time comes', async () => {
  await serving(async () => undefined);
  await rotate(directory, ['rekor'], { from: secondsFromNow(3600) });
  const entry = await serving((url) => add(url, 'before its time'));
  expect(entry.logID).toBe(trustedRoot().logs[0]!.id);
  const [first, second] = listGenerations(directory).rekor;
  expect(first!.until).toEqual(second!.since);
});

test('what a stolen key signed after the theft does not count any more', async () => {
  const entry = await serving(async (url) => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    return await add(url, 'by whoever');
  });
  const theft = new Date(entry.integratedTime * 1000 - 1000);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await rotate(directory, ['rekor'], { from: secondsFromNow(0), until: theft });
  await serving(async () => undefined);
  expect(believedLog(entry)).toBeUndefined();
  const legacy = Object.keys(readTargets());
  expect(legacy).toContain('rekor_2.pub');
  // Clients that take keys one by one know no end of validity.
  expect(legacy).not.toContain('rekor.pub');
});

function readTargets(): Record<string, unknown> {
  const text = readFileSync(join(directory, 'tuf', 'targets.json'), 'utf8');
  return (JSON.parse(text) as { signed: { targets: Record<string, unknown> } }).signed.targets;
}

test('clients of old find old keys beside the new one, said to be expired', async () => {
  await serving(async () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await rotate(directory, ['rekor', 'ctlog', 'fulcio'], { from: secondsFromNow(0) });
  await serving(async () => undefined);
  const targets = readTargets() as Record<string, { custom?: { sigstore: { status: string } } }>;
  const status = (name: string) => targets[name]?.custom?.sigstore.status;
  expect(
    ['rekor.pub', 'ctfe.pub', 'fulcio_v1.crt.pem', 'fulcio_intermediate_v1.crt.pem'].map(status),
  ).toEqual(Array.from({ length: 4 }, () => 'Expired'));
  expect(
    ['rekor_2.pub', 'ctfe_2.pub', 'fulcio_2_v1.crt.pem', 'fulcio_2_intermediate_v1.crt.pem'].map(status),
  ).toEqual(Array.from({ length: 4 }, () => 'Active'));
});

test('a rotation is refused while a server runs, before the last one, and with an end nothing can have', async () => {
  const invalid = { code: 'SIGSTORE_SERVER_OPTION_INVALID' };
  await expect(rotate(directory, ['rekor'], { from: secondsFromNow(0) })).rejects.toMatchObject(invalid);
  await serving(async () => {
    await expect(rotate(directory, ['rekor'], { from: secondsFromNow(10) })).rejects.toMatchObject({
      code: 'SIGSTORE_SERVER_DIRECTORY_IN_USE',
    });
  });
  const refused = (services: Rotatable[], from: number, until?: number) =>
    expect(
      rotate(directory, services, {
        from: secondsFromNow(from),
        ...(until === undefined ? {} : { until: secondsFromNow(until) }),
      }),
    ).rejects.toMatchObject(invalid);
  await refused(['rekor'], -3600);
  await refused(['rekor'], 3600, 3601);
  await refused(['rekor'], 3600, -3600);
  await refused(['tuf'], 3600, 10);
  await rotate(directory, ['rekor'], { from: secondsFromNow(7200) });
  await refused(['tsa', 'rekor'], 7100);
  // Refused for one is refused for all.
  expect(listGenerations(directory).tsa).toHaveLength(1);
});

test('a rotated directory is backed up and restored with all its keys', async () => {
  await serving(async () => undefined);
  await rotate(directory, [...rotatable], { from: secondsFromNow(3600) });
  await serving((url) => add(url, 'entry'));
  const copy = join(directory, 'backup');
  await backupDirectory(directory, copy);
  const restored = join(directory, 'restored');
  await restoreDirectory(copy, restored);
  const server = await start(restored);
  await server.close();
  const keys = (of: string) => trustedRoot(of).logs.map(({ id }) => id);
  expect(keys(restored)).toEqual(keys(directory));
});
