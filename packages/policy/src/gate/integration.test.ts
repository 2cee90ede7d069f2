import { formatPublicKey, generateSigningKey } from '@pratique/crypto';
import {
  buildImageManifest,
  createRegistryClient,
  type Descriptor,
  describeBytes,
  digestOf,
  parseReference,
} from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { keySigner, signImage } from '@pratique/sigstore';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseTrust } from '../trust/parse.ts';
import { createGate } from './gate.ts';

// The road from end to end with the real stations: our registry, our signer, our verifier, our Rego.
const registry = await startRegistry({ listen: '127.0.0.1:0' });
const client = createRegistryClient({ environment: {} });
afterAll(async () => {
  client.close();
  await registry.close();
});

const team = generateSigningKey();
const stranger = generateSigningKey();
const host = registry.address;

async function push(name: string, content: string, tag = '1'): Promise<Descriptor> {
  const repository = client.repository(parseReference(`${host}/${name}`));
  const config = new TextEncoder().encode(
    JSON.stringify({ os: 'linux', architecture: 'amd64', config: { User: '1000', Labels: { content } } }),
  );
  const descriptor = describeBytes(config, 'application/vnd.oci.image.config.v1+json');
  await repository.putBlob(descriptor, config);
  const { bytes, mediaType } = manifestOf(descriptor);
  return await repository.putManifest(bytes, mediaType, { tag });
}

function manifestOf(config: Descriptor): { bytes: Uint8Array; mediaType: string } {
  const built = buildImageManifest({ config, layers: [] });
  return { bytes: built.bytes, mediaType: built.descriptor.mediaType };
}

async function sign(
  name: string,
  subject: Descriptor,
  key = team,
  options: Parameters<typeof signImage>[3] = {},
) {
  await signImage(client.repository(parseReference(`${host}/${name}`)), subject, keySigner(key), options);
}

function gateFor(lines: string, files: Readonly<Record<string, string>> = {}) {
  const trust = parseTrust(
    `apiVersion: pratique.dev/v1
kind: Trust
authorities: { team: { keyFile: team.pub } }
images: [{ match: "127.0.0.1:*/**", require: { any: [team] } }]
${lines}`,
    'trust.yaml',
    {
      resolve: (path) => path,
      read: (path) => new TextEncoder().encode(files[path] ?? formatPublicKey(team.publicKey)),
    },
  );
  return createGate({ trust, openRepository: (reference) => client.repository(reference) });
}

const gate = gateFor('parameters: { environment: dev }');

beforeAll(async () => {
  await sign('dev', await push('dev', 'guestbook'), team, { annotations: { env: 'dev' } });
  await sign('legacy', await push('legacy', 'guestbook'), team, {
    annotations: { env: 'dev' },
    format: 'legacy',
  });
  await sign('prod', await push('prod', 'guestbook'), team, { annotations: { env: 'prod' } });
  await push('unsigned', 'guestbook');
  await sign('stranger', await push('stranger', 'guestbook'), stranger, { annotations: { env: 'dev' } });
  await sign('moved', await push('moved', 'before'), team, { annotations: { env: 'dev' } });
  await push('moved', 'after');
});

async function codes(name: string): Promise<readonly string[]> {
  const { allowed, denials } = await gate.checkImage(`${host}/${name}:1`);
  expect(allowed).toBe(denials.length === 0);
  return denials.map(({ code }) => code);
}

test('signed for dev, as a bundle and in the old format: allowed', async () => {
  expect(await codes('dev')).toEqual([]);
  expect(await codes('legacy')).toEqual([]);
});

test('the same content in another repository, unsigned there: denied', async () => {
  expect(await codes('unsigned')).toEqual(['SIGNATURE_MISSING']);
});

test('the same content signed for prod: denied by the environment alone', async () => {
  const { denials, evidence } = await gate.checkImage(`${host}/prod:1`);
  expect(denials).toMatchObject([
    {
      policy: 'pratique.image.environment',
      code: 'ENVIRONMENT_MISMATCH',
      expected: 'env=dev',
      found: 'env=prod',
    },
  ]);
  expect(evidence[`${host}/prod:1`]?.config?.labels).toEqual({ content: 'guestbook' });
});

test('signed by a stranger: denied, with the key that was found and the one that was wanted', async () => {
  const { denials } = await gate.checkImage(`${host}/stranger:1`);
  expect(denials).toMatchObject([{ code: 'SIGNER_UNTRUSTED' }]);
  expect(denials[0]?.found).toContain(stranger.publicKey.fingerprint);
  expect(denials[0]?.expected).toContain(team.publicKey.fingerprint);
});

test('the tag moved after signing: denied', async () => {
  expect(await codes('moved')).toEqual(['SIGNATURE_MISSING']);
});

test('a signature for another image put where this one’s would be: denied as such', async () => {
  const subject = await push('copied', 'copied');
  const repository = client.repository(parseReference(`${host}/copied`));
  const dev = client.repository(parseReference(`${host}/legacy`));
  const from = await dev.resolve('1');
  const tag = (digest: string) => `${digest.replace(':', '-')}.sig`;
  const signature = await dev.getManifest(tag(from.digest));
  if (signature.manifest.kind !== 'image') throw new Error('not an image');
  for (const blob of [signature.manifest.config, ...signature.manifest.layers]) {
    await repository.putBlob(blob, await dev.getBlob(blob));
  }
  await repository.putManifest(signature.bytes, signature.descriptor.mediaType, { tag: tag(subject.digest) });
  expect(digestOf(signature.bytes)).toBe(signature.descriptor.digest);
  const { denials } = await gate.checkImage(`${host}/copied:1`);
  expect(denials).toMatchObject([{ code: 'SUBJECT_MISMATCH', policy: 'pratique.image.signed' }]);
});

test('an image that is not there, and a registry that is not there: denied, and not as unsigned', async () => {
  expect((await gate.checkImage(`${host}/nothing:1`)).denials).toMatchObject([
    { code: 'OCI_NOT_FOUND', fault: true },
  ]);
  const gone = await startRegistry({ listen: '127.0.0.1:0' });
  await gone.close();
  expect((await gate.checkImage(`${gone.address}/dev:1`, { deadlineMs: 20_000 })).denials).toMatchObject([
    { fault: true },
  ]);
});

test('in warn mode all of it is allowed, with the same codes as warnings', async () => {
  const warn = gateFor('mode: warn\nparameters: { environment: dev }');
  const { allowed, mode, warnings } = await warn.checkImage(`${host}/unsigned:1`);
  expect({ allowed, mode, codes: warnings.map(({ code }) => code) }).toEqual({
    allowed: true,
    mode: 'warn',
    codes: ['SIGNATURE_MISSING'],
  });
});

test('where the trust configuration names a log, a signature that is in none is denied, and not as unsigned', async () => {
  const log = generateSigningKey().publicKey;
  const root = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      {
        baseUrl: 'https://log.example',
        hashAlgorithm: 'SHA2_256',
        publicKey: {
          rawBytes: Buffer.from(log.spki).toString('base64'),
          keyDetails: 'PKIX_ECDSA_P256_SHA_256',
          validFor: { start: '2020-01-01T00:00:00Z' },
        },
        logId: { keyId: log.hint },
      },
    ],
  };
  const logged = gateFor('log: { trustedRoot: root.json }', { 'root.json': JSON.stringify(root) });
  for (const name of ['dev', 'legacy']) {
    expect((await logged.checkImage(`${host}/${name}:1`)).denials).toMatchObject([
      { code: 'LOG_ENTRY_REQUIRED' },
    ]);
  }
  expect(logged.trust.digest).not.toBe(gateFor('').trust.digest);
});

test('default: warn lets an image through that nobody speaks of, and says so', async () => {
  const lax = gateFor('default: warn');
  const other = client.repository(parseReference(`${host}/unsigned`));
  const { digest } = await other.resolve('1');
  const trust = parseTrust('apiVersion: pratique.dev/v1\nkind: Trust\ndefault: warn', 'trust.yaml', {
    resolve: (path) => path,
    read: () => new Uint8Array(),
  });
  const open = createGate({ trust, openRepository: (reference) => client.repository(reference) });
  expect(await open.checkImage(`${host}/unsigned@${digest}`)).toMatchObject({
    allowed: true,
    mode: 'warn',
    warnings: [{ code: 'IMAGE_NOT_COVERED' }],
  });
  expect((await lax.checkImage(`${host}/unsigned@${digest}`)).allowed).toBe(false);
});

test('source of a ClusterImagePolicy: signatures count from that repository alone', async () => {
  const indented = formatPublicKey(team.publicKey).trim().replace(/^/gm, '            ');
  const policy = (name: string, source: string) => `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: { name: ${name} }
spec:
  images: [{ glob: "${host}/sourced*" }]
  authorities:
    - source: [${source}]
      key:
        data: |
${indented}
`;
  const gateOf = (source: string) => {
    const trust = parseTrust(
      'apiVersion: pratique.dev/v1\nkind: Trust\nclusterImagePolicies: [cip.yaml]\n',
      'trust.yaml',
      { resolve: (path) => path, read: () => new TextEncoder().encode(policy('sourced', source)) },
    );
    return createGate({ trust, openRepository: (reference) => client.repository(reference) });
  };
  const codesOf = async (source: string, image: string) =>
    (await gateOf(source).checkImage(`${host}/${image}:1`)).denials.map(({ code }) => code);
  const there = `{ oci: ${host}/signatures/of-others }`;
  const signatureRepository = client.repository(parseReference(`${host}/signatures/of-others`));
  await sign('sourced', await push('sourced', 'kept elsewhere'), team, { signatureRepository });
  await sign('sourced-beside', await push('sourced-beside', 'kept beside'));

  expect(await codesOf(there, 'sourced')).toEqual([]);
  expect(await codesOf(`{ oci: ${host}/empty }, ${there}`, 'sourced')).toEqual([]);
  // What stands beside the image is seen, and is by nobody who is trusted there.
  expect(await codesOf(there, 'sourced-beside')).toEqual(['SIGNER_UNTRUSTED']);
  expect(await codesOf(`{ oci: ${host}/empty }`, 'sourced')).toEqual(['SIGNATURE_MISSING']);
  // A repository that cannot be asked is a fault, whatever stands beside the image.
  const [unreachable] = (
    await gateOf('{ oci: 127.0.0.1:1/signatures }').checkImage(`${host}/sourced-beside:1`)
  ).denials;
  expect(unreachable).toMatchObject({ fault: true });

  // Under tags with a prefix, beside the image and elsewhere.
  const format = 'legacy';
  await sign('sourced-prefixed', await push('sourced-prefixed', 'prefixed'), team, {
    format,
    tagPrefix: 'a-',
  });
  expect(await codesOf('{ tagPrefix: a- }', 'sourced-prefixed')).toEqual([]);
  expect(await codesOf('{ tagPrefix: b- }', 'sourced-prefixed')).toEqual(['SIGNATURE_MISSING']);
  expect(await codesOf('{}', 'sourced-prefixed')).toEqual(['SIGNATURE_MISSING']);
  expect(await codesOf(`{ oci: ${host}/empty, tagPrefix: a- }`, 'sourced-prefixed')).toEqual([
    'SIGNATURE_MISSING',
  ]);
  expect(await codesOf('{ tagPrefix: a- }', 'sourced-beside')).toEqual([]);
  const elsewhere = await push('sourced-both', 'both');
  await sign('sourced-both', elsewhere, team, { format, tagPrefix: 'a-', signatureRepository });
  expect(await codesOf(there.replace('}', ', tagPrefix: a- }'), 'sourced-both')).toEqual([]);
  expect(await codesOf(there, 'sourced-both')).toEqual(['SIGNATURE_MISSING']);
});

/**
 * A gate that may ask the registry only in rounds: what is asked for at once is answered at once. Their number is the round trips
 * that a review waits for, however fast the registry is.
 */
function countingGate() {
  const counted = { rounds: 0, requests: 0 };
  let waiting: (() => Promise<() => void>)[] = [];
  const flush = async () => {
    const round = waiting;
    waiting = [];
    counted.rounds++;
    counted.requests += round.length;
    for (const deliver of await Promise.all(round.map((ask) => ask()))) deliver();
  };
  const held = <Value>(ask: () => Promise<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(() => setImmediate(flush));
      waiting.push(() =>
        ask().then(
          (value) => () => resolve(value),
          (error) => () => reject(error),
        ),
      );
    });
  const counting = createGate({
    trust: gate.trust,
    localRegistries: 'ask',
    openRepository(reference) {
      const repository = client.repository(reference);
      return {
        ...repository,
        resolve: (...args) => held(() => repository.resolve(...args)),
        getManifest: (...args) => held(() => repository.getManifest(...args)),
        getBlob: (...args) => held(() => repository.getBlob(...args)),
        referrers: (...args) => held(() => repository.referrers(...args)),
      };
    },
  });
  return { gate: counting, counted };
}

test('an image that is new to the gate costs four round trips by its tag, and three by its digest', async () => {
  const byTag = countingGate();
  const { allowed, subject } = await byTag.gate.checkImage(`${host}/dev:1`);
  // The tag; the manifest beside what is listed for its digest; the configuration beside the bundle’s manifest; the bundle.
  expect(allowed).toBe(true);
  expect(byTag.counted).toEqual({ rounds: 4, requests: 8 });
  const byDigest = countingGate();
  expect((await byDigest.gate.checkImage(`${host}/dev@${subject.images[0]!.digest}`)).allowed).toBe(true);
  expect(byDigest.counted).toEqual({ rounds: 3, requests: 7 });
});

test('ten new images of one object cost as many round trips as one', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `ten-${index}`);
  for (const name of names) await sign(name, await push(name, name), team, { annotations: { env: 'dev' } });
  const { gate, counted } = countingGate();
  const images = names.map((name) => ({ reference: `${host}/${name}:1`, container: name }));
  const pod = { kind: 'Pod', namespace: 'dev', name: 'ten', input: {}, object: null };
  expect((await gate.reviewRequest(pod, images)).denials).toEqual([]);
  expect(counted).toEqual({ rounds: 4, requests: 80 });
  expect((await gate.reviewRequest(pod, images)).denials).toEqual([]);
  // The tags again, which may have moved; what they stand for is kept.
  expect(counted).toEqual({ rounds: 5, requests: 90 });
});

test('signatures of an image that is not there make no image of it', async () => {
  const missing = `sha256:${'0'.repeat(64)}`;
  const { denials } = await gate.checkImage(`${host}/dev@${missing}`);
  expect(denials).toMatchObject([{ code: 'OCI_NOT_FOUND', fault: true }]);
});
