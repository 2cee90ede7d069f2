import { ociErrors, type Repository } from '@pratique/oci';
import { describe, expect, test } from 'vitest';
import {
  authorities,
  digestOfText,
  type FakeImages,
  fakeEngine,
  fakeRegistry,
  finding,
  signatureBy,
  trustFrom,
} from '../testing/fakes.ts';
import { DecisionCache } from './cache.ts';
import { createGate, type GateOptions } from './gate.ts';
import { attribute, type Station } from './stations.ts';

const app = 'localhost:5000/app';
const v1 = digestOfText('one');
const team = `${authorities('team', 'other')}images: [{ match: "localhost:*/**", require: { any: [team] } }]\n`;
const warned = team.replace('require:', 'mode: warn, require:');

function world(options: Partial<GateOptions> & { trustText?: string } = {}) {
  const images: FakeImages = {
    tags: { [`${app}:1`]: 'one', [`${app}:unsigned`]: 'two' },
    signatures: { [`${app}@${v1}`]: [signatureBy('team')] },
  };
  const registry = fakeRegistry(images);
  const engine = fakeEngine();
  const gate = createGate({
    trust: trustFrom(options.trustText ?? team),
    engine,
    openRepository: registry.openRepository,
    stations: registry.stations,
    localRegistries: 'ask',
    ...options,
  });
  return { images, registry, gate, engine };
}

const pod = { kind: 'Pod', namespace: 'web', name: 'front', input: { uid: '1' }, object: null };
const inContainer = (reference: string, container = 'containers[0] "app"') => ({ reference, container });

test('a signed image is allowed, and the decision names the digest it is about', async () => {
  const { gate } = world({ clock: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
  const decision = await gate.checkImage(`${app}:1`);
  expect(decision).toMatchObject({
    allowed: true,
    mode: 'enforce',
    time: '2026-01-02T03:04:05.000Z',
    subject: { kind: 'Image', images: [{ reference: `${app}:1`, digest: v1, containers: [] }] },
    denials: [],
  });
  expect(decision.evidence[`${app}:1`]?.signatures[0]?.authorities).toEqual(['team']);
  expect(decision.decisionId).toMatch(/^019b7ca9-8c88-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('a signature by another configured key does not satisfy the authority', async () => {
  const { gate, images } = world();
  images.signatures[`${app}@${v1}`] = [signatureBy('other')];
  const decision = await gate.checkImage(`${app}:1`);
  expect(decision.allowed).toBe(false);
  expect(decision.evidence[`${app}:1`]?.authorities).toMatchObject({
    team: { satisfied: false },
    other: { satisfied: true },
  });
});

test('a signer that calls itself by an authority’s name is not that authority: the key decides', async () => {
  const { gate, images } = world();
  images.signatures[`${app}@${v1}`] = [
    { ...signatureBy('stranger'), signer: { ...signatureBy('stranger').signer, name: 'team' } as never },
  ];
  expect((await gate.checkImage(`${app}:1`)).allowed).toBe(false);
});

test('a tag is resolved once, and a tag that moves is looked at anew', async () => {
  const { gate, images, registry } = world();
  await gate.checkImage(`${app}:1`);
  expect(registry.calls.filter((call) => call.startsWith('resolve'))).toHaveLength(1);
  images.tags[`${app}:1`] = 'evil';
  const moved = await gate.checkImage(`${app}:1`);
  expect(moved).toMatchObject({ allowed: false, subject: { images: [{ digest: digestOfText('evil') }] } });
});

test('a tag kept for a while is seen late by no more than that', async () => {
  let now = 0;
  const { gate, images, registry } = world({ clock: () => now, tagTtlMs: 1000 });
  await gate.checkImage(`${app}:1`);
  images.tags[`${app}:1`] = 'evil';
  now = 999;
  expect(await gate.checkImage(`${app}:1`)).toMatchObject({
    allowed: true,
    subject: { images: [{ digest: v1 }] },
  });
  expect(registry.calls.filter((call) => call.startsWith('resolve'))).toHaveLength(1);
  now = 1000;
  expect((await gate.checkImage(`${app}:1`)).allowed).toBe(false);
});

test('an allow in a shared cache is not served to a gate with other trust or other policies', async () => {
  const cache = new DecisionCache();
  const lax = world({ cache });
  expect((await lax.gate.checkImage(`${app}@${v1}`)).allowed).toBe(true);
  const strictTrust = world({ cache, trustText: team.replace('any: [team]', 'any: [other]') });
  expect((await strictTrust.gate.checkImage(`${app}@${v1}`)).allowed).toBe(false);
  const engine = fakeEngine({
    digest: digestOfText('stricter'),
    image: () => ({ deny: [finding('TOO_OLD')], warn: [] }),
  });
  const strictPolicy = world({ cache, engine });
  expect((await strictPolicy.gate.checkImage(`${app}@${v1}`)).allowed).toBe(false);
  expect((await lax.gate.checkImage(`${app}@${v1}`)).allowed).toBe(true);
});

test('the same digest in another repository has signatures of its own', async () => {
  const { gate, images } = world();
  images.tags['localhost:5000/copy:1'] = 'one';
  expect((await gate.checkImage(`${app}:1`)).allowed).toBe(true);
  expect((await gate.checkImage('localhost:5000/copy:1')).allowed).toBe(false);
  expect((await gate.checkImage(`localhost:5000/copy@${v1}`)).allowed).toBe(false);
});

test('what mutate found out about a tag, validate knows for the digest it was pinned to', async () => {
  const { gate, registry } = world();
  await gate.reviewRequest(pod, [inContainer(`${app}:1`)]);
  const before = registry.calls.length;
  const pinned = await gate.reviewRequest(pod, [inContainer(`${app}:1@${v1}`)]);
  expect(pinned.allowed).toBe(true);
  expect(registry.calls).toHaveLength(before);
});

test.each([
  [
    'a registry that is down',
    ociErrors.error('OCI_UNREACHABLE', { message: 'connection refused' }),
    'OCI_UNREACHABLE',
    true,
  ],
  [
    'missing credentials',
    ociErrors.error('OCI_UNAUTHORIZED', { message: 'log in' }),
    'OCI_UNAUTHORIZED',
    true,
  ],
  ['a defect', new TypeError('secret: hunter2'), 'GATE_INTERNAL', true],
])('%s denies as a fault with its own code, and is not remembered', async (_name, error, code, fault) => {
  const heard: unknown[] = [];
  const { registry, images } = world();
  let broken = true;
  const { gate } = world({
    openRepository: (reference) => {
      if (broken) throw error;
      return registry.openRepository(reference);
    },
    stations: registry.stations,
    onInternalError: (problem) => heard.push(problem),
  });
  expect(images.signatures).toBeDefined();
  const decision = await gate.checkImage(`${app}@${v1}`);
  expect(decision).toMatchObject({ allowed: false, denials: [{ code, fault, policy: 'pratique' }] });
  expect(JSON.stringify(decision)).not.toContain('hunter2');
  expect(heard).toHaveLength(code === 'GATE_INTERNAL' ? 1 : 0);
  broken = false;
  expect((await gate.checkImage(`${app}@${v1}`)).allowed).toBe(true);
});

test('evidence that cannot be read is a fault, not "unsigned"', async () => {
  const { gate } = world({
    stations: [
      {
        collect: async () => {
          throw ociErrors.error('OCI_SERVER_ERROR', { message: '503' });
        },
      },
    ],
  });
  expect((await gate.checkImage(`${app}:1`)).denials).toMatchObject([
    { code: 'OCI_SERVER_ERROR', fault: true },
  ]);
});

test('what several families of signatures find counts together, and a fault of one is a fault', async () => {
  const { registry, images } = world();
  const asked: string[][] = [];
  const second = (collect: Station['collect']) =>
    world({ stations: [...registry.stations, { collect }] }).gate;
  images.signatures[`${app}@${v1}`] = [];
  const found = attribute([...world().gate.trust.authorities.values()], {
    signatures: [signatureBy('team')],
    attestations: [],
    rejected: [],
  });
  const other = second(async (_repository, _digest, context) => {
    asked.push(context.asked.map(({ name }) => name));
    return { bytes: 0, verify: () => found };
  });
  expect((await other.checkImage(`${app}@${v1}`)).allowed).toBe(true);
  expect(asked).toEqual([['team']]);
  const broken = second(async () => {
    throw ociErrors.error('OCI_SERVER_ERROR', { message: '503' });
  });
  expect((await broken.checkImage(`${app}@${v1}`)).denials).toMatchObject([
    { code: 'OCI_SERVER_ERROR', fault: true },
  ]);
});

test('a registry that never answers is a reasoned denial at the deadline, for that image only', async () => {
  const { registry, images } = world();
  images.tags['slow.example/app:1'] = 'one';
  const { gate } = world({
    openRepository: (reference) =>
      reference.registry === 'slow.example' ? new Promise(() => {}) : registry.openRepository(reference),
    stations: registry.stations,
  });
  const decision = await gate.reviewRequest(
    pod,
    [inContainer(`${app}:1`), inContainer('slow.example/app:1', 'initContainers[0] "setup"')],
    { deadlineMs: 30 },
  );
  expect(decision.denials).toMatchObject([
    {
      code: 'DEADLINE_EXCEEDED',
      fault: true,
      image: 'slow.example/app:1',
      container: 'initContainers[0] "setup"',
      message: expect.stringContaining('slow.example to resolve slow.example/app:1'),
    },
  ]);
});

test('a caller who gives up does not stop the work others wait for', async () => {
  const { registry } = world();
  let go = (): void => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const { gate } = world({
    openRepository: async (reference) => {
      await held;
      return registry.openRepository(reference);
    },
    stations: registry.stations,
  });
  const impatient = gate.checkImage(`${app}@${v1}`, { signal: AbortSignal.abort() });
  const hurried = gate.checkImage(`${app}@${v1}`, { deadlineMs: 10 });
  const patient = gate.checkImage(`${app}@${v1}`);
  expect((await impatient).allowed).toBe(false);
  expect((await hurried).allowed).toBe(false);
  go();
  expect((await patient).allowed).toBe(true);
});

test('an image in warn mode is allowed with a warning; one in enforce mode beside it is still refused', async () => {
  const both = `${authorities('team')}images:
  - { match: "localhost:*/**", require: { any: [team] }, mode: warn }
  - { match: "localhost:*/app", require: { any: [team] } }
`;
  const { gate, images } = world({ trustText: both });
  images.tags['localhost:5000/new:1'] = 'new';
  const lenient = await gate.reviewRequest(pod, [inContainer('localhost:5000/new:1')]);
  expect(lenient).toMatchObject({
    allowed: true,
    mode: 'warn',
    denials: [],
    warnings: [{ code: 'SIGNATURE_MISSING' }],
  });
  const mixed = await gate.reviewRequest(pod, [
    inContainer('localhost:5000/new:1'),
    inContainer(`${app}:unsigned`, 'containers[1] "b"'),
  ]);
  expect(mixed).toMatchObject({ allowed: false, mode: 'enforce', warnings: [{ code: 'SIGNATURE_MISSING' }] });
  expect(mixed.denials).toMatchObject([{ image: `${app}:unsigned`, container: 'containers[1] "b"' }]);
});

test('in warn mode a fault is reported and blocks nothing, under its own code', async () => {
  const { gate } = world({
    trustText: warned,
    openRepository: () => {
      throw ociErrors.error('OCI_UNREACHABLE', { message: 'down' });
    },
  });
  expect(await gate.checkImage(`${app}:1`)).toMatchObject({
    allowed: true,
    mode: 'warn',
    warnings: [{ code: 'OCI_UNREACHABLE', fault: true }],
  });
});

test('a request policy’s refusal of the whole request is not softened by images in warn mode', async () => {
  const engine = fakeEngine({ request: () => ({ deny: [finding('HOST_PATH')], warn: [] }) });
  const { gate } = world({ engine, trustText: warned });
  expect(await gate.reviewRequest(pod, [inContainer(`${app}:1`)])).toMatchObject({
    allowed: false,
    mode: 'enforce',
    denials: [{ code: 'HOST_PATH', image: null }],
  });
  const relaxed = world({ engine, trustText: `${warned}mode: warn\n` });
  expect(await relaxed.gate.reviewRequest(pod, [inContainer(`${app}:1`)])).toMatchObject({
    allowed: true,
    mode: 'warn',
  });
});

test('an engine that gives no answer denies', async () => {
  const engine = fakeEngine({
    request: () => {
      throw new Error('out of order');
    },
  });
  const { gate } = world({ engine });
  expect((await gate.reviewRequest(pod, [inContainer(`${app}:1`)])).denials).toMatchObject([
    { code: 'GATE_INTERNAL', fault: true },
  ]);
});

test('an image in several containers is looked up once and named in each', async () => {
  const { gate, registry } = world();
  const decision = await gate.reviewRequest(pod, [
    inContainer(`${app}:unsigned`, 'containers[0] "a"'),
    inContainer(`${app}:unsigned`, 'initContainers[0] "b"'),
  ]);
  expect(decision.denials).toMatchObject([{ container: 'containers[0] "a", initContainers[0] "b"' }]);
  expect(registry.calls.filter((call) => call.startsWith('resolve'))).toHaveLength(1);
});

test('a reference that is none is a denial, not a crash, and not a fault', async () => {
  const { gate } = world();
  for (const reference of ['', 'a.b/UPPER', 'a b', '__proto__', 'https://a.b/c', '\u001b[31m']) {
    const decision = await gate.reviewRequest(pod, [inContainer(reference)]);
    if (reference !== '__proto__') {
      expect(decision.denials).toMatchObject([{ code: 'OCI_REFERENCE_INVALID', fault: false }]);
    }
    expect(decision.allowed).toBe(false);
    expect(Object.keys(decision.evidence)).toEqual([reference.replace('\u001b', '\\u{1b}')]);
    expect(JSON.stringify(decision)).not.toContain('\\u001b');
  }
});

test('an exempt image is let through without asking the registry; request policies still see it', async () => {
  let seen: unknown;
  const engine = fakeEngine({
    request: (input) => {
      seen = input;
      return { deny: [], warn: [] };
    },
  });
  const { gate, registry } = world({
    engine,
    trustText: `${team}exempt: [{ match: registry.k8s.io/**, reason: cluster }]`,
  });
  const decision = await gate.reviewRequest(pod, [inContainer('registry.k8s.io/pause:3.10')]);
  expect(decision).toMatchObject({
    allowed: true,
    subject: { images: [{ digest: null }] },
    evidence: { 'registry.k8s.io/pause:3.10': null },
  });
  expect(registry.calls).toEqual([]);
  expect(seen).toMatchObject({ images: [{ exempt: true, tag: '3.10', facts: null }] });
});

test('more images than the limit are refused instead of looked up', async () => {
  const { gate, registry } = world({ maxImages: 2 });
  const many = Array.from({ length: 5 }, (_, index) => inContainer(`localhost:5000/x${index}:1`));
  const decision = await gate.reviewRequest(pod, many);
  expect(decision.denials.filter(({ code }) => code === 'TOO_MANY_IMAGES')).toHaveLength(3);
  expect(registry.calls.filter((call) => call.startsWith('resolve'))).toHaveLength(2);
});

test('with everything kept, a review asks nobody and evaluates only the request policies', async () => {
  const { gate, registry, engine } = world();
  await gate.reviewRequest(pod, [inContainer(`${app}@${v1}`)]);
  const before = { calls: registry.calls.length, image: engine.evaluations.image };
  for (let index = 0; index < 10; index++) await gate.reviewRequest(pod, [inContainer(`${app}@${v1}`)]);
  expect(registry.calls).toHaveLength(before.calls);
  expect(engine.evaluations).toEqual({ image: before.image, request: 11 });
});

test.each(['GHCR.io/acme/pay:1', 'ghcr.io:443/acme/pay:1', 'GHCR.IO:443/acme/pay:1'])(
  'another spelling of the registry does not get around what is required: %s',
  async (reference) => {
    const { gate } = world({
      trustText: `${authorities('team')}default: allow
images: [{ match: ghcr.io/acme/pay, require: { any: [team] } }]
`,
      openRepository: (parsed) => {
        opened.push(parsed.registry);
        return registry.openRepository({ ...parsed, registry: 'ghcr.io' });
      },
    });
    const opened: string[] = [];
    const registry = fakeRegistry({ tags: { 'ghcr.io/acme/pay:1': 'pay' }, signatures: {} });
    const decision = await gate.checkImage(reference);
    expect(decision).toMatchObject({ allowed: false, denials: [{ code: 'SIGNATURE_MISSING' }] });
    expect(decision.evidence[reference]?.registry).toBe('ghcr.io');
    // The registry itself is asked as it was written.
    expect(opened).toContain(reference.split('/')[0]);
  },
);

test('the registries of this machine keep their ports apart', async () => {
  const { gate } = world();
  const seen = async (reference: string) => (await gate.checkImage(reference)).denials[0]?.message;
  expect(await seen('localhost:443/app:1')).toContain('localhost:443/app');
  expect(await seen('localhost/app:1')).toContain('localhost/app');
});

/** A gate that allows everything, over a registry where every image has a large configuration. */
function largeConfigurations(options: Partial<GateOptions> = {}) {
  const config = new TextEncoder().encode(
    JSON.stringify({ os: 'linux', config: { Env: Array.from({ length: 50_000 }, (_, n) => `A${n}=b`) } }),
  );
  const { gate } = world({
    trustText: 'default: allow\n',
    ...options,
    openRepository: () =>
      ({
        name: app,
        getManifest: async (digest: string) => ({
          descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 100 },
          bytes: new Uint8Array(),
          manifest: {
            kind: 'image',
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            config: {
              mediaType: 'application/vnd.oci.image.config.v1+json',
              digest: digestOfText('config'),
              size: config.length,
            },
            layers: [],
            annotations: {},
          },
        }),
        getBlob: async () => config,
      }) as unknown as Repository,
  });
  return { gate, bytes: config.length };
}

test('what is kept of an image is counted with its configuration, which whoever built it can make large', async () => {
  const { gate, bytes } = largeConfigurations();
  const image = `${app}@${digestOfText('large')}`;
  const { evidence } = await gate.checkImage(image);
  expect(evidence[image]?.config?.env).toHaveLength(50_000);
  expect(gate.cacheStats.bytes).toBeGreaterThan(bytes);
});

test('one object does not fill the memory with what many images say of themselves', async () => {
  const { gate } = largeConfigurations({ maxEvidenceBytes: 8 * 1024 * 1024 });
  const images = Array.from({ length: 6 }, (_, n) => inContainer(`${app}@${digestOfText(`${n}`)}`));
  for (let round = 0; round < 2; round++) {
    const { allowed, denials, evidence } = await gate.reviewRequest(pod, images);
    expect(allowed).toBe(false);
    expect(denials.map(({ code }) => code)).toEqual([
      'TOO_MANY_IMAGES',
      'TOO_MANY_IMAGES',
      'TOO_MANY_IMAGES',
    ]);
    expect(Object.values(evidence).filter((facts) => facts !== null)).toHaveLength(3);
  }
});

test('evidence of many images is not in memory all at once, whoever attached how much of it', async () => {
  const [mega, images] = [1024 * 1024, Array.from({ length: 6 }, (_, n) => `${app}@${digestOfText(`${n}`)}`)];
  let [now, most] = [0, 0];
  const { gate } = world({
    maxEvidenceBytes: 20 * mega,
    stations: [
      {
        async collect(_repository, _digest, { reserve }) {
          await reserve(8 * mega);
          most = Math.max(most, ++now);
          await new Promise((resolve) => setTimeout(resolve, 5));
          return {
            bytes: 0,
            verify() {
              now--;
              return { signatures: [], attestations: [], rejected: [] };
            },
          };
        },
      },
    ],
  });
  const { denials } = await gate.reviewRequest(
    pod,
    images.map((image) => inContainer(image)),
  );
  expect(denials.map(({ code }) => code)).toEqual(images.map(() => 'SIGNATURE_MISSING'));
  expect(most).toBe(2);
});

test('a reference that cannot be read is refused where anything is enforced: which entries it would meet is not known', async () => {
  const unreadable = `evil.example/app@sha384:${'a'.repeat(96)}`;
  const enforced = world({ trustText: `mode: warn\n${team.replace('require:', 'mode: enforce, require:')}` });
  expect(await enforced.gate.checkImage(unreadable)).toMatchObject({
    allowed: false,
    denials: [{ code: 'OCI_REFERENCE_INVALID' }],
  });
  const warning = world({ trustText: `mode: warn\n${team}` });
  expect(await warning.gate.checkImage(unreadable)).toMatchObject({
    allowed: true,
    warnings: [{ code: 'OCI_REFERENCE_INVALID' }],
  });
});

describe('a registry that each machine has for itself', () => {
  const names = [
    'localhost:5000/app:1',
    'localhost/app:1',
    'LOCALHOST:5000/app:1',
    'a.localhost:5000/app:1',
    '127.0.0.1:5000/app:1',
    '127.9.9.9/app:1',
    '127.1:5000/app:1',
    '[::1]:5000/app:1',
    '[0:0:0:0:0:0:0:1]/app:1',
    '[::ffff:7f00:1]:5000/app:1',
    '[::ffff:a9fe:a9fe]/app:1',
    '0.0.0.0:5000/app:1',
    '[::]:5000/app:1',
    '169.254.169.254/app:1',
    '[fe80::1]:5000/app:1',
    `127.0.0.1:5000/app@${v1}`,
  ];

  test.each(names)('is not asked about a Pod, since the gate has another than the node: %s', async (name) => {
    const { gate, registry } = world({ localRegistries: 'refuse' });
    const decision = await gate.reviewRequest(pod, [inContainer(name)]);
    expect(decision).toMatchObject({ allowed: false, evidence: { [name]: null } });
    expect(decision.denials.map(({ code, fault }) => [code, fault])).toEqual([['REGISTRY_OF_NODE', false]]);
    expect(registry.calls).toEqual([]);
  });

  test.each([
    '10.0.0.5:5000/app:1',
    '127.example/app:1',
    'localhost.example/app:1',
    'fe80.example/app:1',
    '[2001:db8::1]/app:1',
  ])('is none: %s', async (name) => {
    const { gate } = world({ localRegistries: 'refuse' });
    const { denials } = await gate.reviewRequest(pod, [inContainer(name)]);
    expect(denials.map(({ code }) => code)).not.toContain('REGISTRY_OF_NODE');
  });

  test('is refused by default, asked where that is said, and where the image alone is asked about', async () => {
    const { gate } = world();
    expect((await gate.reviewRequest(pod, [inContainer(`${app}:1`)])).allowed).toBe(true);
    const refusing = world({ localRegistries: 'refuse' }).gate;
    expect((await refusing.checkImage(`${app}:1`)).allowed).toBe(true);
    const { openRepository, stations } = fakeRegistry({ tags: {}, signatures: {} });
    const byDefault = createGate({ trust: trustFrom(team), engine: fakeEngine(), openRepository, stations });
    const { denials } = await byDefault.reviewRequest(pod, [inContainer(`${app}:1`)]);
    expect(denials.map(({ code }) => code)).toEqual(['REGISTRY_OF_NODE']);
  });

  test('an exempt one is nobody’s concern, and one in warn mode is a warning', async () => {
    const trustText = `${team}exempt: [{ match: "localhost:*/**", reason: r }]\n`;
    const exempt = world({ localRegistries: 'refuse', trustText }).gate;
    expect((await exempt.reviewRequest(pod, [inContainer(`${app}:1`)])).allowed).toBe(true);
    const lax = world({
      localRegistries: 'refuse',
      trustText: warned,
    }).gate;
    expect(await lax.reviewRequest(pod, [inContainer(`${app}:1`)])).toMatchObject({
      warnings: [{ code: 'REGISTRY_OF_NODE' }],
    });
  });
});
