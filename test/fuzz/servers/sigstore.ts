import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import {
  decodeBase64,
  derWriter,
  distinguishedName,
  encodeBase64,
  equalBytes,
  formatPem,
  formatPublicKey,
  formatTimestampRequest,
  generateSigningKey,
  leafHash,
  parseCertificate,
  parsePem,
  parseTimestampRequest,
  parseTimestampResponse,
  preAuthEncoding,
  subjectAltNames,
  toHex,
} from '@pratique/crypto';
import { startSigstoreServer } from '@pratique/sigstore-server';
import type { Random } from './random.ts';
import type { Request } from './request.ts';
import { isBare, jsonOf, routeOf, type Target } from './target.ts';

const alice = 'alice@example.test';
const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');
const hashDigits: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

const utf8 = (text: string) => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');

/** Keys of all kinds that logs and the authority take, made once: RSA is slow to make. */
const keys = (['ecdsa-p256', 'ecdsa-p384', 'ed25519', 'rsa'] as const).map((kind) =>
  generateSigningKey(kind),
);

/** A private Sigstore on a directory of its own, with one person in it. */
export async function sigstoreTarget(directory: string): Promise<Target> {
  const faults: unknown[] = [];
  const open = () =>
    startSigstoreServer({
      listen: '127.0.0.1:0',
      directory,
      people: [alice],
      log: ({ fault }) => {
        if (fault !== undefined) faults.push(fault);
      },
    });
  let server = await open();
  const secret = (JSON.parse(readFileSync(server.peopleFile, 'utf8')) as Record<string, string>)[alice]!;
  /** Bodies of acknowledged entries, by index. */
  const logged = { v1: new Map<number, string>(), v2: new Map<number, string>() };
  const uuids: string[] = [];
  const codes: string[] = [];
  const devices: { code: string; user: string }[] = [];
  let serial = 0;

  const signed = (random: Random) => {
    const key = random.pick(keys);
    return { key, data: utf8(`entry ${serial++}`), pem: formatPublicKey(key.publicKey) };
  };
  const envelopeOf = (payload: Uint8Array, type: string, key: (typeof keys)[number]) => ({
    payload: base64(payload),
    payloadType: type,
    signatures: [{ sig: encodeBase64(key.sign(preAuthEncoding(type, payload))), keyid: 'k' }],
  });
  const statement = (random: Random) =>
    utf8(
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: 'a', digest: { sha256: toHex(random.bytes(32)) } }],
        predicateType: 'https://slsa.dev/provenance/v0.2',
        predicate: { materials: [{ uri: 'a', digest: { sha1: toHex(random.bytes(20)) } }] },
      }),
    );
  const entriesV1: readonly ((random: Random) => unknown)[] = [
    (random) => {
      const { key, data, pem } = signed(random);
      const algorithm = key.publicKey.algorithm === 'ecdsa-p384' ? 'sha384' : 'sha256';
      const value = createHash(algorithm).update(data).digest('hex');
      const signature = { content: encodeBase64(key.sign(data)), publicKey: { content: base64(pem) } };
      return {
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: { data: { hash: { algorithm, value } }, signature },
      };
    },
    (random) => {
      const { key, pem } = signed(random);
      const envelope = JSON.stringify(envelopeOf(statement(random), 'application/vnd.in-toto+json', key));
      return {
        apiVersion: '0.0.1',
        kind: 'dsse',
        spec: { proposedContent: { envelope, verifiers: [base64(pem)] } },
      };
    },
    (random) => {
      const { key, pem } = signed(random);
      const payloadType = 'application/vnd.in-toto+json';
      const { payload, signatures } = envelopeOf(statement(random), payloadType, key);
      const sig = signatures[0]!.sig;
      return {
        apiVersion: '0.0.2',
        kind: 'intoto',
        spec: {
          content: {
            envelope: {
              payloadType,
              payload: base64(payload),
              signatures: [{ sig: base64(sig), publicKey: base64(pem) }],
            },
            hash: { algorithm: 'sha256', value: toHex(random.bytes(32)) },
          },
        },
      };
    },
    () => ({ apiVersion: '0.0.1', kind: 'rfc3161', spec: { tsr: { content: base64(timestamp) } } }),
  ];
  const entriesV2: readonly ((random: Random) => unknown)[] = [
    (random) => {
      const { key, verifier } = verifierV2(random);
      const data = utf8(`entry ${serial++}`);
      const digest = createHash(verifier.keyDetails.includes('384') ? 'sha384' : 'sha256')
        .update(data)
        .digest('base64');
      return {
        hashedRekordRequestV002: { digest, signature: { content: encodeBase64(key.sign(data)), verifier } },
      };
    },
    (random) => {
      const { key, verifier } = verifierV2(random);
      const payload = statement(random);
      return {
        dsseRequestV002: {
          envelope: envelopeOf(payload, 'application/vnd.in-toto+json', key),
          verifiers: [verifier],
        },
      };
    },
  ];
  const authorize = () => ({
    client_id: 'sigstore',
    response_type: 'code',
    redirect_uri: 'http://localhost:1234/auth/callback',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 's',
    nonce: 'n',
    scope: 'openid email',
  });
  const certificateRequest = async (random: Random): Promise<Request> => {
    const { key } = signed(random);
    const proof = encodeBase64(key.sign(utf8(alice)));
    const headers = { Authorization: `Bearer ${await server.issueToken(alice)}` };
    const csr = { certificateSigningRequest: base64(signingRequest(key)) };
    if (random.chance(0.5)) {
      const publicKey = { content: base64(formatPublicKey(key.publicKey)) };
      const json = random.chance(0.5) ? csr : { publicKey, signedEmailAddress: proof };
      return { method: 'POST', path: '/api/v1/signingCert', headers, body: { json } };
    }
    const publicKey = { algorithm: 'ECDSA', content: formatPublicKey(key.publicKey) };
    const json = random.chance(0.5) ? csr : { publicKeyRequest: { publicKey, proofOfPossession: proof } };
    return { method: 'POST', path: '/api/v2/signingCert', headers, body: { json } };
  };
  const get = (path: string) => (): Request => ({ method: 'GET', path });
  const hash = () => encodeURIComponent(base64(leafHash(utf8('x'))));
  const routes: readonly ((random: Random) => Request | Promise<Request>)[] = [
    ...[
      '/healthz',
      '/readyz',
      '/metrics',
      '/api/v1/rootCert',
      '/api/v2/trustBundle',
      '/api/v2/configuration',
    ].map(get),
    ...[
      '/api/v1/log',
      '/api/v1/log/publicKey',
      '/api/v1/log/proof?firstSize=1&lastSize=2',
      '/api/v1/timestamp/certchain',
    ].map(get),
    ...['/oidc/.well-known/openid-configuration', '/oidc/keys', '/ct/v1/get-sth', '/ct/v1/get-roots'].map(
      get,
    ),
    ...[
      '/ct/v1/get-entries?start=0&end=5',
      '/ct/v1/get-sth-consistency?first=1&second=2',
      '/tuf/1.root.json',
    ].map(get),
    () => get(`/ct/v1/get-proof-by-hash?tree_size=1&hash=${hash()}`)(),
    ...['/tuf/timestamp.json', '/tuf/targets/x', '/tiles/rekor/checkpoint', '/api/v2/checkpoint'].map(get),
    ...[
      '/tiles/rekor/tile/0/000.p/1',
      '/tiles/ctlog/tile/entries/000.p/1',
      '/api/v2/tile/entries/x001/000',
    ].map(get),
    ...[
      '/api/v1/search?identity=*@example.test&limit=3',
      '/api/v1/search?digest=sha256:aa&key=sha256:bb',
    ].map(get),
    (random) => get(`/api/v1/log/entries/${random.pick([...uuids, 'a'.repeat(64)])}`)(),
    (random) => get(`/api/v1/log/entries?logIndex=${random.below(20)}`)(),
    (random) => ({
      method: 'POST',
      path: '/api/v1/log/entries',
      body: { json: random.pick(entriesV1)(random) },
    }),
    (random) => ({
      method: 'POST',
      path: '/api/v1/log/entries',
      body: { json: random.pick(entriesV1)(random) },
    }),
    (random) => ({
      method: 'POST',
      path: '/api/v1/log/entries/retrieve',
      body: {
        json: {
          entryUUIDs: uuids.slice(0, 2),
          logIndexes: [0, 1],
          entries: [random.pick(entriesV1)(random)],
        },
      },
    }),
    (random) => ({
      method: 'POST',
      path: '/api/v1/index/retrieve',
      body: {
        json: {
          email: alice,
          hash: `sha256:${toHex(random.bytes(32))}`,
          publicKey: { format: 'x509', content: base64(formatPublicKey(random.pick(keys).publicKey)) },
          operator: random.pick(['and', 'or']),
        },
      },
    }),
    (random) => ({
      method: 'POST',
      path: '/api/v2/log/entries',
      body: { json: random.pick(entriesV2)(random) },
    }),
    (random) => ({
      method: 'POST',
      path: '/api/v2/log/entries',
      body: { json: random.pick(entriesV2)(random) },
    }),
    certificateRequest,
    certificateRequest,
    (random) => ({
      method: 'POST',
      path: '/api/v1/timestamp',
      headers: { 'Content-Type': 'application/timestamp-query' },
      body: { der: formatTimestampRequest(random.bytes(8)) },
    }),
    (random) => ({
      method: 'POST',
      path: '/api/v1/timestamp',
      body: { json: { artifactHash: base64(random.bytes(32)), hashAlgorithm: 'sha256', certificates: true } },
    }),
    () => ({ method: 'GET', path: `/oidc/authorize?${new URLSearchParams(authorize())}` }),
    () => ({
      method: 'POST',
      path: '/oidc/authorize',
      body: { form: { ...authorize(), email: alice, secret } },
    }),
    () => ({
      method: 'POST',
      path: '/oidc/device/code',
      body: { form: { client_id: 'sigstore', code_challenge: challenge, code_challenge_method: 'S256' } },
    }),
    (random) => get(`/oidc/device?user_code=${random.pick([...devices, { user: 'BCDF-GHJK' }]).user}`)(),
    (random) => ({
      method: 'POST',
      path: '/oidc/device',
      body: { form: { user_code: random.pick([...devices, { user: 'x' }]).user, email: alice, secret } },
    }),
    (random) => ({
      method: 'POST',
      path: '/oidc/token',
      body: {
        form: random.pick<Record<string, string>>([
          { grant_type: 'client_credentials', client_id: alice, client_secret: secret },
          {
            grant_type: 'authorization_code',
            client_id: 'sigstore',
            code: codes.shift() ?? 'x',
            redirect_uri: authorize().redirect_uri,
            code_verifier: 'v'.repeat(43),
          },
          {
            grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
            client_id: 'sigstore',
            device_code: random.pick([...devices, { code: 'x' }]).code,
            code_verifier: 'v'.repeat(43),
          },
        ]),
      },
    }),
  ];
  const stamp = await fetch(`${server.url}/api/v1/timestamp`, {
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query' },
    body: Uint8Array.from(formatTimestampRequest(utf8('stamped'))),
  });
  const timestamp = new Uint8Array(await stamp.arrayBuffer());

  const note = (log: Map<number, string>, index: number, body: string): string | undefined => {
    if (log.has(index) && log.get(index) !== body) return `index ${index} has two entries`;
    log.set(index, body);
    const problem = problemOfBody(JSON.parse(Buffer.from(body, 'base64').toString('utf8')));
    return problem === undefined ? undefined : `it was logged: ${problem}`;
  };
  return {
    name: 'sigstore',
    get endpoint() {
      return { url: server.url };
    },
    request: (random) => random.pick(routes)(random),
    faults: () => faults.splice(0),
    judge({ method, path, body }, answer, damaged) {
      if (answer === undefined) return undefined;
      const { status, headers } = answer;
      const type = headers['content-type'] ?? '';
      const route = routeOf(path);
      const json = jsonOf(answer) as Record<string, never> | undefined;
      if (method === 'POST' && route === '/api/v1/log/entries' && status === 201) {
        const [uuid, entry] = Object.entries(json ?? {})[0] as [string, { logIndex: number; body: string }];
        if (uuids.length < 50) uuids.push(uuid);
        return note(logged.v1, entry.logIndex, entry.body);
      }
      if (method === 'POST' && route === '/api/v2/log/entries' && status === 201) {
        const entry = json as unknown as { logIndex: string; canonicalizedBody: string };
        return note(logged.v2, Number(entry.logIndex), entry.canonicalizedBody);
      }
      if (route.endsWith('/signingCert') && (status === 200 || status === 201))
        return problemOfCertificate(answer.body);
      if (
        route === '/api/v1/timestamp' &&
        status === 201 &&
        body !== undefined &&
        'der' in body &&
        !damaged
      ) {
        const { imprint } = parseTimestampResponse(new Uint8Array(answer.body));
        if (!equalBytes(imprint.digest, parseTimestampRequest(body.der).imprint))
          return 'the timestamp is of something else';
      }
      if (method === 'POST' && route === '/oidc/authorize' && status === 303) {
        const target = new URL(headers.location ?? '');
        if (target.hostname !== 'localhost') return `the code went to ${target.host}`;
        codes.push(target.searchParams.get('code') ?? '');
      }
      if (route === '/oidc/device/code' && status === 200) {
        const { device_code, user_code } = json as unknown as { device_code: string; user_code: string };
        devices.push({ code: device_code, user: user_code });
        if (devices.length > 20) devices.shift();
      }
      if (status < 400 || isBare(answer) || method === 'HEAD') return undefined;
      if (route.startsWith('/oidc/') && (type.startsWith('text/html') || typeof json?.['error'] === 'string'))
        return undefined;
      if (typeof json?.['code'] === 'number' && typeof json['message'] === 'string') return undefined;
      return 'the answer has not the form of the API';
    },
    async finish() {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      const failed = metrics.split('\n').filter((line) => line.includes('status="5xx"'));
      if (failed.length > 0) throw new Error(`answers that nobody waited for: ${failed.join(', ')}`);
      await server.close();
      server = await open();
      try {
        for (const [index, body] of logged.v1) {
          const found = await fetch(`${server.url}/api/v1/log/entries?logIndex=${index}`);
          const [entry] = Object.values((await found.json()) as Record<string, { body: string }>);
          if (entry?.body !== body)
            throw new Error(`entry ${index} of Rekor v1 was acknowledged, and is another now`);
        }
        const size = Number((await (await fetch(`${server.url}/api/v2/checkpoint`)).text()).split('\n')[1]);
        for (const index of logged.v2.keys())
          if (index >= size)
            throw new Error(`entry ${index} of Rekor v2 was acknowledged, and the log has ${size}`);
      } finally {
        await server.close();
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

const detailsV2: Readonly<Record<string, string>> = {
  'ecdsa-p256': 'PKIX_ECDSA_P256_SHA_256',
  'ecdsa-p384': 'PKIX_ECDSA_P384_SHA_384',
};

function verifierV2(random: Random) {
  const key = random.pick(keys.filter(({ publicKey }) => Object.hasOwn(detailsV2, publicKey.algorithm)));
  const keyDetails = detailsV2[key.publicKey.algorithm]!;
  return { key, verifier: { publicKey: { rawBytes: encodeBase64(key.publicKey.spki) }, keyDetails } };
}

/** PKCS #10 by `key`, with a name of somebody else in it. */
function signingRequest(key: (typeof keys)[number]): string {
  const { bitString, explicit, objectIdentifier, sequence, unsignedInteger } = derWriter;
  const info = sequence(
    unsignedInteger(Uint8Array.of(0)),
    distinguishedName('eve@example.test'),
    key.publicKey.spki,
    explicit(0),
  );
  const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
  return formatPem('CERTIFICATE REQUEST', sequence(info, algorithm, bitString(key.sign(info))));
}

/** Only Alice ever showed who she is. */
function problemOfCertificate(body: Buffer): string | undefined {
  const text = body.toString('utf8');
  const pem = text.startsWith('{')
    ? (JSON.parse(text) as { signedCertificateEmbeddedSct: { chain: { certificates: string[] } } })
        .signedCertificateEmbeddedSct.chain.certificates[0]!
    : text;
  const names = subjectAltNames(parseCertificate(parsePem(pem, 'the answer')[0].bytes));
  const isHers = names.length === 1 && names[0]?.value === alice;
  return isHers ? undefined : `a certificate for ${JSON.stringify(names)}`;
}

/** Whether what is in a log is what its kind says. */
function problemOfBody(document: unknown): string | undefined {
  const { kind, apiVersion, spec } = document as {
    kind: string;
    apiVersion: string;
    spec: Record<string, unknown>;
  };
  if (kind === 'hashedrekord' && apiVersion === '0.0.1') {
    const { hash } = spec['data'] as { hash: { algorithm: string; value: string } };
    if (hash.value.length !== hashDigits[hash.algorithm])
      return `a ${hash.algorithm} of ${hash.value.length} digits`;
    const { content } = spec['signature'] as { content: string };
    decodeBase64(content, 'the signature');
  }
  if (kind === 'dsse') {
    const { signatures } = (spec['dsseV002'] ?? spec) as { signatures: unknown[] };
    if (signatures.length === 0) return 'an envelope that nobody signed';
  }
  return undefined;
}
