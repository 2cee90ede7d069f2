/** Entries of the less usual kinds in our log, by rekor-cli and cosign: intoto, rfc3161, Ed25519ph. Signing requests of openssl. */
import { equal, match, notEqual, ok } from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { preAuthEncoding } from '../../packages/crypto/src/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import {
  alice,
  bob,
  initialize,
  type PrivateSigstore,
  startSigstore,
  token,
} from '../support/private-sigstore.ts';
import { run } from '../support/process.ts';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

export async function scenarios(context: Context): Promise<Scenario[]> {
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  await initialize(context, sigstore);
  const rekor = (...args: string[]) => ['--rekor_server', sigstore.url, '--store_tree_state=false', ...args];
  return [
    {
      name: 'rekor-cli uploads an in-toto envelope, finds it by subject and key, gets and verifies it; a forged one is refused',
      run: () => intoto(context, rekor),
    },
    {
      name: 'rekor-cli uploads a timestamp, finds it, gets and verifies it; a damaged one is refused',
      run: () => rfc3161(context, sigstore, rekor),
    },
    ...(['signingConfig', 'signingConfigRekorV2'] as const).flatMap((config) => [
      {
        name: `a signature by an Ed25519 key that cosign makes is taken by ${logNames[config]}, pre-hashed`,
        run: () => ed25519OfCosign(context, sigstore, config),
      },
      {
        name: `a file that we sign with an Ed25519 key into ${logNames[config]} verifies, also by its digest, and another does not`,
        run: () => ed25519OfOurs(context, sigstore, config, rekor),
      },
    ]),
    {
      name: 'a signing request of openssl gets a certificate over both versions of the API, and not with another signature',
      run: () => signingRequest(context, sigstore),
    },
  ];
}

type Rekor = (...args: string[]) => string[];

async function intoto(context: Context, rekor: Rekor): Promise<void> {
  const directory = context.scratch();
  const subject = randomBytes(32).toString('hex');
  const payload = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v0.2',
      subject: [{ name: 'artifact', digest: { sha256: subject } }],
      predicate: {},
    }),
  );
  const payloadType = 'application/vnd.in-toto+json';
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [envelope, publicKey] = [join(directory, 'envelope.json'), join(directory, 'key.pub')];
  const write = (key: KeyObject) => {
    const sig = sign('sha256', preAuthEncoding(payloadType, payload), key).toString('base64');
    const document = { payload: payload.toString('base64'), payloadType, signatures: [{ keyid: '', sig }] };
    writeFileSync(envelope, JSON.stringify(document));
  };
  write(pair.privateKey);
  writeFileSync(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const flags = [
    '--type',
    'intoto:0.0.2',
    '--artifact',
    envelope,
    '--public-key',
    publicKey,
    '--pki-format',
    'x509',
  ];
  const created = await context.ok('rekor-cli', rekor('upload', ...flags));
  const uuid = uuidIn(created);
  match(await context.ok('rekor-cli', rekor('search', '--sha', `sha256:${subject}`)), new RegExp(uuid));
  const byKey = rekor('search', '--pki-format', 'x509', '--public-key', publicKey);
  match(await context.ok('rekor-cli', byKey), new RegExp(uuid));
  match(await context.ok('rekor-cli', rekor('get', '--uuid', uuid)), new RegExp(sha256(payload)));
  match(await context.ok('rekor-cli', rekor('verify', ...flags)), /Inclusion Proof/);
  match(await context.ok('rekor-cli', rekor('upload', ...flags)), /already exists/);
  write(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  notEqual((await context.run('rekor-cli', rekor('upload', ...flags))).code, 0);
}

async function rfc3161(context: Context, sigstore: PrivateSigstore, rekor: Rekor): Promise<void> {
  const file = join(context.scratch(), 'reply.tsr');
  const response = await fetch(`${sigstore.url}/api/v1/timestamp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      artifactHash: createHash('sha256').update(randomBytes(8)).digest('base64'),
      hashAlgorithm: 'sha256',
      certificates: true,
    }),
  });
  const reply = Buffer.from(await response.arrayBuffer());
  writeFileSync(file, reply);
  const flags = ['--type', 'rfc3161', '--artifact', file];
  const uuid = uuidIn(await context.ok('rekor-cli', rekor('upload', ...flags)));
  match(await context.ok('rekor-cli', rekor('search', '--artifact', file)), new RegExp(uuid));
  ok((await context.ok('rekor-cli', rekor('get', '--uuid', uuid))).includes(reply.toString('base64')));
  match(await context.ok('rekor-cli', rekor('verify', ...flags)), /Inclusion Proof/);
  // The last byte is one of the signature.
  reply[reply.length - 1]! ^= 1;
  writeFileSync(file, reply);
  notEqual((await context.run('rekor-cli', rekor('upload', ...flags))).code, 0);
}

type Config = keyof typeof logNames;
const logNames = { signingConfig: 'Rekor v1', signingConfigRekorV2: 'Rekor v2' } as const;

/** A file, and an Ed25519 key pair in cosign's files. */
async function ed25519Key(context: Context) {
  const directory = context.scratch();
  const [plain, prefix, file] = ['plain.pem', 'key', 'file'].map((name) => join(directory, name));
  const pair = generateKeyPairSync('ed25519');
  writeFileSync(plain!, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await context.ok('cosign', ['import-key-pair', '--key', plain!, '--output-key-prefix', prefix!]);
  writeFileSync(file!, randomBytes(64));
  return { file: file!, bundle: `${file}.bundle`, privateKey: `${prefix}.key`, publicKey: `${prefix}.pub` };
}

/** cosign 3.1.3 logs an Ed25519ph signature and then refuses it, as it verifies plain Ed25519: the entry is what is seen. */
async function ed25519OfCosign(context: Context, sigstore: PrivateSigstore, config: Config): Promise<void> {
  const { file, bundle, privateKey } = await ed25519Key(context);
  const flags = ['--key', privateKey, '--bundle', bundle, '--signing-config', sigstore[config]];
  const result = await context.run('cosign', ['sign-blob', '-y', ...flags, file], { env: sigstore.env });
  notEqual(result.code, 0);
  match(result.stderr, /error signing bundle: failed to verify signature/);
  const digest = createHash('sha512').update(readFileSync(file));
  const search = new URLSearchParams({ digest: `sha512:${digest.digest('hex')}` });
  const response = await fetch(`${sigstore.url}/api/v1/search?${search}`);
  const { entries } = (await response.json()) as { entries: { log: string }[] };
  equal(entries.length, 1);
  equal(entries[0]!.log, config === 'signingConfig' ? 'rekor' : 'rekor-v2');
}

async function ed25519OfOurs(
  context: Context,
  sigstore: PrivateSigstore,
  config: Config,
  rekor: Rekor,
): Promise<void> {
  const { file, bundle, privateKey, publicKey } = await ed25519Key(context);
  const trust = ['--trusted-root', sigstore.trustedRoot];
  const flags = ['--key', privateKey, '--bundle', bundle, '--signing-config', sigstore[config], ...trust];
  await context.ok('pratique', ['sign-blob', ...flags, file]);
  const { messageSignature } = JSON.parse(readFileSync(bundle, 'utf8')) as {
    messageSignature: { messageDigest: { algorithm: string }; signature: string };
  };
  equal(messageSignature.messageDigest.algorithm, 'SHA2_512');
  const digest = `sha512:${createHash('sha512').update(readFileSync(file)).digest('hex')}`;
  const verify = ['verify-blob', '--key', publicKey, '--bundle', bundle, ...trust];
  await context.ok('pratique', [...verify, file]);
  await context.ok('pratique', [...verify, digest]);
  if (config === 'signingConfig') {
    // Rekor's own client verifies Ed25519ph before it asks for the entry.
    const signature = `${file}.sig`;
    writeFileSync(signature, Buffer.from(messageSignature.signature, 'base64'));
    const key = ['--pki-format', 'x509', '--public-key', publicKey, '--signature', signature];
    const asked = rekor('verify', '--type', 'hashedrekord', ...key, '--artifact-hash', digest);
    match(await context.ok('rekor-cli', asked), /Inclusion Proof/);
  }
  writeFileSync(file, 'another');
  notEqual((await context.run('pratique', [...verify, file])).code, 0);
  const other = `sha512:${createHash('sha512').update('another').digest('hex')}`;
  notEqual((await context.run('pratique', [...verify, other])).code, 0);
}

async function signingRequest(context: Context, sigstore: PrivateSigstore): Promise<void> {
  const directory = context.scratch();
  const openssl = async (...args: string[]) => {
    const result = await run('openssl', args, { cwd: directory });
    equal(result.code, 0, result.stderr);
    return result.stdout;
  };
  await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'key.pem');
  await openssl('req', '-new', '-key', 'key.pem', '-subj', `/emailAddress=${bob}`, '-out', 'request.pem');
  const request = readFileSync(join(directory, 'request.pem'));
  const bearer = await token(sigstore, alice);
  const ask = (version: 1 | 2, csr: Uint8Array) =>
    fetch(`${sigstore.url}/api/v${version}/signingCert`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
      body: JSON.stringify({ certificateSigningRequest: Buffer.from(csr).toString('base64') }),
    });
  const key = await openssl('pkey', '-in', 'key.pem', '-pubout');
  const check = async (pem: string) => {
    writeFileSync(join(directory, 'leaf.pem'), pem);
    equal(await openssl('x509', '-in', 'leaf.pem', '-noout', '-pubkey'), key);
    // The identity is the token's, whatever the request says.
    const text = await openssl('x509', '-in', 'leaf.pem', '-noout', '-text');
    ok(text.includes(`email:${alice}`) && !text.includes(bob), text);
  };
  const second = await ask(2, request);
  equal(second.status, 200);
  const answer = (await second.json()) as {
    signedCertificateEmbeddedSct: { chain: { certificates: string[] } };
  };
  await check(answer.signedCertificateEmbeddedSct.chain.certificates[0]!);
  const first = await ask(1, request);
  equal(first.status, 201);
  await check(await first.text());
  const der = Buffer.from(request.toString().replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 1]! ^= 1;
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  for (const version of [1, 2] as const) equal((await ask(version, Buffer.from(forged))).status, 400);
}

function uuidIn(said: string): string {
  const [uuid] = /[0-9a-f]{80}/.exec(said) ?? [];
  ok(uuid, said);
  return uuid;
}
