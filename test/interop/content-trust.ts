/**
 * Docker Content Trust: what Notary's client and `docker trust` publish on a real Notary server is verified, and what was
 * tampered with, rolled back or is of another root is refused; migrated, cosign verifies it.
 */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { createHash, createPublicKey } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findTag, memoryState, updateTrust } from '@pratique/notary';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import type { Context, Scenario } from '../support/context.ts';
import { NotaryServer, PASSPHRASE, type Publisher } from '../support/notary.ts';
import { alice, bob, identity, startSigstore, token } from '../support/private-sigstore.ts';
import type { TestImage } from '../support/registries.ts';
import { FAULT, NO_SIGNATURE, SIGN_FLAGS } from '../support/signing.ts';
import { fetchGoModule } from '../tools/go.ts';

/** A repository that somebody signs tags of, and how we are asked about it. */
interface Signed {
  readonly notary: NotaryServer;
  readonly publisher: Publisher;
  readonly image: TestImage;
  /** `127.0.0.1:PORT/team/app`, its name on the registry and on the Notary server. */
  readonly name: string;
  readonly rootKey: string;
}

/** An image whose tag v1 its owner signed. */
async function signed(context: Context, notary: NotaryServer): Promise<Signed> {
  const publisher = notary.publisher();
  const image = await context.image(context.ours);
  const name = `${context.ours.host}/${image.repository}`;
  await publisher.notary('init', '-p', name);
  await addTag(context, { publisher, image, name }, 'v1');
  return { notary, publisher, image, name, rootKey: rootKeyOf(publisher) };
}

async function addTag(
  context: Context,
  { publisher, image, name }: Pick<Signed, 'publisher' | 'image' | 'name'>,
  tag: string,
  ...roles: string[]
): Promise<void> {
  const size = (await context.ok('crane', ['manifest', '--insecure', image.pinned])).length;
  const hash = ['--sha256', image.digest.slice('sha256:'.length)];
  await publisher.notary(
    'addhash',
    '-p',
    name,
    tag,
    String(size),
    ...hash,
    ...roles.flatMap((role) => ['-r', role]),
  );
}

/** The id of the one root key that is on disk. */
function rootKeyOf({ directory }: Publisher): string {
  const [id] = keysOf(directory, 'root');
  return id!;
}

function keysOf(directory: string, role: string): string[] {
  return globSync('*.key', { cwd: join(directory, 'trust', 'private') })
    .filter((file) =>
      readFileSync(join(directory, 'trust', 'private', file), 'utf8').includes(`\nrole: ${role}\n`),
    )
    .map((file) => file.slice(0, -'.key'.length))
    .sort();
}

const environment = ({ publisher }: Signed, url: string) => ({
  DOCKER_CONFIG: publisher.directory,
  DOCKER_CONTENT_TRUST_SERVER: url,
});

/** `pratique trust inspect`, with what was seen kept in `state`, which is empty unless it is given. */
function inspect(
  context: Context,
  code: number,
  of: Signed,
  { root = ['--root-key', of.rootKey], name = of.name, state = context.scratch(), url = of.notary.url } = {},
) {
  const args = ['trust', 'inspect', ...root, '--trust-state', state, '-o', 'json', name];
  return context.exits(code, 'pratique', args, { env: environment(of, url) });
}

const tagsIn = (stdout: string): string[] =>
  (JSON.parse(stdout) as [{ SignedTags: { SignedTag: string }[] }])[0].SignedTags.map((tag) => tag.SignedTag);

/** The document of `docker trust inspect` with its lists in one order. */
function ordered(text: string): unknown {
  const sort = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.map(sort).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, sort(part)]));
  };
  return sort(JSON.parse(text));
}

async function refusedFor(
  context: Context,
  code: string,
  of: Signed,
  how: Parameters<typeof inspect>[3] = {},
) {
  const { stderr } = await inspect(context, FAULT, of, how);
  ok(stderr.includes(`"${code}"`), stderr);
}

function verifying(context: Context, notary: NotaryServer): Scenario[] {
  return [
    {
      name: 'content trust: docker trust adds signers, Notary’s client signs for them: we print what docker trust inspect prints',
      run: async () => {
        const of = await signed(context, notary);
        const { publisher, name } = of;
        for (const signer of ['alice', 'bob']) {
          const directory = context.scratch();
          await publisher.docker('trust', 'key', 'generate', signer, '--dir', directory);
          await publisher.docker(
            'trust',
            'signer',
            'add',
            '--key',
            join(directory, `${signer}.pub`),
            signer,
            name,
          );
        }
        await addTag(context, of, 'v2', 'targets/releases', 'targets/alice', 'targets/bob');
        await addTag(context, of, 'v10', 'targets/releases', 'targets/bob');
        await addTag(context, of, 'unreleased', 'targets/alice');
        for (const asked of [name, `${name}:v2`, `${name}:v1`]) {
          const theirs = await publisher.docker('trust', 'inspect', asked);
          const ours = await inspect(context, 0, of, { name: asked });
          deepEqual(ordered(ours.stdout), ordered(theirs));
        }
        deepEqual(tagsIn((await inspect(context, 0, of)).stdout), ['v1', 'v2', 'v10']);
        await inspect(context, 2, of, { name: `${name}:unreleased` });
        const text = await context.ok(
          'pratique',
          ['trust', 'inspect', '--root-key', of.rootKey, '--trust-state', context.scratch(), name],
          { env: environment(of, notary.url) },
        );
        match(text, /v2 +sha256:[0-9a-f]{64} +targets\/releases +alice, bob\n/);
      },
    },
    {
      name: 'content trust: every key is rotated, by the client and by the server, and we follow from the first root',
      run: async () => {
        const of = await signed(context, notary);
        const { publisher, name } = of;
        const state = context.scratch();
        const first = context.scratch();
        const root = join(publisher.directory, 'trust', 'tuf', name, 'metadata', 'root.json');
        await context.ok(['cp'], [root, join(first, 'root.json')]);
        await inspect(context, 0, of, { state });
        for (const [role, ...flags] of [
          ['targets'],
          ['snapshot', '-r'],
          ['timestamp', '-r'],
          ['root'],
          ['root'],
        ] as const) {
          await publisher.notary('key', 'rotate', name, role, ...flags);
        }
        // The first root is version 1; the server's keys and those of targets are new in a version each.
        equal((await notary.fetch(`/v2/${name}/_trust/tuf/6.root.json`)).status, 200);
        await addTag(context, of, 'v2');
        for (const how of [
          { state },
          {},
          { root: ['--root', join(first, 'root.json')] },
          { root: ['--trust-on-first-use'] },
        ])
          deepEqual(tagsIn((await inspect(context, 0, of, how)).stdout), ['v1', 'v2']);
      },
    },
    {
      name: 'content trust: another root key, another repository of the same key, and no root at all are refused',
      run: async () => {
        const of = await signed(context, notary);
        const other = await signed(context, notary);
        await refusedFor(context, 'NOTARY_ROOT_UNTRUSTED', of, { root: ['--root-key', other.rootKey] });
        const { publisher, name } = of;
        const second = `${name}-second`;
        await publisher.notary('init', '-p', second);
        await inspect(context, 0, of, { name: second });
        const as = (from: string, to: string) => (path: string) => path.replace(from, to);
        const swap = as(`/v2/${name}/`, `/v2/${second}/`);
        const { bytes } = await notary.fetch(swap(`/v2/${name}/_trust/tuf/root.json`));
        await notary.behind(
          (file, own) => (file === 'root.json' ? bytes : own),
          publisher.directory,
          (url) => refusedFor(context, 'NOTARY_THRESHOLD', of, { url }),
        );
        const { stderr } = await inspect(context, 3, of, { root: [] });
        match(stderr, /"NOTARY_ROOT_REQUIRED"/);
      },
    },
    {
      name: 'content trust: whatever byte of whatever file is changed on the way, no other tag is believed',
      run: async () => {
        const of = await signed(context, notary);
        const [right] = JSON.parse((await inspect(context, 0, of)).stdout);
        for (const role of ['root', 'timestamp', 'snapshot', 'targets']) {
          for (const share of [0.1, 0.5, 0.9]) {
            const tamper = (file: string, bytes: Buffer) => {
              if (!file.startsWith(role) && !file.endsWith(`${role}.json`)) return bytes;
              const changed = Buffer.from(bytes);
              changed[Math.floor(changed.length * share)]! ^= 1;
              return changed;
            };
            await notary.behind(tamper, of.publisher.directory, async (url) => {
              const { code, stdout } = await context.run(
                'pratique',
                [
                  'trust',
                  'inspect',
                  '--root-key',
                  of.rootKey,
                  '--trust-state',
                  context.scratch(),
                  '-o',
                  'json',
                  of.name,
                ],
                { env: environment(of, url) },
              );
              if (code === 0) deepEqual(JSON.parse(stdout), [right]);
              else equal(code, FAULT);
            });
          }
        }
      },
    },
    {
      name: 'content trust: files of before are a rollback to who has seen newer ones, and a repository that is gone as well',
      run: async () => {
        const of = await signed(context, notary);
        const { publisher, name } = of;
        const path = (file: string) => `/v2/${name}/_trust/tuf/${file}`;
        const before = (await notary.fetch(path('timestamp.json'))).bytes;
        await addTag(context, of, 'v2');
        const state = context.scratch();
        await inspect(context, 0, of, { state });
        const old = (file: string, bytes: Buffer) => (file === 'timestamp.json' ? before : bytes);
        await notary.behind(old, publisher.directory, async (url) => {
          deepEqual(tagsIn((await inspect(context, 0, of, { url })).stdout), ['v1']);
          await refusedFor(context, 'NOTARY_ROLLBACK', of, { url, state });
        });
        await publisher.notary('delete', '--remote', name);
        await refusedFor(context, 'NOTARY_ROLLBACK', of, { state });
        await refusedFor(context, 'NOTARY_NOT_FOUND', of);
      },
    },
    {
      name: 'content trust: a tag and a delegation that are taken back are gone',
      run: async () => {
        const of = await signed(context, notary);
        const { publisher, name } = of;
        const directory = context.scratch();
        await publisher.docker('trust', 'key', 'generate', 'carol', '--dir', directory);
        await publisher.docker(
          'trust',
          'signer',
          'add',
          '--key',
          join(directory, 'carol.pub'),
          'carol',
          name,
        );
        await addTag(context, of, 'v2', 'targets/releases', 'targets/carol');
        const state = context.scratch();
        deepEqual(tagsIn((await inspect(context, 0, of, { state })).stdout), ['v1', 'v2']);
        await publisher.notary('remove', '-p', name, 'v1');
        await publisher.docker('trust', 'signer', 'remove', '--force', 'carol', name);
        const { stdout } = await inspect(context, 0, of, { state });
        deepEqual(ordered(stdout), ordered(await publisher.docker('trust', 'inspect', name)));
        await inspect(context, 2, of, { state, name: `${name}:v1` });
      },
    },
  ];
}

function migrating(context: Context, notary: NotaryServer): Scenario[] {
  const migrate = async (of: Signed, code: number, ...args: string[]) => {
    const root = ['--root-key', of.rootKey, '--trust-state', context.scratch()];
    return await context.exits(code, 'pratique', ['trust', 'migrate', ...root, ...args], {
      env: environment(of, notary.url),
    });
  };
  return (['bundle', 'legacy'] as const).map((format) => ({
    name: `content trust: migrated images are verified by cosign, and nothing is signed twice (${format})`,
    run: async () => {
      const of = await signed(context, notary);
      const { name, image } = of;
      await addTag(context, of, 'v2');
      const key = await context.keyPair('cosign');
      const formats = [`--new-bundle-format=${format === 'bundle'}`];
      const signing = ['--key', key.privateKey, ...SIGN_FLAGS, ...formats];
      const verify = ['verify', '--key', key.publicKey, '--insecure-ignore-tlog', '--allow-http-registry'];
      const dry = await migrate(of, 0, ...signing, '--dry-run', name);
      match(
        dry.stdout,
        /to be signed {2}\(tags v1, v2; by targets; on the registry v2 is another image now, or none\)/,
      );
      await context.exits(NO_SIGNATURE, 'cosign', [...verify, image.pinned]);

      match((await migrate(of, 0, ...signing, name)).stdout, / {2}signed {2}/);
      const [targets] = keysOf(of.publisher.directory, 'targets');
      const annotations = {
        'docker-content-trust.tags': 'v1,v2',
        'docker-content-trust.role': 'targets',
        'docker-content-trust.keys': targets!,
      };
      // Of cosign, -a takes lists with commas.
      const asked = Object.entries(annotations).flatMap(([label, value]) => ['-a', `"${label}=${value}"`]);
      for (const program of ['cosign', 'pratique'] as const)
        await context.ok(program, [...verify, ...asked, image.pinned]);

      const attached = async () => await context.ok('pratique', ['tree', '-o', 'json', image.pinned]);
      const before = await attached();
      const again = await migrate(of, 0, ...signing, '-o', 'json', `${name}:v1`);
      const { images } = JSON.parse(again.stdout) as { images: { status: string; tags: string[] }[] };
      deepEqual(
        images.map(({ status, tags }) => [status, tags]),
        [['signed already', ['v1']]],
      );
      equal(await attached(), before);
    },
  }));
}

/** Repositories as clients of 2016 wrote them, which Notary keeps to test that its newer clients read them. */
const old = {
  module: 'github.com/theupdateframework/notary',
  version: '0.7.0',
  sum: 'h1:QyagRZ7wlSpjT5N2qQAh/pN+DVqgekv4DzbAiAiEL3c=',
  repositories: [
    { repository: 'docker.com/notary0.1/samplerepo', password: 'randompass' },
    { repository: 'docker.com/notary0.3/tst', password: 'password' },
  ],
  /** Of the file LICENSE, in both. */
  digest: 'sha256:9395bac6fccb26bcb55efb083d1b4b0fe72a1c25f959f056c016120b3bb56a62',
  length: 11309,
} as const;

/** By which Notary names a public key: the hash of what it writes of it. */
function keyIdOf(pem: string): string {
  const key = createPublicKey(pem);
  const keytype = key.asymmetricKeyType === 'ec' ? 'ecdsa' : 'rsa';
  const content = key.export({ type: 'spki', format: 'der' }).toString('base64');
  const json = `{"keytype":"${keytype}","keyval":{"private":null,"public":"${content}"}}`;
  return createHash('sha256').update(json).digest('hex');
}

function oldData(context: Context): Scenario {
  return {
    name: 'content trust: what Notary 0.1 and 0.3 wrote in 2016 is verified, with the keys that they wrote, and not after its time',
    run: async () => {
      const { module, version, sum } = old;
      const home = await fetchGoModule(join(cacheDirectory(), 'tools'), module, version, sum);
      for (const { repository, password } of old.repositories) {
        const directory = join(home, 'fixtures', 'compatibility', repository.split('/')[1]!);
        const files = join(directory, 'tuf', repository, 'metadata');
        const source = {
          name: files,
          // What a server has by its hash is here by its name.
          fetch: async (file: string) =>
            readFileSync(join(files, file.replace(/\.[0-9a-f]{64}\.json$/, '.json'))),
        };
        const pin = { kind: 'root', bytes: readFileSync(join(files, 'root.json')) } as const;
        const at = (now: string) =>
          updateTrust({ repository, source, pin, state: memoryState(), now: new Date(now) });
        const found = findTag(await at('2017-01-01T00:00:00Z'), 'LICENSE');
        deepEqual([found?.digest, found?.length, found?.role.name], [old.digest, old.length, 'targets']);
        await rejects(at('2120-01-01T00:00:00Z'), { code: 'NOTARY_EXPIRED' });
        await rejects(
          updateTrust({
            repository: 'docker.com/another',
            source,
            pin: { kind: 'first-use' },
            state: memoryState(),
            now: new Date('2017-01-01T00:00:00Z'),
          }),
          { code: 'NOTARY_THRESHOLD' },
        );
        for (const file of globSync('private/**/*.key', { cwd: directory }).sort()) {
          const prefix = join(context.scratch(), 'old');
          const importing = [
            'import-key-pair',
            '--key',
            join(directory, file),
            '--output-key-prefix',
            prefix,
          ];
          await context.ok('pratique', importing, { env: { COSIGN_PASSWORD: password } });
          equal(basename(file).slice(0, 64), keyIdOf(readFileSync(`${prefix}.pub`, 'utf8')));
        }
      }
    },
  };
}

function authorities(context: Context, notary: NotaryServer): Scenario {
  return {
    name: 'content trust: root keys whose certificate an authority issued are trusted by it, and by no other of its name',
    run: async () => {
      const directory = context.scratch();
      const publisher = notary.publisher();
      const image = await context.image(context.ours);
      const name = `${context.ours.host}/${image.repository}`;
      const openssl = (...args: string[]) => context.ok(['openssl'], args, { cwd: directory });
      const newKey = (file: string) =>
        openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file);
      for (const ca of ['ca', 'other']) {
        await newKey(`${ca}.key`);
        await openssl(
          'req',
          '-x509',
          '-new',
          '-key',
          `${ca}.key`,
          '-subj',
          '/CN=Root CA',
          '-out',
          `${ca}.crt`,
        );
      }
      await newKey('root.key');
      await openssl(
        'req',
        '-new',
        '-key',
        'root.key',
        '-subj',
        `/CN=${name.replaceAll('/', '\\/')}`,
        '-out',
        'root.csr',
      );
      writeFileSync(
        join(directory, 'leaf.cnf'),
        'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n',
      );
      const issuing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'leaf.cnf'];
      await openssl('x509', '-req', '-in', 'root.csr', '-days', '300', ...issuing, '-out', 'root.crt');
      const key = await openssl('ec', '-in', 'root.key', '-aes256', '-passout', `pass:${PASSPHRASE}`);
      writeFileSync(
        join(directory, 'encrypted.key'),
        key.replace(/^(-----BEGIN .*-----\n)/m, '$1role: root\n'),
      );
      const rootKey = [
        '--rootkey',
        join(directory, 'encrypted.key'),
        '--rootcert',
        join(directory, 'root.crt'),
      ];
      await publisher.notary('init', '-p', name, ...rootKey);
      await addTag(context, { publisher, image, name }, 'v1');
      const of = { notary, publisher, image, name, rootKey: '' };
      const { stdout } = await inspect(context, 0, of, { root: ['--root-ca', join(directory, 'ca.crt')] });
      deepEqual(tagsIn(stdout), ['v1']);
      await refusedFor(context, 'NOTARY_ROOT_UNTRUSTED', of, {
        root: ['--root-ca', join(directory, 'other.crt')],
      });
    },
  };
}

function tokens(context: Context): Scenario {
  return {
    name: 'content trust: a server that wants tokens gets them with the credentials of the registry, and without is not read',
    run: async () => {
      const notary = await NotaryServer.start(context, 'alice:secret');
      try {
        const of = await signed(context, notary);
        const published = notary.asked.length;
        const { stderr } = await inspect(context, 4, of);
        match(stderr, /"NOTARY_FORBIDDEN"/);
        const auths = { [context.ours.host]: { auth: Buffer.from('alice:secret').toString('base64') } };
        writeFileSync(join(of.publisher.directory, 'config.json'), JSON.stringify({ auths }));
        deepEqual(tagsIn((await inspect(context, 0, of)).stdout), ['v1']);
        const scope = `repository:${of.name}:pull`;
        deepEqual(notary.asked.slice(published), [`${scope} as `, `${scope} as alice`]);
      } finally {
        await notary.stop();
      }
    },
  };
}

function keyless(context: Context, notary: NotaryServer): Scenario {
  return {
    name: 'content trust: migrated without a key, cosign verifies the identity; and what it signed is left out',
    run: async () => {
      const of = await signed(context, notary);
      const sigstore = await startSigstore(context, context.scratch());
      try {
        const services = ['--signing-config', sigstore.signingConfig, '--trusted-root', sigstore.trustedRoot];
        const migrate = async (...more: string[]) => {
          const args = ['--root-key', of.rootKey, '--trust-state', context.scratch(), ...services, ...more];
          const token_ = ['--identity-token', await token(sigstore, alice), '-y'];
          return await context.ok('pratique', ['trust', 'migrate', ...args, ...token_, of.name], {
            env: environment(of, notary.url),
          });
        };
        const known = identity(sigstore, alice);
        match(await migrate('--dry-run', ...known), / {2}to be signed {2}/);
        match(await migrate(), / {2}signed {2}/);
        const verify = ['verify', '--trusted-root', sigstore.trustedRoot, '--allow-http-registry'];
        await context.ok('cosign', [...verify, ...known, of.image.pinned]);
        match(await migrate(...known), / {2}signed already {2}/);
        match(await migrate('--dry-run', ...identity(sigstore, bob)), / {2}to be signed {2}/);
      } finally {
        await sigstore.server.stop();
      }
    },
  };
}

/** What the gate decides, with a state of its own where none is given. */
async function admit(
  context: Context,
  of: Signed,
  code: number,
  asked: string,
  more = '',
  url = of.notary.url,
) {
  const trust = join(context.scratch(), 'trust.yaml');
  const authority = `{ server: "${url}", rootKeys: ["${of.rootKey}"]${more} }`;
  writeFileSync(
    trust,
    `apiVersion: pratique.dev/v1\nkind: Trust\nauthorities: { docker: { contentTrust: ${authority} } }\n` +
      'images: [{ match: "**", require: { any: [docker] } }]\n',
  );
  const args = ['admit', '--trust', trust, '-o', 'json', asked];
  return await context.exits(code, 'pratique', args, { env: { DOCKER_CONFIG: of.publisher.directory } });
}

function admitting(context: Context, notary: NotaryServer): Scenario[] {
  return [
    {
      name: 'content trust: the gate admits what a tag is signed to be, and neither another image nor one of another role',
      run: async () => {
        const of = await signed(context, notary);
        const { name, image, publisher } = of;
        for (const asked of [image.tagged, image.pinned, `${image.tagged}@${image.digest}`])
          await admit(context, of, 0, asked);
        const other = await context.image(context.ours);
        await context.ok('crane', ['copy', '--insecure', other.pinned, `${name}:v2`]);
        const unsigned = await admit(context, of, 2, `${name}:v2`);
        match(unsigned.stdout, /"NOTARY_TAG_NOT_SIGNED"/);
        await context.ok('crane', ['copy', '--insecure', other.pinned, image.tagged]);
        match((await admit(context, of, 2, image.tagged)).stdout, /"NOTARY_DIGEST_NOT_SIGNED"/);
        await admit(context, of, 0, `${image.tagged}@${image.digest}`);
        const directory = context.scratch();
        await publisher.docker('trust', 'key', 'generate', 'dave', '--dir', directory);
        await publisher.docker('trust', 'signer', 'add', '--key', join(directory, 'dave.pub'), 'dave', name);
        await addTag(context, of, 'v3', 'targets/dave');
        await context.ok('crane', ['copy', '--insecure', image.pinned, `${name}:v3`]);
        match((await admit(context, of, 2, `${name}:v3`)).stdout, /"NOTARY_TAG_NOT_SIGNED"/);
        await admit(context, of, 0, `${name}:v3`, ', roles: [targets/dave]');
      },
    },
    {
      name: 'content trust: to the gate a rollback, another root and a server that is gone are faults',
      run: async () => {
        const of = await signed(context, notary);
        const { name, image, publisher } = of;
        const other = await signed(context, notary);
        const fault = async (code: string, ...more: [string, string?]) => {
          const { stdout } = await admit(context, of, 2, image.tagged, ...more);
          const [{ decision }] = JSON.parse(stdout) as [
            { decision: { denials: { code: string; fault: boolean }[] } },
          ];
          deepEqual(
            decision.denials.map((denial) => [denial.code, denial.fault]),
            [[code, true]],
          );
        };
        const state = `, state: "${context.scratch()}"`;
        const before = (await notary.fetch(`/v2/${name}/_trust/tuf/timestamp.json`)).bytes;
        await addTag(context, of, 'v2');
        await admit(context, of, 0, image.tagged, state);
        const old = (file: string, bytes: Buffer) => (file === 'timestamp.json' ? before : bytes);
        await notary.behind(old, publisher.directory, (url) => fault('NOTARY_ROLLBACK', state, url));
        const foreign = (file: string, bytes: Buffer) => (file === 'timestamp.json' ? undefined : bytes);
        await notary.behind(foreign, publisher.directory, (url) => fault('NOTARY_MISMATCH', '', url));
        await fault('NOTARY_UNREACHABLE', '', 'https://127.0.0.1:1');
        const wrong = { ...of, rootKey: other.rootKey };
        match((await admit(context, wrong, 2, image.tagged)).stdout, /"NOTARY_ROOT_UNTRUSTED"/);
      },
    },
  ];
}

function oldKeys(context: Context, notary: NotaryServer): Scenario[] {
  return [
    {
      name: 'content trust: keys of ~/.docker/trust/private are imported, sign images, and cosign verifies them',
      run: async () => {
        const of = await signed(context, notary);
        const directory = context.scratch();
        const [targets] = keysOf(of.publisher.directory, 'targets');
        const env = { COSIGN_PASSWORD: PASSPHRASE };
        for (const id of [of.rootKey, targets!]) {
          const prefix = join(directory, id);
          const file = join(of.publisher.directory, 'trust', 'private', `${id}.key`);
          const importing = ['import-key-pair', '--key', file, '--output-key-prefix', prefix];
          await context.exits(4, 'pratique', importing, { env: { COSIGN_PASSWORD: 'another' } });
          ok(!existsSync(`${prefix}.key`));
          await context.ok('pratique', importing, { env });
          const image = await context.image(context.ours);
          await context.ok('cosign', ['sign', '--key', `${prefix}.key`, ...SIGN_FLAGS, image.pinned], {
            env,
          });
          const verify = ['--key', `${prefix}.pub`, '--insecure-ignore-tlog', '--allow-http-registry'];
          await context.ok('pratique', ['verify', ...verify, image.pinned]);
        }
      },
    },
    {
      name: 'content trust: what the registry does not have is named and left, the rest is signed',
      run: async () => {
        const of = await signed(context, notary);
        const gone = { ...of, image: { ...of.image, digest: `sha256:${'0'.repeat(64)}` } };
        await addTag(context, gone, 'gone');
        const key = await context.keyPair('pratique');
        const root = ['--root-key', of.rootKey, '--trust-state', context.scratch()];
        const args = ['trust', 'migrate', ...root, '--key', key.privateKey, ...SIGN_FLAGS, of.name];
        const { stdout } = await context.exits(FAULT, 'pratique', args, { env: environment(of, notary.url) });
        match(stdout, /sha256:0{64} {2}missing {2}/);
        const verify = ['--key', key.publicKey, '--insecure-ignore-tlog', '--allow-http-registry'];
        await context.ok('cosign', ['verify', ...verify, of.image.pinned]);
      },
    },
  ];
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const notary = await NotaryServer.start(context);
  return [
    ...verifying(context, notary),
    ...migrating(context, notary),
    tokens(context),
    keyless(context, notary),
    authorities(context, notary),
    oldData(context),
    ...admitting(context, notary),
    ...oldKeys(context, notary),
    {
      name: 'content trust: a server that stopped has not said that nothing is signed',
      run: async () => {
        const of = await signed(context, notary);
        await notary.stop();
        await refusedFor(context, 'NOTARY_UNREACHABLE', of);
      },
    },
  ];
}
