/** HashiCorp Vault itself: keys of its transit engine, used by cosign and by us; what it refuses, and how that is said. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Context, Program, Scenario } from '../support/context.ts';
import { keyServiceScenarios } from '../support/key-signing.ts';
import { FAULT, NONE_MATCHES, SIGN_FLAGS } from '../support/signing.ts';
import { startVault, type Vault } from '../support/vault.ts';

const DENIED = 2;
const USAGE = 3;
const AUTHENTICATION = 4;

/**
 * The types of keys that sign, and what cosign makes of them. For it every key in Vault signs SHA-256: cosign 3, whose
 * bundles are of the hash of the key's kind, signs with no other; cosign 2 does, and of Ed25519 signs the hash, which
 * nobody can verify by the public key. Verifying in Vault it asks of RSA for PSS, which it does not sign with.
 */
const kinds: Readonly<
  Record<
    string,
    {
      readonly signer?: 'cosign' | 'cosign2';
      /** What `cosign verify` must be told of our signatures. */
      readonly flags?: readonly string[];
      readonly verifiesInVault: boolean;
    }
  >
> = {
  'ecdsa-p256': { signer: 'cosign', verifiesInVault: true },
  'ecdsa-p384': {
    signer: 'cosign2',
    flags: ['--signature-digest-algorithm', 'sha384'],
    verifiesInVault: true,
  },
  'ecdsa-p521': {
    signer: 'cosign2',
    flags: ['--signature-digest-algorithm', 'sha512'],
    verifiesInVault: true,
  },
  ed25519: { verifiesInVault: false },
  'rsa-2048': { signer: 'cosign', verifiesInVault: false },
  'rsa-3072': { signer: 'cosign', verifiesInVault: false },
  'rsa-4096': { signer: 'cosign', verifiesInVault: false },
};

const REGISTRY = ['--allow-http-registry'];
const VERIFY = ['--insecure-ignore-tlog'];
const hashivault = (name: string) => `hashivault://${name}`;

export async function scenarios(context: Context): Promise<Scenario[]> {
  const vault = await startVault(context);
  const env = { VAULT_ADDR: vault.url, VAULT_TOKEN: vault.token };
  const both = keyServiceScenarios(context, {
    name: 'Vault',
    reference: hashivault,
    env,
    make: (reference) => ['generate-key-pair', '--kms', reference],
    missing: /KEY_NOT_FOUND/,
  });
  return [
    ...both,
    ...Object.keys(kinds).map((type) => ({
      name: `a key of type ${type} in Vault signs an image for each that can, and each verifies the other`,
      run: () => signImages(context, vault, env, type),
    })),
    {
      name: 'files and attestations that cosign or we sign with a key in Vault are verified by both, by its public half and by its name',
      run: () => attestAndSignFiles(context, vault, env),
    },
    {
      name: 'a key that is rotated signs under its newest version, or the one that is named; VAULT_KEY_PREFIX says which to verify with, to cosign and to us',
      run: () => rotate(context, vault, env),
    },
    {
      name: 'a trust file that names two versions of a key admits what either signed, and with Vault sealed nothing',
      run: () => trustVersions(context, vault, env),
    },
    {
      name: 'the mount, the token file, the namespace and the names of OpenBao are found in the environment by both',
      run: () => environments(context, vault),
    },
    {
      name: 'a token that may only read a key verifies with us and signs nothing; one that may only sign does not, without the public half',
      run: () => limitedTokens(context, vault),
    },
    {
      name: 'a wrong token, no key, a deleted one, one that does not sign, another mount: each is said, and neither signs nor verifies',
      run: () => refusals(context, vault, env),
    },
    { name: 'a key that is there is not made again', run: () => existing(context, vault, env) },
    {
      name: 'Vault with a certificate of a private authority: trusted with VAULT_CACERT, and not without',
      run: () => overTls(context),
    },
    {
      name: 'a sealed Vault, and one that is gone, are faults; unsealed it signs on',
      run: () => sealedAndGone(context, vault, env),
    },
  ];
}

type Environment = Readonly<Record<string, string>>;

/** What the programs do with the files of one directory and keys in Vault. */
function desk(context: Context, env: Environment) {
  const directory = context.scratch();
  const at = (name: string) => join(directory, name);
  const file = at('file');
  writeFileSync(file, `to sign in ${directory}`);
  const signing = (program: Program, key: string, bundle: string) => [
    'sign-blob',
    '--key',
    key,
    ...(program === 'cosign' ? SIGN_FLAGS.filter((flag) => flag !== '--allow-http-registry') : []),
    '--bundle',
    at(bundle),
    file,
  ];
  const verifying = (key: string, bundle: string) => [
    'verify-blob',
    ...VERIFY,
    '--key',
    key,
    '--bundle',
    at(bundle),
    file,
  ];
  return {
    at,
    file,
    /** Signs the file into a bundle. */
    async sign(program: 'cosign' | 'pratique', key: string, bundle: string, more: Environment = {}) {
      await context.ok(program, signing(program, key, bundle), { env: { ...env, ...more } });
    },
    verifies: async (program: Program, key: string, bundle: string, more: Environment = {}) =>
      (await context.run(program, verifying(key, bundle), { env: { ...env, ...more } })).code === 0,
    /** What we are asked to do is not done, and is no verdict either. */
    async refused(
      what: 'sign' | 'verify',
      key: string,
      code: string,
      exit: number,
      more: Environment = {},
      bundle = 'refused',
    ) {
      const args = what === 'sign' ? signing('pratique', key, 'refused') : verifying(key, bundle);
      const { stderr } = await context.exits(exit, 'pratique', args, { env: { ...env, ...more } });
      match(stderr, new RegExp(`^error ${code}:`, 'm'));
      const token = more['VAULT_TOKEN'] ?? env['VAULT_TOKEN'];
      if (token) ok(!stderr.includes(token), `the token is shown: ${stderr}`);
      equal(existsSync(at('refused')), false, 'there is a bundle');
    },
    /** Writes the public half to a file. */
    async publicKey(program: 'cosign' | 'pratique', key: string, name: string, more: Environment = {}) {
      const printed = await context.ok(program, ['public-key', '--key', key], { env: { ...env, ...more } });
      writeFileSync(at(name), printed);
      return at(name);
    },
  };
}

async function signImages(context: Context, vault: Vault, env: Environment, type: string): Promise<void> {
  const { signer, flags = [], verifiesInVault } = kinds[type]!;
  await vault.key(type, type);
  const key = hashivault(type);
  const { publicKey } = desk(context, env);
  const pem = await publicKey('pratique', key, 'ours.pub');
  equal(
    readFileSync(await publicKey('cosign', key, 'theirs.pub'), 'utf8').trim(),
    readFileSync(pem, 'utf8').trim(),
  );
  const verify = (by: string) => ['verify', ...VERIFY, ...REGISTRY, '--key', by];

  const byUs = await context.image(context.ours);
  await context.ok('pratique', ['sign', '--key', key, ...REGISTRY, byUs.pinned], { env });
  await context.ok('pratique', [...verify(key), byUs.pinned], { env });
  await context.ok('cosign', [...verify(pem), ...flags, byUs.pinned]);
  const inVault = await context.run('cosign', [...verify(key), ...flags, byUs.pinned], { env });
  equal(inVault.code === 0, verifiesInVault, inVault.stderr);

  const byCosign = await context.image(context.ours);
  const sign = ['sign', '--key', key, ...SIGN_FLAGS, byCosign.pinned];
  if (signer !== 'cosign') notEqual((await context.run('cosign', sign, { env })).code, 0);
  if (signer === undefined) return;
  if (signer === 'cosign2') {
    const old = sign.filter((flag) => flag !== '--use-signing-config=false');
    await context.ok('cosign2', old, { env });
  } else await context.ok('cosign', sign, { env });
  await context.ok(signer, [...verify(pem), byCosign.pinned]);
  const itself = await context.run(signer, [...verify(key), byCosign.pinned], { env });
  equal(itself.code === 0, verifiesInVault, itself.stderr);
  await context.ok('pratique', [...verify(pem), byCosign.pinned]);
  await context.ok('pratique', [...verify(key), byCosign.pinned], { env });
  await vault.key('other', 'ecdsa-p256');
  await context.exits(NONE_MATCHES, 'pratique', [...verify(hashivault('other')), byCosign.pinned], { env });
}

async function attestAndSignFiles(context: Context, vault: Vault, env: Environment): Promise<void> {
  await vault.key('documents', 'ecdsa-p256');
  const key = hashivault('documents');
  const { at, file, sign, verifies, publicKey } = desk(context, env);
  const pem = await publicKey('pratique', key, 'key.pub');
  const type = ['--type', 'https://example.com/tests/v1'];
  writeFileSync(at('predicate'), '{"tests":"passed"}');
  for (const signer of ['cosign', 'pratique'] as const) {
    const image = await context.image(context.ours);
    const flags = signer === 'cosign' ? SIGN_FLAGS : REGISTRY;
    const attest = ['attest', '--key', key, '--predicate', at('predicate'), ...type, ...flags, image.pinned];
    await context.ok(signer, attest, { env });
    await sign(signer, key, `${signer}.json`);
    for (const verifier of ['cosign', 'pratique'] as const) {
      for (const by of [key, pem]) {
        const verify = ['verify-attestation', ...VERIFY, ...REGISTRY, ...type, '--key', by, image.pinned];
        await context.ok(verifier, verify, { env });
        ok(await verifies(verifier, by, `${signer}.json`), `${signer}, ${verifier}, ${by}`);
      }
    }
  }
  writeFileSync(file, 'something else');
  for (const signer of ['cosign', 'pratique'] as const) {
    equal(await verifies('cosign', key, `${signer}.json`), false);
    equal(await verifies('pratique', key, `${signer}.json`), false);
  }
}

async function rotate(context: Context, vault: Vault, env: Environment): Promise<void> {
  await vault.key('rotated', 'ecdsa-p256');
  const key = hashivault('rotated');
  const { sign, verifies, refused, publicKey } = desk(context, env);
  const first = await publicKey('cosign', key, 'first.pub');
  for (const signer of ['cosign', 'pratique'] as const) await sign(signer, key, `1-${signer}`);
  await vault.ask('POST', 'transit/keys/rotated/rotate');
  const second = await publicKey('cosign', key, 'second.pub');
  for (const signer of ['cosign', 'pratique'] as const) await sign(signer, key, `2-${signer}`);
  const pem = (file: string) => readFileSync(file, 'utf8').trim();
  notEqual(pem(first), pem(second));
  equal(pem(await publicKey('pratique', key, 'newest.pub')), pem(second));
  const version = (number: number) => ({ VAULT_KEY_PREFIX: `vault:v${number}:` });
  equal(pem(await publicKey('pratique', key, 'older.pub', version(1))), pem(first));

  for (const verifier of ['cosign', 'pratique'] as const) {
    for (const signer of ['cosign', 'pratique'] as const) {
      for (const signed of [1, 2]) {
        const bundle = `${signed}-${signer}`;
        for (const asked of [1, 2])
          equal(await verifies(verifier, key, bundle, version(asked)), signed === asked, bundle);
        // Untold, cosign verifies with the first version and we with the newest.
        equal(await verifies(verifier, key, bundle), signed === (verifier === 'cosign' ? 1 : 2), bundle);
      }
      equal(await verifies(verifier, first, `1-${signer}`), true);
    }
  }
  const older = `${key}?version=1`;
  await sign('pratique', older, '1-named');
  equal(await verifies('cosign', key, '1-named', version(1)), true);
  equal(await verifies('cosign', key, '1-named', version(2)), false);
  for (const bundle of ['1-named', '1-cosign', '2-cosign']) {
    equal(await verifies('pratique', older, bundle), bundle !== '2-cosign');
    // Named, it is that one whatever the environment says.
    equal(await verifies('pratique', older, bundle, version(2)), bundle !== '2-cosign');
  }
  await vault.ask('POST', 'transit/keys/rotated/config', { min_encryption_version: 2 });
  await refused('sign', older, 'KEY_MECHANISM_UNSUPPORTED', USAGE);
  equal(await verifies('pratique', older, '1-named'), true);

  const refusesVersion = (prefix: string, code: string) =>
    refused('verify', key, code, USAGE, { VAULT_KEY_PREFIX: prefix }, '1-cosign');
  await refusesVersion('vault:v3:', 'KEY_NOT_FOUND');
  await refusesVersion('v1', 'KEY_SERVICE_CONFIG');
  // What must not be used any more is not shown any more.
  await vault.ask('POST', 'transit/keys/rotated/config', { min_decryption_version: 2 });
  await refusesVersion('vault:v1:', 'KEY_NOT_FOUND');
  await refused('sign', older, 'KEY_NOT_FOUND', USAGE);
  await refused('verify', older, 'KEY_NOT_FOUND', USAGE, {}, '1-named');
  equal(await verifies('cosign', key, '1-cosign', version(1)), false);
  await sign('pratique', key, '2-again');
  equal(await verifies('pratique', key, '2-again'), true);
}

async function trustVersions(context: Context, vault: Vault, env: Environment): Promise<void> {
  await vault.key('team', 'ecdsa-p256');
  const key = hashivault('team');
  const signed = async () => {
    const image = await context.image(context.ours);
    await context.ok('cosign', ['sign', '--key', key, ...SIGN_FLAGS, image.pinned], { env });
    return image.pinned;
  };
  const before = await signed();
  await vault.ask('POST', 'transit/keys/team/rotate');
  const after = await signed();
  const { at } = desk(context, env);
  const admit = (keys: readonly string[], image: string) => {
    const trust = {
      apiVersion: 'pratique.dev/v1',
      kind: 'Trust',
      authorities: { team: { keys } },
      images: [{ match: '**', require: { any: ['team'] } }],
    };
    // JSON is YAML.
    writeFileSync(at('trust.yaml'), JSON.stringify(trust));
    return context.run('pratique', ['admit', '--trust', at('trust.yaml'), image], { env });
  };
  const both = [`${key}?version=1`, key];
  for (const image of [before, after]) equal((await admit(both, image)).code, 0);
  equal((await admit([key], after)).code, 0);
  equal((await admit([key], before)).code, DENIED);
  equal((await admit([`${key}?version=1`], after)).code, DENIED);
  await vault.seal();
  const { code, stderr } = await admit(both, after);
  await vault.unseal();
  equal(code, FAULT, stderr);
  match(stderr, /KEY_SERVICE_UNREACHABLE/);
}

async function environments(context: Context, vault: Vault): Promise<void> {
  const home = context.scratch();
  writeFileSync(join(home, '.vault-token'), `${vault.token}\n`);
  await vault.ask('POST', 'sys/mounts/team/signing', { type: 'transit' });
  await vault.ask('POST', 'team/signing/keys/elsewhere', { type: 'ecdsa-p256' });
  await vault.key('here', 'ecdsa-p256');
  const seen: unknown[] = [];
  const proxy = createServer((incoming, response) => {
    seen.push(incoming.headers['x-vault-namespace']);
    const { method, headers } = incoming;
    const outgoing = request(`${vault.url}${incoming.url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const { url, token } = vault;
  const named: readonly (readonly [key: string, env: Environment])[] = [
    [
      'hashivault://elsewhere',
      { VAULT_ADDR: url, VAULT_TOKEN: token, TRANSIT_SECRET_ENGINE_PATH: 'team/signing' },
    ],
    ['hashivault://here', { VAULT_ADDR: url, HOME: home }],
    ['openbao://here', { BAO_ADDR: url, BAO_TOKEN: token }],
    [
      'hashivault://here',
      { BAO_ADDR: 'http://127.0.0.1:1', BAO_TOKEN: 'other', VAULT_ADDR: url, VAULT_TOKEN: token },
    ],
    [
      'hashivault://here',
      { VAULT_ADDR: `http://127.0.0.1:${port}`, VAULT_TOKEN: token, VAULT_NAMESPACE: 'team' },
    ],
  ];
  try {
    for (const [key, env] of named) {
      const { sign, verifies } = desk(context, env);
      await sign('cosign', key, 'cosign.json');
      await sign('pratique', key, 'pratique.json');
      equal(await verifies('pratique', key, 'cosign.json'), true);
      equal(await verifies('cosign', key, 'pratique.json'), true);
    }
  } finally {
    proxy.close();
  }
  // This Vault has no namespaces and takes no notice.
  ok(seen.length >= 6, `${seen.length} requests`);
  deepEqual([...new Set(seen)], ['team']);
}

async function limitedTokens(context: Context, vault: Vault): Promise<void> {
  await vault.key('limited', 'ecdsa-p256');
  const key = hashivault('limited');
  const { sign, verifies, refused } = desk(context, { VAULT_ADDR: vault.url });
  await sign('pratique', key, 'signed', { VAULT_TOKEN: vault.token });

  const readOnly = { VAULT_TOKEN: await vault.limitedToken({ 'transit/keys/limited': ['read'] }) };
  equal(await verifies('pratique', key, 'signed', readOnly), true);
  equal(await verifies('cosign', key, 'signed', readOnly), false, 'cosign asks Vault to verify');
  await refused('sign', key, 'KEY_SERVICE_REFUSED', AUTHENTICATION, readOnly);

  const signOnly = { VAULT_TOKEN: await vault.limitedToken({ 'transit/sign/limited/*': ['update'] }) };
  await refused('sign', key, 'KEY_SERVICE_REFUSED', AUTHENTICATION, signOnly);
  await refused('verify', key, 'KEY_SERVICE_REFUSED', AUTHENTICATION, signOnly, 'signed');

  const enough = { 'transit/keys/limited': ['read'], 'transit/sign/limited/sha2-256': ['update'] };
  await sign('pratique', key, 'again', { VAULT_TOKEN: await vault.limitedToken(enough) });
  equal(await verifies('pratique', key, 'again', readOnly), true);
}

async function refusals(context: Context, vault: Vault, env: Environment): Promise<void> {
  for (const name of ['good', 'deleted']) await vault.key(name, 'ecdsa-p256');
  await vault.key('symmetric', 'aes256-gcm96');
  await vault.key('hmac', 'hmac', { key_size: 32 });
  await vault.key('derived', 'ed25519', { derived: true });
  const { sign, refused } = desk(context, env);
  for (const name of ['good', 'deleted']) await sign('pratique', hashivault(name), name);
  await vault.ask('POST', 'transit/keys/deleted/config', { deletion_allowed: true });
  await vault.ask('DELETE', 'transit/keys/deleted');

  const cases: readonly (readonly [name: string, code: string, exit: number, more?: Environment])[] = [
    ['good', 'KEY_SERVICE_REFUSED', AUTHENTICATION, { VAULT_TOKEN: 'hvs.of-somebody-else' }],
    ['good', 'KEY_SERVICE_CONFIG', USAGE, { VAULT_TOKEN: '' }],
    ['good', 'KEY_SERVICE_CONFIG', USAGE, { VAULT_ADDR: '' }],
    ['good', 'KEY_NOT_FOUND', USAGE, { TRANSIT_SECRET_ENGINE_PATH: 'elsewhere/transit' }],
    ['missing', 'KEY_NOT_FOUND', USAGE],
    ['deleted', 'KEY_NOT_FOUND', USAGE],
    ['symmetric', 'KEY_MECHANISM_UNSUPPORTED', USAGE],
    ['hmac', 'KEY_MECHANISM_UNSUPPORTED', USAGE],
    ['derived', 'KEY_MECHANISM_UNSUPPORTED', USAGE],
  ];
  for (const [name, code, exit, more] of cases) {
    await refused('sign', hashivault(name), code, exit, more);
    const bundle = name === 'deleted' ? name : 'good';
    await refused('verify', hashivault(name), code, exit, more, bundle);
  }
}

async function existing(context: Context, vault: Vault, env: Environment): Promise<void> {
  await vault.key('taken', 'rsa-2048');
  const { publicKey, at } = desk(context, env);
  const key = hashivault('taken');
  const before = readFileSync(await publicKey('cosign', key, 'before.pub'), 'utf8');
  const make = ['generate-key-pair', '--kms', key, '--output-key-prefix', at('made')];
  const { stderr } = await context.exits(USAGE, 'pratique', make, { env });
  match(stderr, /^error KEY_EXISTS:/m);
  equal(existsSync(at('made.pub')), false);
  equal(readFileSync(await publicKey('cosign', key, 'after.pub'), 'utf8'), before);
  const nowhere = { ...env, TRANSIT_SECRET_ENGINE_PATH: 'elsewhere/transit' };
  const unmade = await context.exits(USAGE, 'pratique', make, { env: nowhere });
  match(unmade.stderr, /^error KEY_NOT_FOUND:/m);
}

async function overTls(context: Context): Promise<void> {
  const vault = await startVault(context, { tls: true });
  try {
    await vault.key('secured', 'ecdsa-p256');
    const key = hashivault('secured');
    const { sign, verifies, refused } = desk(context, { VAULT_ADDR: vault.url, VAULT_TOKEN: vault.token });
    const trusted = { VAULT_CACERT: vault.ca! };
    await sign('cosign', key, 'cosign.json', trusted);
    await sign('pratique', key, 'pratique.json', trusted);
    equal(await verifies('cosign', key, 'pratique.json', trusted), true);
    equal(await verifies('pratique', key, 'cosign.json', trusted), true);
    const byName = { VAULT_ADDR: vault.url.replace('127.0.0.1', 'localhost'), ...trusted };
    const named = { ...byName, VAULT_TLS_SERVER_NAME: '127.0.0.1' };
    for (const verifier of ['cosign', 'pratique'] as const)
      equal(await verifies(verifier, key, 'cosign.json', named), true, verifier);
    for (const untrusted of [{}, byName, { VAULT_SKIP_VERIFY: 'true' }] satisfies Environment[])
      await refused('sign', key, 'KEY_SERVICE_UNREACHABLE', FAULT, untrusted);
    await refused('sign', key, 'KEY_SERVICE_CONFIG', USAGE, { VAULT_CACERT: '/nowhere/ca.crt' });
  } finally {
    await vault.stop();
  }
}

async function sealedAndGone(context: Context, vault: Vault, env: Environment): Promise<void> {
  await vault.key('sealed', 'ecdsa-p256');
  const key = hashivault('sealed');
  const { sign, verifies, refused } = desk(context, env);
  await sign('pratique', key, 'signed');
  await vault.seal();
  await refused('sign', key, 'KEY_SERVICE_UNREACHABLE', FAULT);
  await refused('verify', key, 'KEY_SERVICE_UNREACHABLE', FAULT, {}, 'signed');
  await vault.unseal();
  equal(await verifies('pratique', key, 'signed'), true);
  await sign('pratique', key, 'again');
  await vault.stop();
  await refused('sign', key, 'KEY_SERVICE_UNREACHABLE', FAULT);
  await refused('verify', key, 'KEY_SERVICE_UNREACHABLE', FAULT, {}, 'signed');
}
