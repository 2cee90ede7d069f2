/**
 * notation, as signer and as verifier, with us on the other side: in one folder of configuration, which both read. What one
 * signs the other verifies and the gate admits; what one refuses so does the other.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Certificate,
  certificateExtension,
  type KeyAlgorithm,
  oids,
  parseCertificate,
} from '@pratique/crypto';
import type { PratiqueError } from '@pratique/errors';
import {
  type EnvelopeFormat,
  formatEnvelope,
  formatPayload,
  levelOf,
  notationMediaTypes,
  parseEnvelope,
  parsePayload,
  readTrustStore,
  type VerifyTimestamp,
  verifyNotation,
} from '@pratique/notation';
import {
  extensions,
  type Holder,
  keyPem,
  newAuthority,
  newHolder,
  newRoot,
  newSelfSigned,
  newTimestampAuthority,
  pem,
  wabbit,
} from '@pratique/notation/testing/authority';
import { type HeaderChanges, unchecked, withHeaders } from '@pratique/notation/testing/forge';
import {
  buildImageManifest,
  buildIndex,
  createRegistryClient,
  type Descriptor,
  describeBytes,
  emptyDescriptor,
  emptyJson,
  mediaTypes,
} from '@pratique/oci';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { startTimestampAuthority } from '../../packages/cli/src/testing/timestamp-authority.ts';
import type { Context, Scenario } from '../support/context.ts';
import { startSigstore } from '../support/private-sigstore.ts';
import type { TestImage, TestRegistry } from '../support/registries.ts';
import { openSoftHsm, pin } from '../support/softhsm.ts';
import { reviewOf, startWebhook } from '../support/webhook.ts';
import { fetchGoModule } from '../tools/go.ts';

const hour = 3_600_000;
const validity = { validFrom: new Date(Date.now() - hour), validUntil: new Date(Date.now() + 24 * hour) };
const root = newRoot('root', validity);
const identity = 'x509.subject: C=US, ST=WA, O=wabbit-networks.io';

type Program = 'notation' | 'pratique';
const programs: readonly Program[] = ['notation', 'pratique'];

/** notation's folder of configuration, in a home of its own. */
class Configuration {
  readonly #context: Context;
  readonly #home: string;

  constructor(context: Context) {
    this.#context = context;
    this.#home = context.scratch();
    this.trust();
    this.store('ca', 'acme', root);
  }

  file(...path: string[]): string {
    return join(this.#home, 'notation', ...path);
  }

  put(content: string, ...path: string[]): string {
    const file = this.file(...path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  store(type: 'ca' | 'tsa', name: string, ...holders: Holder[]): void {
    this.put(pem(...holders), 'truststore', 'x509', type, name, 'certificates.pem');
  }

  /** A trust policy of one statement. */
  trust(change: object = {}): void {
    const statement = {
      name: 'all',
      registryScopes: ['*'],
      signatureVerification: { level: 'strict' },
      trustStores: ['ca:acme'],
      trustedIdentities: [identity],
      ...change,
    };
    this.put(JSON.stringify({ version: '1.0', trustPolicies: [statement] }), 'trustpolicy.json');
  }

  /** The one key that is signed with, and its chain. */
  key(...chain: readonly [Holder, ...Holder[]]): void {
    const keyPath = this.put(keyPem(chain[0]), 'localkeys', 'key.key');
    const certPath = this.put(pem(...chain), 'localkeys', 'key.crt');
    this.put(
      JSON.stringify({ default: 'key', keys: [{ name: 'key', keyPath, certPath }] }),
      'signingkeys.json',
    );
  }

  async run(program: Program, args: readonly string[]) {
    const words = program === 'pratique' ? ['notation', ...args] : args;
    const plain =
      program === 'notation' && !['cert', 'key'].includes(args[0]!) ? ['--insecure-registry'] : [];
    return await this.#context.run(program, [...words, ...plain], {
      env: { XDG_CONFIG_HOME: this.#home, NOTATION_EXPERIMENTAL: '1' },
    });
  }

  async ok(program: Program, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, args);
    equal(code, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Whether each accepts the signatures of an image. */
  async verdicts(image: TestImage, flags: readonly string[] = []): Promise<Record<Program, boolean>> {
    const [notation, pratique] = await Promise.all(
      programs.map((program) => this.run(program, ['verify', ...flags, image.pinned])),
    );
    // A fault is no verdict: 2 is ours for a denial, notation has 1 for everything.
    ok([0, 2].includes(pratique!.code), pratique!.stderr);
    ok([0, 1].includes(notation!.code), notation!.stderr);
    return { notation: notation!.code === 0, pratique: pratique!.code === 0 };
  }

  /** A trust configuration in which this configuration is trusted as it is. */
  trustFile(): string {
    const authorities = { notation: { notation: { trustPolicy: this.file('trustpolicy.json') } } };
    const images = [{ match: '**', require: { any: ['notation'] } }];
    const trust = { apiVersion: 'pratique.dev/v1', kind: 'Trust', authorities, images };
    return this.put(JSON.stringify(trust), 'trust.json');
  }

  /** The gate's decision. */
  async admit(image: TestImage) {
    const args = ['admit', '--trust', this.trustFile(), '-o', 'json', image.pinned];
    const { code, stdout, stderr } = await this.#context.run('pratique', args);
    ok([0, 2].includes(code), stderr);
    const [one] = JSON.parse(stdout) as [{ readonly decision: Decision }];
    equal(one.decision.allowed, code === 0);
    return one.decision;
  }
}

interface Decision {
  readonly allowed: boolean;
  readonly denials: readonly { readonly code: string; readonly fault: boolean }[];
}

const both = { notation: true, pratique: true };
const neither = { notation: false, pratique: false };

/** Each registry, format and signer: the other one verifies, and the gate admits. */
function signedAndVerified(context: Context, registry: TestRegistry): Scenario[] {
  return programs.flatMap((signer) =>
    (['jws', 'cose'] as const).map((format) => ({
      name: `${registry.name}: ${signer} signs as ${format}, both verify and list it, the gate admits, and nothing else`,
      run: async () => {
        const config = new Configuration(context);
        const image = await context.image(registry);
        config.key(newHolder(root, validity), root);
        equal((await config.admit(image)).denials[0]?.code, 'SIGNATURE_MISSING');
        equal(await sameVerdict(config, image), false);
        await config.ok(signer, ['sign', '--signature-format', format, '-m', 'build=7', image.pinned]);
        equal(await sameVerdict(config, image), true);
        equal(await sameVerdict(config, image, ['-m', 'build=7']), true);
        equal(await sameVerdict(config, image, ['-m', 'build=8']), false);
        equal((await config.admit(image)).allowed, true);
        equal(
          await config.ok('notation', ['ls', image.pinned]),
          await config.ok('pratique', ['ls', image.pinned]),
        );
        equal(
          normalised(await config.ok('pratique', ['inspect', '-o', 'json', image.pinned])),
          normalised(await config.ok('notation', ['inspect', '-o', 'json', image.pinned])),
        );
        config.trust({ trustedIdentities: ['x509.subject: C=US, ST=WA, O=other'] });
        equal(await sameVerdict(config, image), false);
        equal((await config.admit(image)).denials[0]?.code, 'NOTATION_IDENTITY_MISMATCH');
        config.trust();
        config.store('ca', 'acme', newRoot('root', validity));
        equal(await sameVerdict(config, image), false);
        equal((await config.admit(image)).denials[0]?.code, 'NOTATION_SIGNER_UNTRUSTED');
      },
    })),
  );
}

async function sameVerdict(config: Configuration, image: TestImage, flags: readonly string[] = []) {
  const verdicts = await config.verdicts(image, flags);
  equal(verdicts.pratique, verdicts.notation, JSON.stringify(verdicts));
  return verdicts.pratique;
}

/** Times with an offset are the same with Z. */
function normalised(text: string): string {
  const times = (_: string, value: unknown) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value).toISOString() : value;
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, one]) => one !== null && JSON.stringify(one) !== '{}')
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, one]) => [key, sorted(one)]),
    );
  };
  return JSON.stringify(sorted(JSON.parse(text, times)), null, 1);
}

const algorithms: readonly KeyAlgorithm[] = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa'];

function keys(context: Context): Scenario[] {
  return algorithms.map((algorithm) => ({
    name: `keys of ${algorithm}, below an authority in the middle: signed by either in either format, verified by both`,
    run: async () => {
      const config = new Configuration(context);
      const middle = newAuthority(root, 'middle', { ...validity, algorithm });
      config.key(newHolder(middle, { ...validity, algorithm }), middle, root);
      for (const signer of programs)
        for (const format of ['jws', 'cose']) {
          const image = await context.image(context.ours);
          await config.ok(signer, ['sign', '--signature-format', format, image.pinned]);
          equal(await sameVerdict(config, image), true);
        }
    },
  }));
}

function webhook(context: Context): Scenario {
  return {
    name: 'the admission webhook lets in what notation signed, and pins its digest; a stranger’s, none and no answer are three refusals',
    run: async () => {
      const config = new Configuration(context);
      const started = await startWebhook(config.trustFile(), context.scratch());
      try {
        const signed = await context.image(context.theirs);
        config.key(newHolder(root, validity), root);
        await config.ok('notation', ['sign', signed.pinned]);
        const stranger = newRoot('stranger', validity);
        const forged = await context.image(context.theirs);
        config.key(newHolder(stranger, validity), stranger);
        await config.ok('notation', ['sign', forged.pinned]);
        const unsigned = await context.image(context.theirs);
        const mutated = await started.review('/mutate', reviewOf([signed.tagged]));
        ok(mutated.allowed, JSON.stringify(mutated.status));
        match(Buffer.from(mutated.patch!, 'base64').toString(), new RegExp(`@${signed.digest}`));
        for (const [image, code] of [
          [forged.tagged, 'NOTATION_SIGNER_UNTRUSTED'],
          [unsigned.tagged, 'SIGNATURE_MISSING'],
          ['127.0.0.1:1/team/app:v1', 'OCI_UNREACHABLE'],
        ] as const) {
          const { allowed, status } = await started.review('/validate', reviewOf([image]));
          equal(allowed, false);
          match(status!.message!, new RegExp(code));
        }
      } finally {
        await started.stop();
      }
    },
  };
}

function layouts(context: Context): Scenario {
  return {
    name: 'image layouts (--oci-layout): signed by either, listed and verified by both',
    run: async () => {
      const config = new Configuration(context);
      config.key(newHolder(root, validity), root);
      for (const signer of programs) {
        const image = await context.image(context.ours);
        const layout = join(context.scratch(), 'layout');
        await context.ok('pratique', ['copy', image.tagged, `oci:${layout}:v1`]);
        const inLayout = { ...image, pinned: `${layout}@${image.digest}` };
        const scoped = ['--oci-layout', '--scope', 'local/app'];
        equal(await sameVerdict(config, inLayout, scoped), false);
        await config.ok(signer, ['sign', '--oci-layout', `${layout}:v1`]);
        equal(await sameVerdict(config, inLayout, scoped), true);
        const [theirs, own] = await Promise.all(
          programs.map((program) => config.ok(program, ['ls', '--oci-layout', inLayout.pinned])),
        );
        equal(own, theirs);
        config.trust({ registryScopes: ['local/other'] });
        equal(await sameVerdict(config, inLayout, scoped), false);
        config.trust();
      }
    },
  };
}

/** What notation has plugins for. */
function inToken(context: Context): Scenario {
  return {
    name: 'keys in a PKCS#11 token sign without a plugin, and notation verifies',
    run: async () => {
      const hsm = await openSoftHsm(context);
      await hsm.token('release');
      const config = new Configuration(context);
      for (const algorithm of ['ecdsa-p256', 'ecdsa-p384'] as const) {
        const holder = newHolder(root, { ...validity, algorithm });
        const pkcs8 = Buffer.from(holder.key.exportPkcs8());
        const id = algorithm.slice(-2);
        await hsm.put(
          'release',
          algorithm,
          id,
          createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
        );
        const key = `pkcs11:token=release;object=${algorithm}`;
        const flags = ['--key-path', key, '--cert-path', config.put(pem(holder, root), `${algorithm}.crt`)];
        for (const format of ['jws', 'cose']) {
          const image = await context.image(context.ours);
          await context.ok(
            'pratique',
            ['notation', 'sign', '--signature-format', format, ...flags, image.pinned],
            {
              env: { ...hsm.env, COSIGN_PKCS11_PIN: pin },
            },
          );
          equal(await sameVerdict(config, image), true);
        }
      }
    },
  };
}

/** The same image as an index over itself, and as one of Docker's media types. */
async function inOtherForms(image: TestImage): Promise<readonly TestImage[]> {
  const client = createRegistryClient({ environment: {}, allowHttp: true });
  try {
    const repository = client.repository(`${image.registry.host}/${image.repository}`);
    const { descriptor, bytes } = await repository.getManifest(image.digest);
    const platform = { os: 'linux', architecture: 'amd64' };
    const index = buildIndex({ manifests: [{ ...descriptor, platform }] });
    const docker = new TextEncoder().encode(
      new TextDecoder()
        .decode(bytes)
        .replaceAll('application/vnd.oci.image.manifest.v1+json', mediaTypes.dockerManifest)
        .replaceAll('application/vnd.oci.image.config.v1+json', mediaTypes.dockerConfig)
        .replaceAll(/application\/vnd\.oci\.image\.layer\.v1\.tar(?:\+gzip)?/g, mediaTypes.dockerLayerGzip),
    );
    const stored = [
      await repository.putManifest(index.bytes, index.descriptor.mediaType),
      await repository.putManifest(docker, mediaTypes.dockerManifest),
    ];
    return stored.map(({ digest }) => ({
      ...image,
      digest,
      pinned: `${image.registry.host}/${image.repository}@${digest}`,
    }));
  } finally {
    client.close();
  }
}

function forms(context: Context, registry: TestRegistry): Scenario {
  return {
    name: `${registry.name}: indexes and images of Docker’s media types, signed by either, verified by both and admitted`,
    run: async () => {
      const config = new Configuration(context);
      config.key(newHolder(root, validity), root);
      for (const signer of programs)
        for (const image of await inOtherForms(await context.image(registry))) {
          equal(await sameVerdict(config, image), false);
          await config.ok(signer, ['sign', image.pinned]);
          equal(await sameVerdict(config, image), true);
          equal((await config.admit(image)).allowed, true);
        }
    },
  };
}

function quickstart(context: Context): Scenario {
  return {
    name: 'the quickstart of notation: a certificate that it makes and trusts, which we sign with and verify by',
    run: async () => {
      const config = new Configuration(context);
      await config.ok('notation', ['cert', 'generate-test', '--default', 'wabbit-networks.io']);
      config.trust({
        trustStores: ['ca:wabbit-networks.io'],
        trustedIdentities: ['x509.subject: CN=wabbit-networks.io,O=Notary,L=Seattle,ST=WA,C=US'],
      });
      for (const signer of programs) {
        const image = await context.image(context.theirs);
        match(await config.ok(signer, ['sign', image.pinned]), /^Successfully signed /m);
        equal(await sameVerdict(config, image), true);
        equal((await config.admit(image)).allowed, true);
      }
    },
  };
}

function times(context: Context): Scenario[] {
  const tsaRoot = newRoot('tsa root', validity);
  return [
    {
      name: 'timestamps: stamped by either, verified by both; a policy that wants one refuses what has none or another’s',
      run: async () => {
        const config = new Configuration(context);
        const authority = await startTimestampAuthority(newTimestampAuthority(tsaRoot, validity));
        try {
          config.key(newHolder(root, validity), root);
          config.store('tsa', 'stamps', tsaRoot);
          config.trust({ trustStores: ['ca:acme', 'tsa:stamps'] });
          const stamped = [
            '--timestamp-url',
            authority.url,
            '--timestamp-root-cert',
            config.put(pem(tsaRoot), 'tsa.crt'),
          ];
          for (const signer of programs)
            for (const format of ['jws', 'cose']) {
              const image = await context.image(context.ours);
              await config.ok(signer, ['sign', '--signature-format', format, image.pinned]);
              equal(await sameVerdict(config, image), false);
              await config.ok(signer, ['sign', '--signature-format', format, ...stamped, image.pinned]);
              equal(await sameVerdict(config, image), true);
              config.store('tsa', 'stamps', newRoot('tsa root', validity));
              equal(await sameVerdict(config, image), false);
              config.store('tsa', 'stamps', tsaRoot);
            }
        } finally {
          await authority.close();
        }
      },
    },
    {
      name: 'what the timestamp authority of a private Sigstore stamps for us both verify by its root',
      run: async () => {
        const config = new Configuration(context);
        const sigstore = await startSigstore(context, context.scratch());
        try {
          const chain = await (await fetch(`${sigstore.url}/api/v1/timestamp/certchain`)).text();
          const last = chain.slice(chain.lastIndexOf('-----BEGIN CERTIFICATE-----'));
          config.put(last, 'truststore', 'x509', 'tsa', 'stamps', 'root.pem');
          config.trust({ trustStores: ['ca:acme', 'tsa:stamps'] });
          config.key(newHolder(root, validity), root);
          const image = await context.image(context.ours);
          const url = `${sigstore.url}/api/v1/timestamp`;
          const flags = ['--timestamp-url', url, '--timestamp-root-cert', config.put(last, 'tsa.pem')];
          // It answers 201 as Sigstore's do, and notation takes 200 only.
          match((await config.run('notation', ['sign', ...flags, image.pinned])).stderr, /201 Created/);
          await config.ok('pratique', ['sign', ...flags, image.pinned]);
          equal(await sameVerdict(config, image), true);
        } finally {
          await sigstore.server.stop();
        }
      },
    },
    {
      name: 'a signature that has expired is refused by both, and told by both at the level permissive',
      run: async () => {
        const config = new Configuration(context);
        config.key(newHolder(root, validity), root);
        for (const signer of programs) {
          const image = await context.image(context.ours);
          await config.ok(signer, ['sign', '-e', '2s', image.pinned]);
          await new Promise((resolve) => setTimeout(resolve, 3000));
          equal(await sameVerdict(config, image), false);
          config.trust({ signatureVerification: { level: 'permissive' } });
          equal(await sameVerdict(config, image), true);
          config.trust();
        }
      },
    },
  ];
}

/** Attaches an envelope to an image as a signature of the Notary Project. */
async function attach(
  image: TestImage,
  format: EnvelopeFormat,
  make: (subject: Descriptor) => Promise<Uint8Array>,
): Promise<void> {
  const client = createRegistryClient({ environment: {}, allowHttp: true });
  try {
    const repository = client.repository(`${image.registry.host}/${image.repository}`);
    const subject = await repository.resolve(image.digest);
    const bytes = await make(subject);
    const layer = describeBytes(bytes, notationMediaTypes[format]);
    const built = buildImageManifest({
      artifactType: notationMediaTypes.signature,
      layers: [layer],
      subject,
      annotations: { 'io.cncf.notary.x509chain.thumbprint#S256': '[]' },
    });
    await repository.putBlob(emptyDescriptor, emptyJson);
    await repository.putBlob(layer, bytes);
    await repository.putManifest(built.bytes, built.descriptor.mediaType);
  } finally {
    client.close();
  }
}

const scheme = 'io.cncf.notary.signingScheme';
const time = 'io.cncf.notary.signingTime';
const authentic = 'io.cncf.notary.authenticSigningTime';
const expiry = 'io.cncf.notary.expiry';
const plugin = 'io.cncf.notary.verificationPlugin';
const now = new Date();
const later = new Date(Date.now() + hour);
const signingAuthority = { [scheme]: 'notary.x509.signingAuthority', [time]: undefined, [authentic]: now };

/** Headers that a signer may write, and what both say of them, unless it is said. */
const headerCases: readonly [what: string, changes: HeaderChanges, expected: Record<Program, boolean>][] = [
  ['the usual ones', {}, both],
  ['an expiry to come', { crit: [scheme, expiry], [expiry]: later }, both],
  ['an unknown one that is not critical', { x: 'y' }, both],
  ['no crit', { crit: undefined }, neither],
  ['an empty crit', { crit: [] }, neither],
  ['a scheme that is not marked', { crit: ['x'], x: 'y' }, neither],
  ['an expiry that is not marked', { [expiry]: later }, neither],
  ['an expiry before the signing time', { crit: [scheme, expiry], [expiry]: new Date(0) }, neither],
  ['a critical one that is not there', { crit: [scheme, 'x'] }, neither],
  ['no scheme', { [scheme]: undefined }, neither],
  ['an unknown scheme', { [scheme]: 'notary.x509.other' }, neither],
  ['no signing time', { [time]: undefined }, neither],
  [
    'the other scheme without its time',
    { ...signingAuthority, [authentic]: undefined, crit: [scheme] },
    neither,
  ],
  ['the other scheme, whose time is not marked', { ...signingAuthority, crit: [scheme] }, neither],
  [
    'the other scheme, for which nobody is trusted',
    { ...signingAuthority, crit: [scheme, authentic] },
    neither,
  ],
  ['another content type', { cty: 'application/json' }, neither],
  ['no content type', { cty: undefined }, neither],
  ['a plugin that is not there', { crit: [scheme, plugin], [plugin]: 'example' }, neither],
  // The specification has it refused; notation looks at it only where a plugin is named.
  ['an unknown critical one', { crit: [scheme, 'x'], x: 'y' }, { notation: true, pratique: false }],
];

const signs = extensions.signsData();

/** Chains by what is wrong with them, and what both say. */
const chainCases: readonly [
  what: string,
  chain: () => readonly [Holder, ...Holder[]],
  expected: Record<Program, boolean>,
][] = [
  ['nothing wrong', () => [newHolder(root, validity), root], both],
  ['no root', () => [newHolder(root, validity)], neither],
  ['the root twice', () => [newHolder(root, validity), root, root], neither],
  [
    'another authority of the same name',
    () => [newHolder(root, validity), newRoot('root', validity)],
    neither,
  ],
  ['a signer without key usage', () => [newHolder(root, { ...validity, extensions: [] }), root], neither],
  [
    'a key usage that is not critical',
    () => [newHolder(root, { ...validity, extensions: [extensions.keyUsage(0x80, false)] }), root],
    neither,
  ],
  [
    'keyCertSign, too',
    () => [newHolder(root, { ...validity, extensions: [extensions.keyUsage(0x84)] }), root],
    neither,
  ],
  [
    'nonRepudiation, too',
    () => [newHolder(root, { ...validity, extensions: [extensions.keyUsage(0xc0)] }), root],
    both,
  ],
  [
    'TLS servers as its purpose',
    () => [
      newHolder(root, { ...validity, extensions: [signs, extensions.extendedKeyUsage(oids.serverAuth)] }),
      root,
    ],
    neither,
  ],
  [
    'timestamps as its purpose',
    () => [
      newHolder(root, { ...validity, extensions: [signs, extensions.extendedKeyUsage(oids.timeStamping)] }),
      root,
    ],
    neither,
  ],
  [
    'a purpose that nobody knows',
    () => [newHolder(root, { ...validity, extensions: [signs, extensions.extendedKeyUsage('1.2.3')] }), root],
    both,
  ],
  ['no purpose', () => [newHolder(root, { ...validity, extensions: [signs] }), root], both],
  [
    'an authority as its signer',
    () => [newHolder(root, { ...validity, extensions: [signs, extensions.authority(0)] }), root],
    neither,
  ],
  [
    'a signer that has expired',
    () => [newHolder(root, { ...validity, validUntil: new Date(Date.now() - 1000) }), root],
    neither,
  ],
  [
    'a signer that is not valid yet',
    () => [newHolder(root, { ...validity, validFrom: later }), root],
    neither,
  ],
  [
    'more authorities than allowed',
    () => {
      const middle = newAuthority(root, 'middle', {
        ...validity,
        extensions: [extensions.authority(0), extensions.signsCertificates()],
      });
      const below = newAuthority(middle, 'below', validity);
      return [newHolder(below, validity), below, middle, root];
    },
    neither,
  ],
  [
    'an authority that is none',
    () => {
      const middle = newHolder(root, { ...validity, subject: [[oids.commonName, 'middle']] });
      return [newHolder(middle, validity), middle, root];
    },
    neither,
  ],
  [
    'an authority without key usage',
    () => {
      const middle = newAuthority(root, 'middle', { ...validity, extensions: [extensions.authority(1)] });
      return [newHolder(middle, validity), middle, root];
    },
    neither,
  ],
  ['a self-signed signer that is not trusted', () => [newSelfSigned(validity)], neither],
  [
    'a subject that names two organizations',
    () => [newHolder(root, { ...validity, subject: [...wabbit, [oids.organization, 'x']] }), root],
    neither,
  ],
  [
    'a subject without a state',
    () => [
      newHolder(root, {
        ...validity,
        subject: [
          [oids.country, 'US'],
          [oids.organization, 'wabbit-networks.io'],
        ],
      }),
      root,
    ],
    neither,
  ],
  // The specification has them refused, and so has RFC 5280.
  [
    'any purpose',
    () => [
      newHolder(root, {
        ...validity,
        extensions: [signs, extensions.extendedKeyUsage(oids.anyExtendedKeyUsage)],
      }),
      root,
    ],
    { notation: true, pratique: false },
  ],
  [
    'an unknown critical extension',
    () => [
      newHolder(root, { ...validity, more: [certificateExtension('1.2.3.4', Uint8Array.of(5, 0), true)] }),
      root,
    ],
    { notation: true, pratique: false },
  ],
];

function forged(context: Context): Scenario[] {
  const formats = ['jws', 'cose'] as const;
  const content = (subject: Descriptor) => ({
    payload: formatPayload(subject, {}),
    signingTime: now,
    expiry: null,
    signingAgent: 'interop',
  });
  const judge = async (
    format: EnvelopeFormat,
    make: (subject: Descriptor) => Promise<Uint8Array>,
    expected: Record<Program, boolean>,
    what: string,
  ) => {
    const config = new Configuration(context);
    const image = await context.image(context.ours);
    await attach(image, format, make);
    deepEqual(await config.verdicts(image), expected, `${format}: ${what}`);
  };
  const good = unchecked(newHolder(root, validity), root);
  return formats.flatMap((format) => [
    {
      name: `${format}: ${headerCases.length} kinds of protected headers are judged as notation judges them, but where it says so`,
      run: async () => {
        for (const [what, changes, expected] of headerCases)
          await judge(
            format,
            (subject) => withHeaders(format, content(subject), good, changes),
            expected,
            what,
          );
      },
    },
    {
      name: `${format}: ${chainCases.length} kinds of chains are judged as notation judges them, but where it says so`,
      run: async () => {
        for (const [what, chain, expected] of chainCases)
          await judge(
            format,
            (subject) => formatEnvelope(format, content(subject), unchecked(...chain())),
            expected,
            what,
          );
      },
    },
    {
      name: `${format}: a signature by another key, of another image or in another algorithm is refused by both`,
      run: async () => {
        const stranger = unchecked(newHolder(root, validity), root);
        const cases: [string, (subject: Descriptor) => Promise<Uint8Array>][] = [
          [
            'another key',
            (subject) => formatEnvelope(format, content(subject), { ...good, sign: stranger.sign }),
          ],
          [
            'another digest',
            (subject) =>
              formatEnvelope(format, content({ ...subject, digest: `sha256:${'0'.repeat(64)}` }), good),
          ],
          ['another size', (subject) => formatEnvelope(format, content({ ...subject, size: 1 }), good)],
          [
            'another media type',
            (subject) => formatEnvelope(format, content({ ...subject, mediaType: 'application/json' }), good),
          ],
          [
            'another algorithm',
            (subject) =>
              withHeaders(format, content(subject), good, { alg: format === 'jws' ? 'ES384' : -35 }),
          ],
          [
            'no algorithm',
            (subject) => withHeaders(format, content(subject), good, { alg: format === 'jws' ? 'none' : 0 }),
          ],
          [
            'no payload',
            (subject) => formatEnvelope(format, { ...content(subject), payload: new Uint8Array() }, good),
          ],
          [
            'a payload that is no JSON',
            (subject) =>
              formatEnvelope(format, { ...content(subject), payload: new TextEncoder().encode('{') }, good),
          ],
        ];
        for (const [what, make] of cases) await judge(format, make, neither, what);
      },
    },
    {
      name: `${format}: an envelope of which a byte is another is accepted by neither`,
      run: async () => {
        for (let round = 0; round < 12; round++) {
          const make = async (subject: Descriptor) => {
            const bytes = await formatEnvelope(format, content(subject), good);
            // The signature, at the end, and the payload and headers before: not the certificates and what is not signed.
            const at = bytes.length - 3 - round * 5;
            return bytes.with(at, bytes[at]! ^ 0x01);
          };
          await judge(format, make, neither, `byte ${round}`);
        }
      },
    },
  ]);
}

/** notation-go's own test data: envelopes with real timestamps, and for plugins, with what its tests say of each. */
const vectors = {
  module: 'github.com/notaryproject/notation-go',
  version: '1.3.2',
  sum: 'h1:4223iLXOHhEV7ZPzIUJEwwMkhlgzoYFCsMJvSH1Chb8=',
};

/** The file, when its timestamp is asked for, and the code; null where it is accepted. */
const timestampVectors: readonly [file: string, verifyTimestamp: VerifyTimestamp, code: string | null][] = [
  ['jwsWithTimestamp', 'always', null],
  ['coseWithTimestamp', 'always', null],
  ['jwsExpiredWithTimestamp', 'always', null],
  ['coseExpiredWithTimestamp', 'always', null],
  ['coseExpiredWithTimestamp', 'afterCertExpiry', null],
  ['withoutTimestamp', 'always', 'NOTATION_TIMESTAMP_MISSING'],
  ['withoutTimestamp', 'afterCertExpiry', null],
  ['timestampBeforeNotBefore', 'always', 'NOTATION_CERTIFICATE_EXPIRED'],
  ['timestampAfterNotAfter', 'always', 'NOTATION_CERTIFICATE_EXPIRED'],
];
const mockVectors: readonly [file: string, code: string | null][] = [
  ['ca_valid_sig_env', null],
  ['sa_valid_sig_env', null],
  ['ca_invalid_sig_env', 'NOTATION_ENVELOPE_INVALID'],
  ['sa_invalid_sig_env', 'NOTATION_ENVELOPE_INVALID'],
  ['ca_expired_sig_env', 'NOTATION_SIGNATURE_EXPIRED'],
  ['sa_expired_sig_env', 'NOTATION_SIGNATURE_EXPIRED'],
  ['ca_plugin_sig_env', 'NOTATION_PLUGIN_NEEDED'],
  ['sa_plugin_sig_env', 'NOTATION_PLUGIN_NEEDED'],
  ['ca_incompatible_pluginver_sig_env_1.0.9', 'NOTATION_PLUGIN_NEEDED'],
];

/** What the verifier says of an envelope about whatever it is about, whose own last certificate is trusted. */
function codeOf(
  bytes: Uint8Array,
  tsa: readonly Certificate[],
  verifyTimestamp: VerifyTimestamp,
): string | null {
  const envelope = bytes[0] === 0xd2 ? 'cose' : 'jws';
  let trusted: Certificate[] = [];
  let subject: Descriptor = { mediaType: '', digest: `sha256:${'0'.repeat(64)}`, size: 0 };
  try {
    const parsed = parseEnvelope(envelope, bytes);
    trusted = [parseCertificate(parsed.certificates.at(-1)!)];
    subject = parsePayload(parsed);
  } catch {
    // The verifier says so below.
  }
  const statement = {
    name: 'vectors',
    // The authorities of its timestamps name lists of what they revoked.
    level: levelOf('strict', { revocation: 'log' }),
    verifyTimestamp,
    stores: { ca: trusted, signingAuthority: trusted, tsa },
    identities: '*',
  } as const;
  const source = { format: 'notation', manifest: subject.digest } as const;
  const verdict = verifyNotation({ source, envelope, bytes }, subject, statement, now);
  return verdict.ok ? null : verdict.rejection.code;
}

/** Trust stores of its tests, and how many certificates they have; null where they are refused. */
const storeVectors = [
  ['ca', 'valid-trust-store', 6],
  ['ca', 'valid-trust-store-self-signed', 1],
  ['signingAuthority', 'valid-trust-store', 3],
  ['ca', 'trust-store-with-invalid-certs', null],
  ['ca', 'trust-store-with-leaf-certs', null],
  ['ca', 'trust-store-with-leaf-certs-in-single-file', null],
  ['tsa', 'test-nonSelfIssued', null],
] as const;

function ownVectors(): Scenario[] {
  const fetchVectors = async () => {
    const { module, version, sum } = vectors;
    return await fetchGoModule(cacheDirectory(), module, version, sum);
  };
  const stores = 'verifier/testdata/truststore';
  return [
    {
      name: `${timestampVectors.length + mockVectors.length} envelopes of notation-go’s tests, half of them with real timestamps, are judged as its tests say`,
      run: async () => {
        const home = await fetchVectors();
        const read = (...path: string[]) => new Uint8Array(readFileSync(join(home, ...path)));
        const store = (name: string) => readTrustStore(join(home, stores), 'tsa', name);
        const signed = (file: string) => read('verifier/testdata/timestamp/sigEnv', `${file}.sig`);
        for (const [file, verifyTimestamp, code] of timestampVectors) {
          const tsa = store('test-timestamp');
          equal(codeOf(signed(file), tsa, verifyTimestamp), code, `${file}, ${verifyTimestamp}`);
        }
        const expired = signed('coseExpiredWithTimestamp');
        equal(codeOf(expired, store('test-mismatch'), 'always'), 'NOTATION_TIMESTAMP_INVALID');
        equal(codeOf(expired, [], 'always'), 'NOTATION_CERTIFICATE_EXPIRED');
        for (const [file, code] of mockVectors)
          equal(codeOf(read('internal/mock/testdata', `${file}.json`), [], 'always'), code, file);
      },
    },
    {
      name: `${storeVectors.length} trust stores of notation-go’s tests are read or refused as its tests say`,
      run: async () => {
        const home = await fetchVectors();
        for (const [type, name, count] of storeVectors) {
          let found: number | null = null;
          try {
            found = readTrustStore(join(home, stores), type, name).length;
          } catch (error) {
            equal((error as PratiqueError).code, 'NOTATION_TRUST_STORE');
          }
          equal(found, count, `${type}:${name}`);
        }
      },
    },
  ];
}

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return [
    quickstart(context),
    ...context.registries.flatMap((registry) => signedAndVerified(context, registry)),
    ...context.registries.map((registry) => forms(context, registry)),
    ...keys(context),
    inToken(context),
    webhook(context),
    layouts(context),
    ...times(context),
    ...forged(context),
    ...ownVectors(),
  ];
}
