/**
 * The admission webhook in a real API server, registered as the documentation says; keys, pull secrets and the identities
 * of service accounts from it.
 */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { kubernetesKeychain } from '../../packages/oci/src/index.ts';
import { type Answer, type Cluster, startCluster } from '../support/cluster.ts';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import { keyServiceScenarios } from '../support/key-signing.ts';
import { startSigstoreWith } from '../support/private-sigstore.ts';
import type { TestImage } from '../support/registries.ts';
import { NONE_MATCHES, sign } from '../support/signing.ts';
import { startWebhook, type Webhook } from '../support/webhook.ts';
import { workloads } from '../support/workloads.ts';

const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const pods = '/api/v1/namespaces/default/pods';

/** What all scenarios look at. The webhook is registered by the first. */
interface Stage {
  readonly context: Context;
  readonly cluster: Cluster;
  readonly webhook: Webhook;
  /** By a key that the webhook looks up in the cluster, and by one nobody trusts. */
  readonly signed: TestImage;
  readonly stranger: TestImage;
  readonly unsigned: TestImage;
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const cluster = await startCluster(context);
  await cluster.must('POST', '/api/v1/namespaces', { metadata: { name: 'team' } });
  for (const namespace of ['default', 'team', 'kube-system'])
    await cluster.must('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
      metadata: { name: 'default' },
    });
  const stage = await prepare(context, cluster);
  return [
    ...keyServiceScenarios(context, {
      name: 'secret',
      reference: (name) => `k8s://team/${name}`,
      env: { KUBECONFIG: cluster.kubeconfig },
      make: (reference) => ['generate-key-pair', reference],
      missing: /KEY_NOT_FOUND/,
    }),
    ...admission(stage),
    {
      name: 'a service account signs with its token, by cosign and by us, and is verified by its name',
      run: () => serviceAccountSigns(context, cluster),
    },
    {
      name: 'the pull secrets of a service account are found, and are a fault where it may not read them',
      run: () => pullSecrets(context, cluster),
    },
    {
      name: 'with the webhook gone nothing is created or changed, and everything can be deleted',
      run: () => webhookGone(stage),
    },
    { name: 'the API server stops', run: () => cluster.stop() },
  ];
}

/** Images, and a webhook that takes its key from a secret of the cluster. */
async function prepare(context: Context, cluster: Cluster): Promise<Stage> {
  const env = { KUBECONFIG: cluster.kubeconfig };
  const reference = 'k8s://team/builders';
  await context.ok('cosign', ['generate-key-pair', reference], { env, cwd: context.scratch() });
  const images = await Promise.all([1, 2, 3].map(() => context.image(context.ours)));
  const [signed, stranger, unsigned] = images as [TestImage, TestImage, TestImage];
  const key: KeyPair = { privateKey: reference, publicKey: reference };
  await sign(context, 'cosign', 'bundle', key, signed.pinned, [], { env });
  await sign(context, 'cosign', 'bundle', await context.keyPair('cosign'), stranger.pinned);

  const directory = context.scratch();
  const [trust, data] = [join(directory, 'trust.yaml'), join(directory, 'data')];
  const require = { any: ['builders'] };
  writeFileSync(
    trust,
    JSON.stringify({
      apiVersion: 'pratique.dev/v1',
      kind: 'Trust',
      authorities: { builders: { key: reference } },
      images: [
        { match: '**', exclude: ['**/trial/*'], require },
        { match: '**/trial/*', require, mode: 'warn' },
      ],
    }),
  );
  mkdirSync(data);
  return { context, cluster, webhook: await startWebhook(trust, data, env), signed, stranger, unsigned };
}

function admission(stage: Stage): Scenario[] {
  const { cluster, context, signed, stranger, unsigned } = stage;
  const create = (images: readonly string[], more: object = {}, query = '') =>
    cluster.ask('POST', `${pods}${query}`, pod(images, more));
  return [
    {
      name: 'the configurations of the documentation are taken by kubectl',
      run: () => register(stage),
    },
    {
      name: 'a signed image is let in under its tag, and what is kept names its digest',
      run: async () => {
        const { metadata } = (await create([signed.tagged])).body as { metadata: { name: string } };
        const kept = await cluster.kubectl([
          'get',
          'pod',
          metadata.name,
          '-o',
          'jsonpath={.spec.containers[*].image}',
        ]);
        deepEqual([kept.code, kept.stdout], [0, `${signed.tagged}@${signed.digest}`]);
      },
    },
    {
      name: 'an unsigned image is refused, and kubectl shows why and what to do',
      run: async () => {
        const manifest = JSON.stringify(pod([unsigned.tagged]));
        const { code, stderr } = await cluster.kubectl(['create', '-f', '-'], manifest);
        equal(code, 1);
        match(stderr, /admission webhook "\w+\.pratique\.dev" denied the request/);
        match(stderr, /SIGNATURE_MISSING/);
        match(stderr, /remedy: +pratique sign/);
        ok(stderr.includes(unsigned.tagged), stderr);
      },
    },
    {
      name: 'what somebody else signed is refused, beside a container that is signed too, and in a dry run',
      run: async () => {
        refusedFor(await create([stranger.tagged]), 'SIGNER_UNTRUSTED');
        refusedFor(await create([signed.tagged, stranger.pinned]), 'SIGNER_UNTRUSTED');
        refusedFor(await create([unsigned.tagged], {}, '?dryRun=All'), 'SIGNATURE_MISSING');
        equal((await create([signed.tagged], {}, '?dryRun=All')).status, 201);
      },
    },
    {
      name: 'a tag that is moved after the Pod was let in is refused the next time',
      run: async () => {
        const moving = `${context.ours.host}/team/moving:v1`;
        await context.ok('crane', ['copy', '--insecure', signed.pinned, moving]);
        const key: KeyPair = { privateKey: 'k8s://team/builders', publicKey: '' };
        const env = { KUBECONFIG: cluster.kubeconfig };
        await sign(context, 'pratique', 'bundle', key, `${moving.slice(0, -3)}@${signed.digest}`, [], {
          env,
        });
        equal((await create([moving])).status, 201);
        await context.ok('crane', ['copy', '--insecure', unsigned.pinned, moving]);
        equal((await create([moving])).status, 403);
      },
    },
    {
      name: 'init containers and image volumes are looked at as well',
      run: async () => {
        const { containers: initContainers } = pod([unsigned.tagged], {}).spec;
        refusedFor(await create([signed.tagged], { initContainers }), 'SIGNATURE_MISSING');
        const volumes = (reference: string) => ({ volumes: [{ name: 'data', image: { reference } }] });
        refusedFor(await create([signed.tagged], volumes(unsigned.tagged)), 'SIGNATURE_MISSING');
        equal((await create([signed.tagged], volumes(signed.tagged))).status, 201);
      },
    },
    {
      name: 'an ephemeral container is looked at when it is added, and pinned',
      run: async () => {
        const { metadata } = (await create([signed.tagged])).body as { metadata: { name: string } };
        const add = (image: string) =>
          cluster.ask(
            'PATCH',
            `${pods}/${metadata.name}/ephemeralcontainers`,
            { spec: { ephemeralContainers: [{ name: 'debug', image }] } },
            STRATEGIC,
          );
        refusedFor(await add(unsigned.tagged), 'SIGNATURE_MISSING');
        const { status, body } = await add(signed.tagged);
        equal(status, 200);
        const { spec } = body as { spec: { ephemeralContainers: { image: string }[] } };
        equal(spec.ephemeralContainers[0]!.image, `${signed.tagged}@${signed.digest}`);
      },
    },
    ...workloads.map(({ kind, path, apiVersion, make }) => ({
      name: `a ${kind} with an unsigned image is refused, and one with a signed image is not`,
      run: async () => {
        const send = (image: string) =>
          cluster.ask('POST', path, {
            apiVersion,
            kind,
            metadata: { name: context.unique('workload') },
            ...make(pod([image]).spec),
          });
        refusedFor(await send(unsigned.tagged), 'SIGNATURE_MISSING');
        const { status, body } = await send(signed.tagged);
        equal(status, 201, JSON.stringify(body));
      },
    })),
    {
      name: 'a Deployment is scaled and labelled freely, and changed to an unsigned image never',
      run: async () => {
        const deployment = workloads.find(({ kind }) => kind === 'Deployment')!;
        const path = `${deployment.path}/changed`;
        await cluster.must('POST', deployment.path, {
          metadata: { name: 'changed' },
          ...deployment.make(pod([signed.tagged]).spec),
        });
        equal((await cluster.ask('PATCH', `${path}/scale`, { spec: { replicas: 3 } }, MERGE)).status, 200);
        equal((await cluster.ask('PATCH', path, { metadata: { labels: { a: 'b' } } }, MERGE)).status, 200);
        const { containers } = pod([unsigned.tagged]).spec;
        const change = { spec: { template: { spec: { containers } } } };
        refusedFor(await cluster.ask('PATCH', path, change, MERGE), 'SIGNATURE_MISSING');
      },
    },
    {
      name: 'a custom kind with a PodSpec in it is looked at, once a rule names it',
      run: () => customKind(stage),
    },
    {
      name: 'a namespace that is left out is left alone, and warn mode lets in with a warning',
      run: async () => {
        const system = await cluster.ask(
          'POST',
          pods.replace('default', 'kube-system'),
          pod([unsigned.tagged]),
        );
        equal(system.status, 201);
        const trial = `${context.ours.host}/team/trial/app:v1`;
        await context.ok('crane', ['copy', '--insecure', unsigned.pinned, trial]);
        const { status, warnings } = await create([trial]);
        equal(status, 201);
        ok(
          warnings.some((text) => text.includes('SIGNATURE_MISSING')),
          warnings.join('\n'),
        );
      },
    },
  ];
}

function refusedFor({ status, body }: Answer, code: string): void {
  equal(status, 403, JSON.stringify(body));
  match(String(body['message']), new RegExp(`denied the request.*\\[${code}\\]`, 's'));
}

function pod(images: readonly string[], more: object = {}) {
  const containers = images.map((image, index) => ({ name: `c${index}`, image }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'pod-' },
    spec: { containers, ...more },
  };
}

/** The configurations as they stand in the documentation, but for where the webhook is. */
async function register({ cluster, webhook }: Stage): Promise<void> {
  const page = readFileSync(
    fileURLToPath(new URL('../../docs/reference/admission.md', import.meta.url)),
    'utf8',
  );
  const [, text] = /```yaml\n(apiVersion: admissionregistration[^`]*)```/.exec(page)!;
  const caBundle = Buffer.from(webhook.ca).toString('base64');
  const validating = parse(text!) as { kind: string; webhooks: [WebhookEntry] };
  validating.webhooks[0].clientConfig = { caBundle, url: `${webhook.url}/validate` };
  const mutating = structuredClone(validating);
  mutating.kind = 'MutatingWebhookConfiguration';
  mutating.webhooks[0].name = 'mutate.pratique.dev';
  mutating.webhooks[0].clientConfig.url = `${webhook.url}/mutate`;
  mutating.webhooks[0].rules[0].resources = ['pods', 'pods/ephemeralcontainers'];
  for (const configuration of [validating, mutating]) {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(configuration));
    equal(code, 0, stderr);
  }
  // The API server notices a new configuration a moment later.
  await eventually('the webhook is asked', async () => {
    const { status } = await cluster.ask('POST', `${pods}?dryRun=All`, pod(['registry.invalid/app:1']));
    return status === 403;
  });
}

interface WebhookEntry {
  name: string;
  clientConfig: { caBundle: string; url: string };
  rules: [{ apiGroups: string[]; resources: string[] }];
}

async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  for (let left = 200; !(await look()); left--) {
    if (left === 0) throw new Error(`not seen: ${what}`);
    await delay(100);
  }
}

async function customKind({ cluster, signed, unsigned }: Stage): Promise<void> {
  const group = 'ci.example.test';
  await cluster.must('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: `runners.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'runners', singular: 'runner', kind: 'Runner' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  });
  const configuration = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/pratique';
  const { webhooks } = (await cluster.must('GET', configuration)) as unknown as { webhooks: [WebhookEntry] };
  webhooks[0].rules[0].apiGroups.push(group);
  webhooks[0].rules[0].resources.push('runners');
  await cluster.must('PATCH', configuration, { webhooks }, MERGE);
  const path = `/apis/${group}/v1/namespaces/default/runners`;
  const send = (name: string, image: string) =>
    cluster.ask('POST', path, {
      apiVersion: `${group}/v1`,
      kind: 'Runner',
      metadata: { name },
      spec: { jobs: [{ template: { spec: pod([image]).spec } }] },
    });
  let answer: Answer | undefined;
  // Until the new kind is served, and the rule is noticed.
  await eventually('a refused Runner', async () => {
    answer = await send(`runner-${Date.now()}`, unsigned.tagged);
    return answer.status === 403;
  });
  refusedFor(answer!, 'SIGNATURE_MISSING');
  equal((await send('good', signed.tagged)).status, 201);
}

async function serviceAccountSigns(context: Context, cluster: Cluster): Promise<void> {
  const directory = context.scratch();
  const account = '/api/v1/namespaces/team/serviceaccounts';
  await cluster.must('POST', account, { metadata: { name: 'builder' } });
  // Fulcio asks for the keys of the issuer as nobody.
  await cluster.must('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'discovery-for-all' },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'system:service-account-issuer-discovery',
    },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:unauthenticated' }],
  });
  const tokenFor = async (audience: string) => {
    const request = { spec: { audiences: [audience], expirationSeconds: 600 } };
    const { status } = (await cluster.must('POST', `${account}/builder/token`, request)) as unknown as {
      status: { token: string };
    };
    const file = join(directory, `token-for-${audience}`);
    writeFileSync(file, status.token);
    return file;
  };
  const [token, other] = [await tokenFor('sigstore'), await tokenFor('somebody-else')];
  const issuers = join(directory, 'issuers.yaml');
  writeFileSync(issuers, JSON.stringify([{ url: cluster.url, type: 'kubernetes' }]));
  const sigstore = await startSigstoreWith(
    context,
    join(directory, 'sigstore'),
    { NODE_EXTRA_CA_CERTS: cluster.caFile },
    '0',
    '--issuers',
    issuers,
  );
  try {
    const root = ['--trusted-root', sigstore.trustedRoot];
    const services = ['--signing-config', sigstore.signingConfig, ...root, '--allow-http-registry', '-y'];
    const name = (account: string) => [
      '--certificate-identity',
      `https://kubernetes.io/namespaces/team/serviceaccounts/${account}`,
      '--certificate-oidc-issuer',
      cluster.url,
    ];
    for (const signer of ['cosign', 'pratique'] as const) {
      const image = await context.image(context.ours);
      const refused = await context.run(signer, [
        'sign',
        ...services,
        '--identity-token',
        other,
        image.pinned,
      ]);
      notEqual(refused.code, 0);
      await context.ok(signer, ['sign', ...services, '--identity-token', token, image.pinned]);
      for (const verifier of ['cosign', 'pratique'] as const) {
        const verify = ['verify', '--allow-http-registry', ...root];
        await context.ok(verifier, [...verify, ...name('builder'), image.pinned]);
        const wrong = await context.run(verifier, [...verify, ...name('other'), image.pinned]);
        if (verifier === 'pratique') equal(wrong.code, NONE_MATCHES);
        notEqual(wrong.code, 0);
      }
    }
  } finally {
    await sigstore.server.stop();
  }
}

async function pullSecrets(context: Context, cluster: Cluster): Promise<void> {
  const directory = context.scratch();
  const namespace = '/api/v1/namespaces/team';
  const auth = Buffer.from('puller:secret').toString('base64');
  const config = JSON.stringify({ auths: { 'registry.example.test/team': { auth } } });
  await cluster.must('POST', `${namespace}/secrets`, {
    metadata: { name: 'pull' },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': config },
  });
  await cluster.must('POST', `${namespace}/serviceaccounts`, {
    metadata: { name: 'puller' },
    imagePullSecrets: [{ name: 'pull' }],
  });
  const { status } = (await cluster.must('POST', `${namespace}/serviceaccounts/puller/token`, {
    spec: {},
  })) as unknown as { status: { token: string } };
  writeFileSync(join(directory, 'token'), status.token);
  writeFileSync(join(directory, 'ca.crt'), readFileSync(cluster.caFile));
  const { hostname, port } = new URL(cluster.url);
  // A keychain as in a Pod of that account; another one each time, for what was found is kept a while.
  const resolve = (registry: string, repository: string) =>
    kubernetesKeychain(
      { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
      directory,
    ).resolve(registry, repository);
  const fault = await resolve('registry.example.test', 'team/app').then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
  equal(fault, 'OCI_CREDENTIALS_UNREADABLE');

  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/team';
  const rule = (resource: string, resourceName: string) => ({
    apiGroups: [''],
    resources: [resource],
    resourceNames: [resourceName],
    verbs: ['get'],
  });
  await cluster.must('POST', `${rbac}/roles`, {
    metadata: { name: 'pull' },
    rules: [rule('secrets', 'pull'), rule('serviceaccounts', 'puller')],
  });
  await cluster.must('POST', `${rbac}/rolebindings`, {
    metadata: { name: 'pull' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'pull' },
    subjects: [{ kind: 'ServiceAccount', name: 'puller', namespace: 'team' }],
  });
  await eventually('the role is known', async () => {
    const found = await resolve('registry.example.test', 'team/app').catch(() => undefined);
    return found?.username === 'puller' && found.password === 'secret';
  });
  equal(await resolve('registry.example.test', 'another/app'), undefined);
}

async function webhookGone({ cluster, webhook, signed }: Stage): Promise<void> {
  const { metadata } = (await cluster.must('POST', pods, pod([signed.tagged]))) as {
    metadata: { name: string };
  };
  await webhook.stop();
  const created = await cluster.ask('POST', pods, pod([signed.tagged]));
  equal(created.status, 500);
  match(String(created.body['message']), /failed calling webhook/);
  const path = `${pods}/${metadata.name}`;
  equal((await cluster.ask('PATCH', path, { metadata: { labels: { a: 'b' } } }, MERGE)).status, 500);
  equal((await cluster.ask('DELETE', `${path}?gracePeriodSeconds=0`)).status, 200);
  equal((await cluster.ask('GET', path)).status, 404);
}
