import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../packages/cli/src/program/run.ts';
import { testTerminal } from '../../packages/cli/src/testing/terminal.ts';
import {
  formatPublicKey,
  formatSigningKey,
  generateSigningKey,
  parseCertificate,
  verifySignature,
} from '../../packages/crypto/src/index.ts';
import {
  buildImage,
  createRegistryClient,
  type Descriptor,
  machinePlatform,
  pushImage,
} from '../../packages/oci/src/index.ts';
import { startRegistry } from '../../packages/registry/src/index.ts';
import {
  type ContentSigner,
  collectEvidence,
  exactly,
  parseTrustedRoot,
  signBlob,
  signImage,
  signPredicateType,
  type Trust,
  type TrustedRoot,
  verifyEvidence,
} from '../../packages/sigstore/src/index.ts';
import {
  type MemoryRepository,
  memoryRepository,
  putImage,
} from '../../packages/sigstore/src/testing/memory-repository.ts';
import {
  keylessSigner,
  logInOnDevice,
  logInWithBrowser,
  openServices,
  parseIdentityToken,
  type Services,
  witnessedKeySigner,
} from '../../packages/sigstore-client/src/index.ts';
import { type SigstoreServer, startSigstoreServer } from '../../packages/sigstore-server/src/index.ts';
import { certificateRequest, post } from '../../packages/sigstore-server/src/testing/client.ts';

/** People who sign without a key, against a real private Sigstore, and services that do not do what they should. */
const alice = 'alice@example.test';
const bob = 'bob@example.test';
let directory: string;
let sigstore: SigstoreServer;
let stranger: SigstoreServer;
let services: Services;
let root: TrustedRoot;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-signing-'));
  const start = (name: string) =>
    startSigstoreServer({
      listen: '127.0.0.1:0',
      directory: join(directory, name),
      people: [alice, bob],
    });
  [sigstore, stranger] = await Promise.all([start('sigstore'), start('stranger')]);
  services = openServices({});
  root = parseTrustedRoot(readFileSync(sigstore.trustedRootFile));
});

afterAll(async () => {
  services.close();
  await Promise.all([sigstore.close(), stranger.close()]);
  rmSync(directory, { recursive: true, force: true });
});

type Answer = Awaited<ReturnType<Services['send']>>;

/** Services whose answers to requests for `path` are changed on the way. */
function tampering(path: string, change: (answer: Answer) => Answer): Services {
  return {
    close: () => {},
    send: async (request) => {
      const answer = await services.send(request);
      return request.url.pathname.startsWith(path) ? change(answer) : answer;
    },
  };
}

/** Services that answer every request for `path` as they answered the first one. */
function replaying(path: string): Services {
  let first: Answer | undefined;
  return tampering(path, (answer) => {
    first ??= answer;
    return first;
  });
}

function signer(email: string, by: Services = services, server = sigstore): ContentSigner {
  return keylessSigner(by, {
    token: async () => parseIdentityToken(await server.issueToken(email)),
    fulcio: server.url,
    witnesses: {
      logs: [{ url: server.url, version: 1 }],
      timestampAuthorities: [`${server.url}/api/v1/timestamp`],
    },
    root,
  });
}

function trusting(email: string): Trust {
  const identity = { name: email, subject: exactly(email), issuer: exactly(sigstore.issuer) };
  return { ...root, keys: [], identities: [identity], thresholds: { timestamps: 1 } };
}

async function verify(repository: MemoryRepository, subject: Descriptor, trust: Trust) {
  return verifyEvidence(await collectEvidence(repository, subject), trust, new Date());
}

test.each(['bundle', 'legacy'] as const)(
  'what a person signs as %s verifies for that person only',
  async (format) => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    await signImage(repository, subject, signer(alice), { format });
    const { signatures } = await verify(repository, subject, trusting(alice));
    expect(signatures).toMatchObject([{ signer: { subject: alice, issuer: sigstore.issuer }, log: {} }]);
    expect((await verify(repository, subject, trusting(bob))).rejected).toMatchObject([
      { code: 'IDENTITY_MISMATCH' },
    ]);
  },
);

test.each(['ecdsa-p256', 'ecdsa-p384', 'rsa', 'ed25519'] as const)(
  'a key of %s signs into the log',
  async (algorithm) => {
    const repository = memoryRepository('registry.test/app');
    const subject = await putImage(repository, 'app');
    const key = generateSigningKey(algorithm);
    const witnesses = { logs: [{ url: sigstore.url, version: 1 }] as const, timestampAuthorities: [] };
    await signImage(repository, subject, witnessedKeySigner(services, key, witnesses, root));
    const trust = { ...root, keys: [{ name: 'key', key: key.publicKey }] };
    expect((await verify(repository, subject, trust)).signatures).toMatchObject([{ log: { index: /\d/ } }]);
  },
);

test.each([1, 2] as const)(
  'a file signed by an Ed25519 key goes into Rekor v%d pre-hashed; a key that cannot do that signs nothing into it',
  async (version) => {
    const key = generateSigningKey('ed25519');
    const witnesses = { logs: [{ url: sigstore.url, version }], timestampAuthorities: [] };
    const bytes = new TextEncoder().encode(`file for version ${version}`);
    const { signed } = await signBlob(bytes, witnessedKeySigner(services, key, witnesses, root));
    expect(verifySignature(key.publicKey, bytes, signed.signature)).toBe('ed25519ph');
    const plain = { publicKey: key.publicKey, sign: (data: Uint8Array) => key.sign(data) };
    const asked: string[] = [];
    const watching: Services = {
      close: () => {},
      send: (request) => {
        asked.push(request.url.pathname);
        return services.send(request);
      },
    };
    const made = signBlob(bytes, witnessedKeySigner(watching, plain, witnesses, root));
    await expect(made).rejects.toMatchObject({ code: 'SIGNING_KEY_UNSUPPORTED' });
    expect(asked).toEqual([]);
  },
);

/** Signs an image for the second time, with `by` in between, and returns the code it fails with. */
async function failure(by: Services): Promise<string> {
  const repository = memoryRepository('registry.test/app');
  const [one, two] = [await putImage(repository, 'one'), await putImage(repository, 'two')];
  await signImage(repository, one, signer(alice, by));
  const before = repository.manifests.size;
  const error = await signImage(repository, two, signer(alice, by)).then(
    () => null,
    (reason: unknown) => reason as { code: string },
  );
  expect(repository.manifests.size).toBe(before);
  return error?.code ?? 'signed';
}

test('a log that gives the entry of another signature: nothing is stored', async () => {
  expect(await failure(replaying('/api/v1/log/entries'))).toBe('SIGNATURE_NOT_VERIFIABLE');
});

test('an authority that gives the timestamp of another signature: nothing is stored', async () => {
  expect(await failure(replaying('/api/v1/timestamp'))).toBe('SIGNATURE_NOT_VERIFIABLE');
});

test('a certificate for another key is not signed with', async () => {
  expect(await failure(replaying('/api/v2/signingCert'))).toBe('CERTIFICATE_UNUSABLE');
});

test('a certificate of an authority that is not trusted is not signed with, and nothing is logged', async () => {
  const asked: string[] = [];
  const watching: Services = {
    close: () => {},
    send: (request) => {
      asked.push(request.url.pathname);
      return services.send(request);
    },
  };
  const signing = signBlob(Uint8Array.of(1), signer(alice, watching, stranger));
  await expect(signing).rejects.toMatchObject({ code: 'CERTIFICATE_UNUSABLE' });
  expect(asked).toEqual(['/api/v2/signingCert']);
});

test('a certificate that no certificate log promised to hold is not signed with', async () => {
  root = {
    ...root,
    certificateLogs: parseTrustedRoot(readFileSync(stranger.trustedRootFile)).certificateLogs,
  };
  try {
    const signing = signBlob(Uint8Array.of(1), signer(alice));
    await expect(signing).rejects.toMatchObject({
      code: 'CERTIFICATE_UNUSABLE',
      message: expect.stringContaining('CERTIFICATE_LOG_MISSING'),
    });
  } finally {
    root = parseTrustedRoot(readFileSync(sigstore.trustedRootFile));
  }
});

test('a token the authority refuses stands in no message, even when the authority repeats it', async () => {
  const raw = await stranger.issueToken(alice);
  const repeating = tampering('/api/v2/signingCert', (answer) => ({
    ...answer,
    body: new TextEncoder().encode(JSON.stringify({ message: `bad token ${raw}` })),
  }));
  const refused = keylessSigner(repeating, {
    token: async () => parseIdentityToken(raw),
    fulcio: sigstore.url,
    witnesses: { logs: [], timestampAuthorities: [] },
    root,
  });
  const error = await signBlob(Uint8Array.of(1), refused).catch((reason: unknown) => reason as Error);
  expect(error).toMatchObject({
    code: 'IDENTITY_TOKEN_REFUSED',
    message: expect.stringContaining('bad token …'),
  });
  expect(String((error as Error).message)).not.toContain(raw);
});

test('a service that is down is a fault of its own', async () => {
  const down = keylessSigner(services, {
    token: async () => parseIdentityToken(await sigstore.issueToken(alice)),
    fulcio: 'http://127.0.0.1:1',
    witnesses: { logs: [], timestampAuthorities: [] },
    root,
  });
  await expect(signBlob(Uint8Array.of(1), down)).rejects.toMatchObject({
    code: 'SIGNING_SERVICE_UNREACHABLE',
  });
});

const never = new AbortController().signal;

test('sign, attest, sign-blob and attest-blob make what the verifying commands accept from their signer only', async () => {
  const registry = await startRegistry({ listen: '127.0.0.1:0' });
  try {
    const client = createRegistryClient({ environment: {} });
    const built = buildImage({ layers: [], platform: machinePlatform() });
    const image = `${registry.address}/app@${built.descriptor.digest}`;
    await pushImage(built, client.repository(`${registry.address}/app`), {});
    client.close();
    const write = (name: string, content: string) => writeFileSync(join(directory, name), content);
    write('id', await sigstore.issueToken(alice));
    write('file', 'content');
    write('sbom', '{"bomFormat":"CycloneDX"}');
    const services = ['--signing-config', sigstore.signingConfigFile];
    const root = ['--trusted-root', sigstore.trustedRootFile];
    const sign = [...services, ...root, '--identity-token', 'id'];
    const sbom = ['--type', 'cyclonedx', '--predicate', 'sbom'];
    const done = expect.objectContaining({ code: 0 });
    expect(await pratique('sign', ...sign, '--bundle', 'image.json', image)).toEqual(done);
    expect(await pratique('attest', ...sign, ...sbom, image)).toEqual(done);
    expect(await pratique('sign-blob', ...sign, '--bundle', 'blob.json', 'file')).toEqual(done);
    expect(await pratique('attest-blob', ...sign, ...sbom, '--bundle', 'said.json', 'file')).toEqual(done);
    const digest = built.descriptor.digest;
    const checks = [
      ['verify', image],
      ['verify-attestation', '--type', 'cyclonedx', image],
      ['verify-blob', '--bundle', 'blob.json', 'file'],
      ['verify-blob-attestation', '--type', 'cyclonedx', '--bundle', 'said.json', 'file'],
      ['verify-blob-attestation', '--type', signPredicateType, '--bundle', 'image.json', digest],
    ];
    for (const [command = '', ...args] of checks) {
      const by = (email: string) => [
        ...['--certificate-identity', email, '--certificate-oidc-issuer', sigstore.issuer],
        ...root,
      ];
      expect(await pratique(command, ...by(alice), ...args)).toEqual(done);
      expect(await pratique(command, ...by(bob), ...args)).not.toEqual(done);
    }
    const hex = createHash('sha256').update('content').digest('hex');
    const byDigest = ['--type', 'cyclonedx', '--bundle', 'said.json', '--digest', hex];
    const asked = ['--certificate-identity', alice, '--certificate-oidc-issuer', sigstore.issuer, ...root];
    expect(await pratique('verify-blob-attestation', ...asked, ...byDigest)).toEqual(done);
    expect(await pratique('verify-blob-attestation', ...asked, ...byDigest, 'file')).toMatchObject({
      code: 3,
    });
    const wrongType = ['--type', 'spdx', '--bundle', 'said.json', 'file'];
    expect(await pratique('verify-blob-attestation', ...asked, ...wrongType)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('PAYLOAD_TYPE_MISMATCH'),
    });
  } finally {
    await registry.close();
  }
});

test('a key with a certificate of its own signs as the identity in it, and with no other key’s', async () => {
  const [key, other] = [generateSigningKey(), generateSigningKey()];
  const { text } = await post(`${sigstore.url}/api/v2/signingCert`, certificateRequest(key, alice), {
    authorization: `Bearer ${await sigstore.issueToken(alice)}`,
  });
  const { signedCertificateEmbeddedSct } = JSON.parse(text) as {
    signedCertificateEmbeddedSct: { chain: { certificates: string[] } };
  };
  const [leaf, ...issuers] = signedCertificateEmbeddedSct.chain.certificates;
  const write = (name: string, content: string) => writeFileSync(join(directory, name), content);
  write('leaf.pem', leaf!);
  write('chain.pem', issuers.join(''));
  write('own.key', formatSigningKey(key, ''));
  write('other.key', formatSigningKey(other, ''));
  write('thing', 'content');
  const root = ['--trusted-root', sigstore.trustedRootFile];
  const services = ['--signing-config', sigstore.signingConfigFile, ...root];
  const certificate = ['--certificate', 'leaf.pem', '--certificate-chain', 'chain.pem'];
  const sign = (file: string, ...more: string[]) =>
    pratiqueIn({ COSIGN_PASSWORD: '' }, 'sign-blob', '--key', file, ...certificate, ...more, 'thing');
  const bundle = ['--bundle', 'thing.json'];
  expect(await sign('own.key', ...services, ...bundle)).toMatchObject({ code: 0 });
  const { verificationMaterial } = JSON.parse(readFileSync(join(directory, 'thing.json'), 'utf8'));
  expect(Object.keys(verificationMaterial)).toContain('certificate');
  expect(Object.keys(verificationMaterial)).not.toContain('x509CertificateChain');
  const by = (email: string) => [
    '--certificate-identity',
    email,
    '--certificate-oidc-issuer',
    sigstore.issuer,
  ];
  expect(await pratique('verify-blob', ...root, ...by(alice), ...bundle, 'thing')).toMatchObject({ code: 0 });
  expect(await pratique('verify-blob', ...root, ...by(bob), ...bundle, 'thing')).toMatchObject({ code: 2 });
  expect(await sign('other.key', ...services, ...bundle)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('CERTIFICATE_UNUSABLE'),
  });
  expect(await sign('own.key', ...bundle)).toMatchObject({ code: 3 });
});

test.each([
  ['sign', '--certificate', 'x', 'image'],
  ['attest', '--predicate', 'x', '--statement', 'y', 'image'],
  ['attest', 'image'],
  ['attest', '--predicate', 'x', '--no-upload', 'image'],
  ['attest', '--predicate', 'x', '--replace', 'image'],
  ['attest', '--predicate', 'x', '--type', 'sbom', 'image'],
  ['sign', '--upload=false', 'image'],
  ['sign', '--bundle', 'x', '--legacy', '-r', 'image'],
  ['sign', '--bundle', 'x', 'image', 'another'],
  ['sign-blob', 'file'],
  ['attest-blob', '--predicate', 'x', 'file'],
  ['sign', '--signing-config', 'x', '--rekor-url', 'https://rekor.test', 'image'],
])('%s %s is refused before anything is asked or written', async (...argv) => {
  expect(await pratique(...argv)).toMatchObject({ code: 3, stderr: expect.stringContaining('USAGE') });
});

const pratique = (...argv: string[]) => pratiqueIn({}, ...argv);

async function pratiqueIn(env: Readonly<Record<string, string>>, ...argv: string[]) {
  const terminal = testTerminal({ cwd: directory, env: { HOME: directory, ...env } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

test('without an identity or with a token that is none, signing says what is missing', async () => {
  const flags = ['--signing-config', sigstore.signingConfigFile, '--trusted-root', sigstore.trustedRootFile];
  expect(await pratique('sign', ...flags, '127.0.0.1:1/app:1')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('IDENTITY_TOKEN_MISSING'),
  });
  writeFileSync(join(directory, 'token'), 'not a token');
  const wrong = ['--identity-token', 'token', '127.0.0.1:1/app:1'];
  expect(await pratique('sign', ...flags, ...wrong)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('IDENTITY_TOKEN_INVALID'),
  });
});

/** Sends a form of our issuer's pages as somebody who knows the secret. */
async function submit(url: string, fields: URLSearchParams): Promise<void> {
  fields.set('email', alice);
  fields.set('secret', secretOf(alice));
  const response = await fetch(url, { method: 'POST', body: fields });
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('ogged in')]);
}

const client = (say: (text: string) => void) => ({
  services,
  issuer: sigstore.issuer,
  clientId: 'sigstore',
  clientSecret: null,
  say,
});

test('somebody logs in on our issuer’s page, in the browser', async () => {
  const openBrowser = async (page: string) => {
    const { origin, pathname, searchParams } = new URL(page);
    void submit(`${origin}${pathname}`, searchParams);
    return true;
  };
  const token = await logInWithBrowser(
    client(() => {}),
    { openBrowser },
  );
  expect(parseIdentityToken(token)).toMatchObject({ challenge: alice, issuer: sigstore.issuer });
});

test('somebody logs in on our issuer’s page, on another device', async () => {
  const token = await logInOnDevice(
    client((text) => {
      const [, code = ''] = /verification code (\S+) in your browser/.exec(text) ?? [];
      void submit(`${sigstore.issuer}/device`, new URLSearchParams({ user_code: code }));
    }),
  );
  expect(parseIdentityToken(token)).toMatchObject({ challenge: alice });
});

test('without files the services and the root are those that the Sigstore in use publishes', async () => {
  const published = await fetch(`${sigstore.url}/tuf/root.json`);
  writeFileSync(join(directory, 'root.json'), new Uint8Array(await published.arrayBuffer()));
  writeFileSync(join(directory, 'secret'), secretOf(alice));
  writeFileSync(join(directory, 'data'), 'content');
  const env = { TUF_MIRROR: `${sigstore.url}/tuf`, TUF_ROOT_JSON: 'root.json' };
  const logIn = ['--fulcio-auth-flow', 'client_credentials', '--oidc-client-id', alice];
  const bundle = ['--bundle', 'data.json', 'data'];
  expect(
    await pratiqueIn(env, 'sign-blob', ...logIn, '--oidc-client-secret-file', 'secret', ...bundle),
  ).toMatchObject({ code: 0, stderr: expect.stringContaining(`Signed by ${alice}`) });
  const who = ['--certificate-identity', alice, '--certificate-oidc-issuer', sigstore.issuer];
  expect(await pratiqueIn(env, 'verify-blob', ...who, ...bundle)).toMatchObject({ code: 0 });
});

function secretOf(email: string): string {
  return (JSON.parse(readFileSync(sigstore.peopleFile, 'utf8')) as Record<string, string>)[email]!;
}

test.each(['ecdsa-p256', 'ecdsa-p384', 'rsa', 'ed25519'] as const)(
  '--issue-certificate: a key of %s that is there already signs as the identity that asks, and not as a key',
  async (algorithm) => {
    const key = generateSigningKey(algorithm);
    const write = (name: string, content: string) => writeFileSync(join(directory, name), content);
    write('there.key', formatSigningKey(key, ''));
    write('there.pub', formatPublicKey(key.publicKey));
    write('id', await sigstore.issueToken(alice));
    write('thing', 'content');
    const root = ['--trusted-root', sigstore.trustedRootFile];
    const services = ['--signing-config', sigstore.signingConfigFile, ...root];
    const flags = ['--key', 'there.key', '--issue-certificate', '--identity-token', 'id', ...services];
    const sign = (...more: string[]) =>
      pratiqueIn({ COSIGN_PASSWORD: '' }, 'sign-blob', ...flags, '--bundle', 'there.json', ...more, 'thing');
    expect(await sign()).toMatchObject({ code: 0, stderr: expect.stringContaining(`Signed by ${alice}`) });
    const verify = (...who: string[]) =>
      pratique('verify-blob', ...root, ...who, '--bundle', 'there.json', 'thing');
    const by = (email: string) => [
      ...['--certificate-identity', email, '--certificate-oidc-issuer', sigstore.issuer],
    ];
    expect(await verify(...by(alice))).toMatchObject({ code: 0 });
    expect(await verify(...by(bob))).toMatchObject({ code: 2 });
    expect(await verify('--key', 'there.pub')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('CERTIFICATE_NOT_TRUSTED'),
    });
    const { verificationMaterial } = JSON.parse(readFileSync(join(directory, 'there.json'), 'utf8'));
    const { rawBytes } = verificationMaterial.certificate as { rawBytes: string };
    const { publicKey } = parseCertificate(Buffer.from(rawBytes, 'base64'));
    expect(publicKey.fingerprint).toBe(key.publicKey.fingerprint);
    expect(await sign('--certificate', 'leaf.pem')).toMatchObject({ code: 3 });
  },
);

test('--issue-certificate with the token of somebody else gives a certificate for somebody else', async () => {
  writeFileSync(join(directory, 'id'), await sigstore.issueToken(bob));
  const root = ['--trusted-root', sigstore.trustedRootFile];
  const services = ['--signing-config', sigstore.signingConfigFile, ...root];
  const flags = ['--key', 'there.key', '--issue-certificate', '--identity-token', 'id', ...services];
  const bundle = ['--bundle', 'there.json'];
  expect(await pratiqueIn({ COSIGN_PASSWORD: '' }, 'sign-blob', ...flags, ...bundle, 'thing')).toMatchObject({
    code: 0,
  });
  const asAlice = ['--certificate-identity', alice, '--certificate-oidc-issuer', sigstore.issuer];
  expect(await pratique('verify-blob', ...root, ...asAlice, ...bundle, 'thing')).toMatchObject({ code: 2 });
});

test('--insecure-skip-verify signs where no certificate log is known, and says so; verifying is as strict as ever', async () => {
  const document = JSON.parse(readFileSync(sigstore.trustedRootFile, 'utf8'));
  const { ctlogs } = JSON.parse(readFileSync(stranger.trustedRootFile, 'utf8'));
  writeFileSync(join(directory, 'other-ct.json'), JSON.stringify({ ...document, ctlogs }));
  writeFileSync(join(directory, 'id'), await sigstore.issueToken(alice));
  writeFileSync(join(directory, 'thing'), 'content');
  const root = ['--trusted-root', 'other-ct.json'];
  const flags = ['--signing-config', sigstore.signingConfigFile, ...root, '--identity-token', 'id'];
  const bundle = ['--bundle', 'skipped.json'];
  expect(await pratique('sign-blob', ...flags, ...bundle, 'thing')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('CERTIFICATE_LOG_MISSING'),
  });
  expect(await pratique('sign-blob', '--insecure-skip-verify', ...flags, ...bundle, 'thing')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('WARNING: --insecure-skip-verify'),
  });
  const asAlice = ['--certificate-identity', alice, '--certificate-oidc-issuer', sigstore.issuer];
  const verify = (...more: string[]) => pratique('verify-blob', ...asAlice, ...bundle, ...more, 'thing');
  expect(await verify(...root)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('CERTIFICATE_LOG_MISSING'),
  });
  expect(await verify(...root, '--insecure-ignore-sct')).toMatchObject({ code: 0 });
  expect(await verify('--trusted-root', sigstore.trustedRootFile)).toMatchObject({ code: 0 });
});

test('without a look at certificate logs, an authority must still be trusted and certify this key', async () => {
  const skipping = (by: Services, server = sigstore) =>
    keylessSigner(by, {
      token: async () => parseIdentityToken(await server.issueToken(alice)),
      fulcio: server.url,
      witnesses: { logs: [{ url: server.url, version: 1 }], timestampAuthorities: [] },
      root,
      certificateLogs: 0,
    });
  const bytes = Uint8Array.of(7);
  await expect(signBlob(bytes, skipping(services, stranger))).rejects.toMatchObject({
    code: 'CERTIFICATE_UNUSABLE',
  });
  const replayed = skipping(replaying('/api/v2/signingCert'));
  await signBlob(bytes, replayed);
  await expect(signBlob(bytes, replayed)).rejects.toMatchObject({ code: 'CERTIFICATE_UNUSABLE' });
});

test('a certificate whose promise is beside it is only taken where nobody looks for one', async () => {
  const detached = tampering('/api/v2/signingCert', (answer) => {
    const { signedCertificateEmbeddedSct } = JSON.parse(new TextDecoder().decode(answer.body));
    const body = { signedCertificateDetachedSct: signedCertificateEmbeddedSct };
    return { ...answer, body: new TextEncoder().encode(JSON.stringify(body)) };
  });
  await expect(signBlob(Uint8Array.of(1), signer(alice, detached))).rejects.toMatchObject({
    code: 'SIGNING_SERVICE_ANSWER',
  });
  const skipping = keylessSigner(detached, {
    token: async () => parseIdentityToken(await sigstore.issueToken(alice)),
    fulcio: sigstore.url,
    witnesses: { logs: [{ url: sigstore.url, version: 1 }], timestampAuthorities: [] },
    root,
    certificateLogs: 0,
  });
  const { signed } = await signBlob(Uint8Array.of(1), skipping);
  expect(signed.certificate).not.toBeNull();
});

test('--rekor-url: the log has the entry of a signature that does not carry one; what it answers must be that entry', async () => {
  const registry = await startRegistry({ listen: '127.0.0.1:0' });
  const answers = new Map<string, string>();
  // A log that gives whatever entry it was told to.
  const lying = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(answers.get('lie'));
  });
  await new Promise<void>((done) => lying.listen(0, '127.0.0.1', done));
  const lyingUrl = `http://127.0.0.1:${(lying.address() as AddressInfo).port}`;
  try {
    const write = (name: string, content: string) => writeFileSync(join(directory, name), content);
    const root = ['--trusted-root', sigstore.trustedRootFile];
    const sign = [
      '--rekor-url',
      sigstore.url,
      '--fulcio-url',
      sigstore.url,
      ...root,
      '--identity-token',
      'id',
    ];
    const parts = (name: string) => [
      '--output-signature',
      `${name}.sig`,
      '--output-certificate',
      `${name}.pem`,
    ];
    const given = (name: string) => ['--signature', `${name}.sig`, '--certificate', `${name}.pem`];
    const by = (email: string) => [
      '--certificate-identity',
      email,
      '--certificate-oidc-issuer',
      sigstore.issuer,
    ];
    const ask = (url: string) => ['--rekor-url', url];
    const refused = (code: number, reason: string) => ({ code, stderr: expect.stringContaining(reason) });

    for (const name of ['one', 'two']) {
      write('id', await sigstore.issueToken(alice));
      write(name, `content of ${name}`);
      expect(await pratique('sign-blob', ...sign, ...parts(name), name)).toMatchObject({ code: 0 });
    }
    const blob = (email: string, ...more: string[]) =>
      pratique('verify-blob', ...root, ...by(email), ...given('one'), ...more, 'one');
    expect(await blob(alice)).toMatchObject(refused(2, 'LOG_ENTRY_REQUIRED'));
    expect(await blob(alice, ...ask(sigstore.url))).toMatchObject({ code: 0 });
    expect(await blob(bob, ...ask(sigstore.url))).toMatchObject(refused(2, 'IDENTITY_MISMATCH'));
    expect(await blob(alice, ...ask(sigstore.url), '--offline')).toMatchObject(
      refused(2, 'LOG_ENTRY_REQUIRED'),
    );
    // Another log knows nothing of it, and none at all is no answer.
    expect(await blob(alice, ...ask(stranger.url))).toMatchObject(refused(2, 'LOG_ENTRY_REQUIRED'));
    expect(await blob(alice, ...ask('http://127.0.0.1:1'))).toMatchObject(
      refused(1, 'SIGNING_SERVICE_UNREACHABLE'),
    );

    const entryAt = async (index: number) =>
      await (await fetch(`${sigstore.url}/api/v1/log/entries?logIndex=${index}`)).text();
    // In base64, as the log has it.
    const leaf = readFileSync(join(directory, 'one.pem'), 'utf8').trim();
    const bodies: string[] = [];
    for (let index = 0; ; index++) {
      const text = await entryAt(index);
      if (!text.includes('"body"')) break;
      bodies.push(text);
    }
    const isOne = (text: string) => {
      const [entry] = Object.values(JSON.parse(text) as Record<string, { body: string }>);
      const body = Buffer.from(entry!.body, 'base64').toString();
      return body.includes(leaf);
    };
    const own = bodies.find(isOne)!;
    const others = bodies.filter((text) => !isOne(text));
    answers.set('lie', `[${own}]`);
    expect(await blob(alice, ...ask(lyingUrl))).toMatchObject({ code: 0 });
    answers.set('lie', `[${others.at(-1)}]`);
    expect(await blob(alice, ...ask(lyingUrl))).toMatchObject(refused(2, 'LOG_ENTRY_MISMATCH'));
    const time = /"integratedTime":\s*(\d+)/.exec(own)![1]!;
    answers.set('lie', `[${own.replace(time, String(Number(time) + 1))}]`);
    expect(await blob(alice, ...ask(lyingUrl))).toMatchObject(refused(2, 'LOG_PROMISE_INVALID'));
    answers.set('lie', '{}');
    expect(await blob(alice, ...ask(lyingUrl))).toMatchObject(refused(1, 'SIGNING_SERVICE_ANSWER'));

    const client = createRegistryClient({ environment: {} });
    const built = buildImage({ layers: [], platform: machinePlatform() });
    const image = `${registry.address}/app@${built.descriptor.digest}`;
    await pushImage(built, client.repository(`${registry.address}/app`), {});
    client.close();
    write('id', await sigstore.issueToken(alice));
    const files = [...parts('image'), '--output-payload', 'image.json', '--upload=false', '--legacy'];
    expect(await pratique('sign', ...sign, ...files, image)).toMatchObject({ code: 0 });
    const verify = (...more: string[]) =>
      pratique('verify', ...root, ...by(alice), ...given('image'), '--payload', 'image.json', ...more, image);
    expect(await verify()).toMatchObject(refused(12, 'LOG_ENTRY_REQUIRED'));
    expect(await verify(...ask(sigstore.url))).toMatchObject({ code: 0 });
    answers.set('lie', `[${own}]`);
    expect(await verify(...ask(lyingUrl))).toMatchObject(refused(12, 'LOG_ENTRY_MISMATCH'));
  } finally {
    lying.close();
    await registry.close();
  }
});

test.each([
  ['y', [], 0],
  ['Yes', [], 0],
  ['n', [], 1],
  ['', [], 1],
  ['sure', [], 1],
  ['n', ['-y'], 0],
  ['n', ['--tlog-upload=false'], 0],
] as const)(
  'somebody who answers “%s” when asked whether their name may be in a log, with %j: exit code %d',
  async (answer, more, code) => {
    writeFileSync(join(directory, 'id'), await sigstore.issueToken(alice));
    writeFileSync(join(directory, 'agreed'), `${answer} ${more.join(' ')}`);
    const env = { HOME: directory };
    const terminal = testTerminal({ cwd: directory, env, answer });
    const services = [
      '--signing-config',
      sigstore.signingConfigFile,
      '--trusted-root',
      sigstore.trustedRootFile,
    ];
    const flags = [...services, '--identity-token', 'id', '--bundle', 'agreed.json', ...more];
    rmSync(join(directory, 'agreed.json'), { force: true });
    expect(await run(['sign-blob', ...flags, 'agreed'], terminal, never), terminal.stderr).toBe(code);
    expect(terminal.stderr.includes('Go on?')).toBe(more.length === 0);
    expect(terminal.stderr.includes('DECLINED')).toBe(code === 1);
    expect(existsSync(join(directory, 'agreed.json'))).toBe(code === 0);
  },
);

test.each([
  ['intoto', 'intoto'],
  ['dsse', 'dsse'],
])(
  '--rekor-entry-type %s: the attestation is in the log as that, and verifies for its signer only',
  async (type, kind) => {
    const write = (name: string, content: string) => writeFileSync(join(directory, name), content);
    write('id', await sigstore.issueToken(alice));
    write('logged', `content for ${type}`);
    write('said', '{"a":1}');
    const services = [
      '--signing-config',
      sigstore.signingConfigFile,
      '--trusted-root',
      sigstore.trustedRootFile,
    ];
    const flags = [...services, '--identity-token', 'id', '--predicate', 'said', '--type', 'custom'];
    const bundle = ['--bundle', `${type}.json`];
    const attested = await pratique('attest-blob', ...flags, ...bundle, '--rekor-entry-type', type, 'logged');
    expect(attested).toMatchObject({ code: 0 });
    const { verificationMaterial } = JSON.parse(readFileSync(join(directory, `${type}.json`), 'utf8'));
    expect(verificationMaterial.tlogEntries[0].kindVersion.kind).toBe(kind);
    const verify = (email: string) =>
      pratique(
        ...['verify-blob-attestation', '--trusted-root', sigstore.trustedRootFile, '--type', 'custom'],
        ...['--certificate-identity', email, '--certificate-oidc-issuer', sigstore.issuer],
        ...[...bundle, 'logged'],
      );
    expect(await verify(alice)).toMatchObject({ code: 0 });
    expect(await verify(bob)).toMatchObject({ code: 2 });
  },
);

test('--rekor-entry-type intoto asks no log that is Rekor v2', async () => {
  writeFileSync(join(directory, 'id'), await sigstore.issueToken(alice));
  const rekorV2 = join(directory, 'sigstore', 'signing_config_rekor_v2.v0.2.json');
  const config = JSON.parse(readFileSync(rekorV2, 'utf8'));
  const only = config.rekorTlogUrls.filter((log: { majorApiVersion: number }) => log.majorApiVersion === 2);
  writeFileSync(join(directory, 'v2.json'), JSON.stringify({ ...config, rekorTlogUrls: only }));
  const flags = [
    '--signing-config',
    'v2.json',
    '--trusted-root',
    sigstore.trustedRootFile,
    '--predicate',
    'said',
  ];
  const attest = ['attest-blob', ...flags, '--identity-token', 'id', '--bundle', 'v2-bundle.json'];
  expect(await pratique(...attest, '--rekor-entry-type', 'intoto', 'logged')).toMatchObject({ code: 3 });
  expect(await pratique(...attest, 'logged')).toMatchObject({ code: 0 });
});

test('sign --legacy --bundle without a key: certificate and log entry are those of the signature', async () => {
  const registry = await startRegistry({ listen: '127.0.0.1:0' });
  try {
    const client = createRegistryClient({ environment: {} });
    const built = buildImage({ layers: [], platform: machinePlatform() });
    const image = `${registry.address}/app@${built.descriptor.digest}`;
    await pushImage(built, client.repository(`${registry.address}/app`), {});
    client.close();
    writeFileSync(join(directory, 'id'), await sigstore.issueToken(alice));
    const root = ['--trusted-root', sigstore.trustedRootFile];
    const services = ['--rekor-url', sigstore.url, '--fulcio-url', sigstore.url, ...root];
    const files = ['--bundle', 'old.json', '--output-certificate', 'old.pem'];
    const flags = ['--legacy', '--upload=false', ...services, '--identity-token', 'id', ...files];
    expect(await pratique('sign', ...flags, image)).toMatchObject({ code: 0 });
    const { base64Signature, cert, rekorBundle } = JSON.parse(
      readFileSync(join(directory, 'old.json'), 'utf8'),
    );
    const pem = `-----BEGIN CERTIFICATE-----\n${cert.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;
    expect(readFileSync(join(directory, 'old.pem'), 'utf8')).toBe(pem);
    expect(rekorBundle).toMatchObject({ Payload: { logIndex: expect.any(Number) } });
    const attach = ['attach', 'signature', '--signature', base64Signature, '--certificate', 'old.pem'];
    const verify = () =>
      pratique(
        ...['verify', ...root, '--certificate-identity', alice],
        ...['--certificate-oidc-issuer', sigstore.issuer, image],
      );
    expect(await verify()).toMatchObject({ code: 10 });
    expect(await pratique(...attach, '--rekor-response', 'old.json', image)).toMatchObject({ code: 0 });
    expect(await verify()).toMatchObject({ code: 0 });
  } finally {
    await registry.close();
  }
});
