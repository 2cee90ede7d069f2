import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Admission, startAdmission } from '../../packages/admission/src/index.ts';
import { createSelfSigned, formatPublicKey, generateSigningKey } from '../../packages/crypto/src/index.ts';
import {
  buildImageManifest,
  createRegistryClient,
  describeBytes,
  namespaceSecrets,
  parseReference,
} from '../../packages/oci/src/index.ts';
import { createGate, loadTrust } from '../../packages/policy/src/index.ts';
import { basicAuth, startRegistry } from '../../packages/registry/src/index.ts';
import { keySigner, signImage } from '../../packages/sigstore/src/index.ts';

/*
 * A cluster whose ClusterImagePolicies stay as policy-controller had them: signatures in a registry of their own, which
 * lets in who has the pull secret of the namespace; a policy for front ends alone; a policy over what they found.
 */
const folder = mkdtempSync(join(tmpdir(), 'pratique-cip-'));
const team = generateSigningKey();
const tls = createSelfSigned({ names: ['127.0.0.1'] });
const images = await startRegistry({ listen: '127.0.0.1:0' });
const signatures = await startRegistry({
  listen: '127.0.0.1:0',
  auth: basicAuth({ reader: 'secret-of-web', writer: 'w' }),
});

/** The API server: Secrets by namespace. */
const base64 = (text: string) => Buffer.from(text).toString('base64');
const pullSecret = (password: string) => ({
  type: 'kubernetes.io/dockerconfigjson',
  data: {
    '.dockerconfigjson': base64(
      JSON.stringify({ auths: { [signatures.address]: { username: 'reader', password } } }),
    ),
  },
});
const secrets: Record<string, object> = { web: pullSecret('secret-of-web'), stale: pullSecret('changed') };
const api = createServer({ cert: tls.certificatePem, key: tls.privateKeyPem }, ({ url }, response) => {
  const namespace = /^\/api\/v1\/namespaces\/([a-z]+)\/secrets\/signatures$/.exec(url ?? '')?.[1] ?? '';
  const secret = secrets[namespace];
  response.writeHead(secret === undefined ? 404 : 200).end(JSON.stringify(secret ?? {}));
});
await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
const claims = Buffer.from(JSON.stringify({ sub: 'system:serviceaccount:pratique:webhook' }));
writeFileSync(join(folder, 'token'), `e30.${claims.toString('base64url')}.s`);
writeFileSync(join(folder, 'ca.crt'), tls.caPem);
const cluster = {
  KUBERNETES_SERVICE_HOST: '127.0.0.1',
  KUBERNETES_SERVICE_PORT: String((api.address() as AddressInfo).port),
};

const pinned: Record<string, string> = {};

async function push(name: string): Promise<void> {
  const repository = createRegistryClient().repository(parseReference(`${images.address}/acme/${name}`));
  const config = new TextEncoder().encode(
    JSON.stringify({ os: 'linux', architecture: 'amd64', config: { User: '1000', Labels: { name } } }),
  );
  const descriptor = describeBytes(config, 'application/vnd.oci.image.config.v1+json');
  await repository.putBlob(descriptor, config);
  const built = buildImageManifest({ config: descriptor, layers: [] });
  const subject = await repository.putManifest(built.bytes, built.descriptor.mediaType, { tag: '1' });
  pinned[name] = `${images.address}/acme/${name}@${subject.digest}`;
  if (name === 'unsigned') return;
  const writer = createRegistryClient({ credentials: { username: 'writer', password: 'w' } });
  await signImage(repository, subject, keySigner(team), {
    format: 'legacy',
    tagPrefix: 'acme-',
    signatureRepository: writer.repository(parseReference(`${signatures.address}/signatures`)),
  });
}

const policies = `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: { name: front-ends }
spec:
  images: [{ glob: "${images.address}/acme/**" }]
  match:
    - { version: v1, resource: pods, selector: { matchLabels: { tier: front } } }
    - { group: apps, version: v1, resource: deployments, selector: { matchExpressions: [{ key: tier, operator: In, values: [front] }] } }
  authorities:
    - name: team
      source: [{ oci: ${signatures.address}/signatures, tagPrefix: acme-, signaturePullSecrets: [{ name: signatures }] }]
      key:
        data: |
${formatPublicKey(team.publicKey).trim().replace(/^/gm, '          ')}
  policy:
    type: rego
    fetchConfigFile: true
    includeSpec: true
    data: |
      package sigstore

      isCompliant[{"result": ok, "error": "a front end runs as somebody, and not on the network of its node"}] {
        count(input.authorityMatches.team.signatures) == 1
        input.config["linux/amd64"].config.User == "1000"
        ok := object.get(input.spec, "hostNetwork", false) == false
      }
---
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: { name: everything-else }
spec:
  images: [{ glob: "${images.address}/acme/**" }]
  authorities: [{ static: { action: pass } }]
`;

let admission: Admission;
beforeAll(async () => {
  await push('signed');
  await push('unsigned');
  writeFileSync(join(folder, 'cip.yaml'), policies);
  writeFileSync(join(folder, 'tls.crt'), tls.certificatePem);
  writeFileSync(join(folder, 'tls.key'), tls.privateKeyPem);
});
beforeEach(async () => {
  const client = createRegistryClient();
  const gate = createGate({
    trust: await loadTrust(join(folder, 'cip.yaml')),
    openRepository: (reference, keychain) => client.repository(reference, keychain),
    namespaceSecrets: namespaceSecrets(cluster, folder),
    localRegistries: 'ask',
  });
  admission = await startAdmission({
    gate,
    listen: '127.0.0.1:0',
    tls: { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') },
  });
  return async () => {
    await admission.close();
    client.close();
  };
});
afterAll(async () => {
  api.closeAllConnections();
  api.close();
  await Promise.all([images.close(), signatures.close()]);
  rmSync(folder, { recursive: true });
});

interface Asked {
  readonly image: 'signed' | 'unsigned';
  readonly tier?: string;
  readonly namespace?: string;
  readonly hostNetwork?: boolean;
  readonly kind?: 'Pod' | 'Deployment';
}

/** What the webhook says to the API server: allowed, or the codes of its message. */
async function review({
  image,
  tier,
  namespace = 'web',
  hostNetwork,
  kind = 'Pod',
}: Asked): Promise<unknown> {
  const [group, plural] = kind === 'Pod' ? ['', 'pods'] : ['apps', 'deployments'];
  const pod = {
    ...(hostNetwork === undefined ? {} : { hostNetwork }),
    containers: [{ name: 'app', image: pinned[image] }],
  };
  const body = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'one',
      kind: { group, version: 'v1', kind },
      resource: { group, version: 'v1', resource: plural },
      name: 'front',
      namespace,
      operation: 'CREATE',
      userInfo: {},
      object: {
        apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
        kind,
        metadata: { name: 'front', namespace, labels: tier === undefined ? {} : { tier } },
        spec: kind === 'Pod' ? pod : { template: { spec: pod } },
      },
      oldObject: null,
    },
  };
  const text = await new Promise<string>((resolve, reject) => {
    const options = { method: 'POST', ca: tls.caPem, headers: { 'content-type': 'application/json' } };
    const call = request(`${admission.url}/validate`, options, async (response) => {
      let answer = '';
      for await (const chunk of response) answer += chunk;
      resolve(answer);
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
  const { allowed, status } = JSON.parse(text).response as { allowed: boolean; status?: { message: string } };
  return allowed ? 'allowed' : [...status!.message.matchAll(/\[([A-Z_]+)\]/g)].map(([, code]) => code).join();
}

test('a front end must be signed, and anything else need not be', async () => {
  expect(await review({ image: 'signed', tier: 'front' })).toBe('allowed');
  expect(await review({ image: 'unsigned', tier: 'front' })).toBe('SIGNATURE_MISSING');
  expect(await review({ image: 'unsigned', tier: 'front', kind: 'Deployment' })).toBe('SIGNATURE_MISSING');
  expect(await review({ image: 'unsigned', tier: 'back' })).toBe('allowed');
  expect(await review({ image: 'unsigned' })).toBe('allowed');
});

test('what was decided for one object is not the answer for another', async () => {
  for (let round = 0; round < 2; round++) {
    expect(await review({ image: 'unsigned', tier: 'back' })).toBe('allowed');
    expect(await review({ image: 'unsigned', tier: 'front' })).toBe('SIGNATURE_MISSING');
    expect(await review({ image: 'signed', tier: 'front', hostNetwork: false })).toBe('allowed');
    expect(await review({ image: 'signed', tier: 'front', hostNetwork: true })).toBe(
      'CLUSTER_POLICY_REFUSED',
    );
  }
});

test('the signatures are read with the pull secret of the namespace, and without a good one it is a fault', async () => {
  expect(await review({ image: 'signed', tier: 'front', namespace: 'web' })).toBe('allowed');
  expect(await review({ image: 'signed', tier: 'front', namespace: 'stale' })).toBe('OCI_UNAUTHORIZED');
  expect(await review({ image: 'signed', tier: 'front', namespace: 'none' })).toBe(
    'OCI_CREDENTIALS_UNREADABLE',
  );
  expect(await review({ image: 'signed', tier: 'back', namespace: 'none' })).toBe('allowed');
});
