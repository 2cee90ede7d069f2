/**
 * Keys in PIV tokens: cosign, built with PIV, and we make keys, sign, verify, show attestations and set PINs on one token,
 * through Debian's pcscd, in both of its protocols. The token is a card in this process, which Yubico's own tool uses too.
 */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseCertificate, parsePem, parseSigningKey } from '@pratique/crypto';
import { yubicoAuthorities } from '@pratique/keys';
import { PivCard } from '@pratique/keys/testing/piv-card';
import { createMaker, type Maker } from '@pratique/keys/testing/piv-maker';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { verifyAttestation } from '../../packages/keys/src/piv/attestation.ts';
import { slotNamed } from '../../packages/keys/src/piv/slots.ts';
import type { Context, Scenario } from '../support/context.ts';
import { alice, identity, initialize, startSigstoreWith, token } from '../support/private-sigstore.ts';
import type { Result } from '../support/process.ts';
import { type Readers, withCards } from '../support/readers.ts';
import { NONE_MATCHES, SIGN_FLAGS } from '../support/signing.ts';
import { fetchPivGo, makerCertificate, makerKey } from '../tools/cosign-piv.ts';

const [USAGE, AUTHENTICATION] = [3, 4];
const [pin, puk] = ['123456', '12345678'];
const programs = ['cosign-piv', 'pratique'] as const;
type Signer = (typeof programs)[number];

/** What a scenario does with a token. */
class Desk {
  readonly #context: Context;
  readonly #readers: Readers;
  readonly roots: string;

  constructor(context: Context, readers: Readers) {
    this.#context = context;
    this.#readers = readers;
    this.roots = join(homeOf(context), makerCertificate);
  }

  get #cosign(): readonly [string, ...string[]] {
    const [first, ...rest] = [...this.#readers.launcher, this.#context.tools['cosign-piv']];
    return [first!, ...rest];
  }

  get env() {
    return this.#readers.env;
  }

  /** Runs a program with the token; cosign says yes to what it asks. */
  run(program: Signer | 'yubico-piv-tool', args: readonly string[], env: Record<string, string> = {}) {
    return this.#context.run(program === 'cosign-piv' ? this.#cosign : program, args, {
      env: { ...this.env, ...env },
      input: 'y\ny\n',
    });
  }

  async ok(program: Signer | 'yubico-piv-tool', args: readonly string[], env: Record<string, string> = {}) {
    const result = await this.run(program, args, env);
    equal(result.code, 0, `${program} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  /** What needs the PIN: cosign asks for it on a terminal, which `script` makes. */
  async signing(program: Signer, args: readonly string[], given = pin): Promise<Result> {
    if (program === 'pratique') return await this.run(program, args, { PRATIQUE_PIV_PIN: given });
    const command = [...this.#cosign, ...args].map((word) => `'${word}'`).join(' ');
    return await this.#context.run(['script'], ['-qec', command, '/dev/null'], {
      env: this.env,
      input: `${given}\n`,
    });
  }

  async signed(program: Signer, args: readonly string[]): Promise<void> {
    const result = await this.signing(program, args);
    equal(result.code, 0, `${program} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  }

  /** piv-tool, without questions. */
  piv(program: Signer, ...args: readonly string[]) {
    const needsRoots = program === 'pratique' && /^(?:generate-key|attestation)$/.test(args[0]!);
    return this.run(program, [
      'piv-tool',
      ...args,
      '--no-input',
      ...(needsRoots ? ['--attestation-roots', this.roots] : []),
    ]);
  }

  async pivOk(program: Signer, ...args: readonly string[]) {
    const result = await this.piv(program, ...args);
    equal(result.code, 0, `${program} piv-tool ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  async publicKey(program: Signer, slot = 'signature'): Promise<string> {
    return (await this.ok(program, ['public-key', '--sk', '--slot', slot])).stdout.trim();
  }
}

const homeOf = (context: Context) => dirname(dirname(context.tools['cosign-piv']));

export async function scenarios(context: Context): Promise<Scenario[]> {
  const key = parseSigningKey(readFileSync(join(homeOf(context), makerKey), 'utf8'), '');
  const maker: Maker = createMaker(key);
  const with1 = (
    work: (desk: Desk, card: PivCard, readers: Readers) => Promise<void>,
    daemon: 'pcscd' | 'pcscd2' = 'pcscd',
  ) => {
    const card = new PivCard({ maker });
    return withCards(context, daemon, [card], (readers) => work(new Desk(context, readers), card, readers));
  };
  return [
    ...(['pcscd', 'pcscd2'] as const).flatMap((daemon) =>
      programs.map((owner) => ({
        name: `${daemon}: with a key that ${owner} made in a token cosign and we sign files, images and attestations, and both verify`,
        run: () => with1((desk) => signAndVerify(context, desk, owner), daemon),
      })),
    ),
    {
      name: 'the attestation of a key is the same from both, in words and as data, for each slot and policy',
      run: () => with1(attestations),
    },
    {
      name: 'PINs and PUKs that one sets count for the other, wrong ones are counted once, and each unblocks what the other blocked',
      run: () => with1(secrets, 'pcscd2'),
    },
    {
      name: 'a token that one resets is as new to the other',
      run: () => with1(resets),
    },
    {
      name: 'management keys: of Triple DES as of AES, set by us or by yubico-piv-tool, let both make keys and nobody else',
      run: () => with1(managementKeys, 'pcscd2'),
    },
    {
      name: 'keys of P-256, P-384 and RSA that yubico-piv-tool made or brought in sign with us, and cosign verifies them by their public half',
      run: () => with1((desk) => foreignKeys(context, desk), 'pcscd2'),
    },
    {
      name: 'with a certificate in the slot, which cosign puts into its signatures, nobody takes those for the token’s; ours both do',
      run: () => with1((desk) => certificateInSlot(context, desk), 'pcscd2'),
    },
    {
      name: 'of two tokens cosign takes neither, and we the one that is named',
      run: () => {
        const cards = [new PivCard({ maker, serial: 1 }), new PivCard({ maker, serial: 2 })] as const;
        return withCards(context, 'pcscd', cards, (readers) => twoTokens(new Desk(context, readers)));
      },
    },
    {
      name: 'a token that was taken out is said to be',
      run: () =>
        with1(async (desk, _card, readers) => {
          await readers.takeOut(0);
          const { stderr } = await context.exits(USAGE, 'pratique', ['public-key', '--sk'], {
            env: desk.env,
          });
          match(stderr, /error PIV_TOKEN_MISSING/);
        }),
    },
    {
      name: 'a private Sigstore whose certificate authority is in a token certifies signers of cosign and ours, not while the token is out, and again when it is back',
      run: () => with1((desk, _card, readers) => authorityInToken(context, desk, readers)),
    },
    {
      name: 'attestations of real YubiKeys are judged as by go-piv, and Yubico’s certificates are those that it has',
      run: realAttestations,
    },
  ];
}

async function signAndVerify(context: Context, desk: Desk, owner: Signer): Promise<void> {
  const made = await desk.pivOk(owner, 'generate-key');
  const [pem] = /-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----/s.exec(made.stdout)!;
  for (const program of programs) equal(await desk.publicKey(program), pem);
  const directory = context.scratch();
  const [file, other, publicKey] = ['file', 'other', 'key.pub'].map((name) => join(directory, name));
  writeFileSync(file!, 'to sign');
  writeFileSync(other!, 'something else');
  writeFileSync(publicKey!, `${pem}\n`);
  const { publicKey: foreign } = await context.keyPair('pratique');
  for (const signer of programs) {
    const bundle = join(directory, `${signer}.bundle`);
    const flags = SIGN_FLAGS.filter((flag) => flag !== '--allow-http-registry');
    await desk.signed(signer, ['sign-blob', '--sk', ...flags, '--bundle', bundle, file!]);
    const image = await context.image(context.ours);
    await desk.signed(signer, ['sign', '--sk', ...SIGN_FLAGS, image.pinned]);
    const predicate = join(directory, 'predicate');
    writeFileSync(predicate, '{"tests":"passed"}');
    const type = 'https://example.com/tests/v1';
    const claim = ['--predicate', predicate, '--type', type];
    const attested = await context.image(context.ours);
    await desk.signed(signer, ['attest', '--sk', ...claim, ...SIGN_FLAGS, attested.pinned]);
    for (const verifier of programs) {
      for (const key of [['--sk'], ['--key', publicKey!]]) {
        const blob = ['verify-blob', ...key, '--insecure-ignore-tlog', '--bundle', bundle];
        await desk.ok(verifier, [...blob, file!]);
        notEqual((await desk.run(verifier, [...blob, other!])).code, 0);
        const onImage = [...key, '--insecure-ignore-tlog', '--allow-http-registry'];
        await desk.ok(verifier, ['verify', ...onImage, image.pinned]);
        await desk.ok(verifier, ['verify-attestation', '--type', type, ...onImage, attested.pinned]);
      }
      const foreignly = ['verify', '--key', foreign, '--insecure-ignore-tlog', '--allow-http-registry'];
      notEqual((await desk.run(verifier, [...foreignly, image.pinned])).code, 0);
      const [, ...foreignKey] = foreignly;
      const claimed = ['verify-attestation', '--type', type, ...foreignKey, attested.pinned];
      notEqual((await desk.run(verifier, claimed)).code, 0);
    }
  }
  // Another key in the slot: what the one before signed is not of this token any more.
  await desk.pivOk(owner, 'generate-key');
  for (const verifier of programs) {
    const bundle = join(directory, 'pratique.bundle');
    const again = ['verify-blob', '--sk', '--insecure-ignore-tlog', '--bundle', bundle, file!];
    notEqual((await desk.run(verifier, again)).code, 0);
  }
  const unsigned = await context.image(context.ours);
  const verify = ['verify', '--sk', '--insecure-ignore-tlog', '--allow-http-registry', unsigned.pinned];
  notEqual((await desk.run('pratique', verify)).code, 0);
}

async function attestations(desk: Desk): Promise<void> {
  const cases = [
    ['signature', []],
    ['authentication', ['--pin-policy', 'never', '--touch-policy', 'never']],
    ['key-management', ['--pin-policy', 'always', '--touch-policy', 'cached']],
    ['card-authentication', ['--touch-policy', 'always']],
  ] as const;
  for (const [index, [slot, policy]] of cases.entries()) {
    await desk.pivOk(programs[index % 2]!, 'generate-key', '--slot', slot, ...policy);
    const theirs = await desk.pivOk('cosign-piv', 'attestation', '--slot', slot, '-o', 'json');
    const ours = await desk.pivOk('pratique', 'attestation', '--slot', slot, '-o', 'json');
    equal(ours.stdout, theirs.stderr);
    const words = await desk.pivOk('cosign-piv', 'attestation', '--slot', slot);
    const ourWords = await desk.pivOk('pratique', 'attestation', '--slot', slot);
    deepEqual([ourWords.stdout, ourWords.stderr], [words.stdout, words.stderr]);
    const { KeyCertPem, KeyAttestation } = JSON.parse(ours.stdout);
    const pem = new X509Certificate(KeyCertPem).publicKey.export({ type: 'spki', format: 'pem' }) as string;
    for (const program of programs) equal(await desk.publicKey(program, slot), pem.trim());
    equal(KeyAttestation.Serial, 12345678);
  }
  // Who does not know the maker is not told that it is one.
  const unknown = await desk.run('pratique', ['piv-tool', 'attestation']);
  match(unknown.stderr, /error PIV_ATTESTATION_INVALID/);
  equal(unknown.stdout, '');
}

async function secrets(desk: Desk): Promise<void> {
  await desk.pivOk('pratique', 'generate-key');
  const left = async () => {
    const { stdout, stderr } = await desk.ok('yubico-piv-tool', ['-a', 'status']);
    return /PIN tries left:\s+(\d+)/.exec(`${stdout}${stderr}`)?.[1];
  };
  const file = join(desk.roots, '../go.mod');
  const sign = (program: Signer, given: string) => desk.signing(program, signFile(file), given);
  // By turns, each with what the other has set.
  await desk.pivOk('pratique', 'set-pin', '--old-pin', pin, '--new-pin', '684920');
  await desk.pivOk('cosign-piv', 'set-pin', '--old-pin', '684920', '--new-pin', '295013');
  await desk.pivOk('pratique', 'set-puk', '--new-puk', '38104759');
  await desk.pivOk('cosign-piv', 'set-puk', '--old-puk', '38104759', '--new-puk', '57219043');
  for (const program of programs) equal((await sign(program, '295013')).code, 0);
  equal(await left(), '3');

  const wrong = await sign('pratique', pin);
  equal(wrong.code, AUTHENTICATION, wrong.stderr);
  match(wrong.stderr, /error PIV_PIN_REFUSED.*\n.*2 tries left/);
  ok(!wrong.stderr.includes(pin));
  equal(await left(), '2');
  match(
    (await desk.piv('cosign-piv', 'set-pin', '--old-pin', pin, '--new-pin', pin)).stderr,
    /1 retry remaining/,
  );
  equal(await left(), '1');
  const last = await desk.piv('pratique', 'set-pin', '--old-pin', pin, '--new-pin', '684920');
  match(last.stderr, /error PIV_PIN_BLOCKED/);
  match((await sign('pratique', '295013')).stderr, /error PIV_PIN_BLOCKED/);
  notEqual((await sign('cosign-piv', '295013')).code, 0);

  await desk.pivOk('cosign-piv', 'unblock', '--puk', '57219043', '--new-PIN', '684920');
  for (const program of programs) equal((await sign(program, '684920')).code, 0);
  for (let i = 0; i < 3; i++)
    notEqual((await desk.piv('cosign-piv', 'set-pin', '--old-pin', pin, '--new-pin', pin)).code, 0);
  match((await sign('pratique', '684920')).stderr, /error PIV_PIN_BLOCKED/);
  await desk.pivOk('pratique', 'unblock', '--puk', '57219043', '--new-PIN', '295013');
  for (const program of programs) equal((await sign(program, '295013')).code, 0);
}

function signFile(file: string): string[] {
  const flags = SIGN_FLAGS.filter((flag) => flag !== '--allow-http-registry');
  return ['sign-blob', '--sk', ...flags, '--bundle', '/dev/null', file];
}

async function resets(desk: Desk): Promise<void> {
  for (const [one, another] of [programs, [...programs].reverse() as [Signer, Signer]]) {
    await desk.pivOk(one!, 'generate-key');
    await desk.pivOk(one!, 'set-pin', '--new-pin', '684920');
    const key = await desk.publicKey(another!);
    await desk.pivOk(another!, 'reset');
    for (const program of programs) notEqual((await desk.run(program, ['public-key', '--sk'])).code, 0);
    match((await desk.run('pratique', ['public-key', '--sk'])).stderr, /error KEY_NOT_FOUND/);
    // PIN, PUK and management key are those of a new one.
    await desk.pivOk(one!, 'generate-key');
    notEqual(await desk.publicKey(another!), key);
    await desk.pivOk(one!, 'set-pin', '--old-pin', pin, '--new-pin', pin);
    await desk.pivOk(another!, 'unblock', '--puk', puk, '--new-PIN', pin);
  }
}

async function managementKeys(desk: Desk): Promise<void> {
  const normal = '010203040506070801020304050607080102030405060708';
  const generate = (key: string) =>
    desk.run('yubico-piv-tool', ['-a', 'generate', '-s', '9a', '-A', 'ECCP256', `--key=${key}`]);
  const ours = (key: string) => desk.piv('pratique', 'generate-key', '--slot', '9a', '--management-key', key);
  const given = await desk.piv('cosign-piv', 'generate-key', '--management-key', normal.slice(0, 24));
  match(given.stderr, /invalid management key length: 0 bytes/);
  let current = normal;
  equal((await generate(current)).code, 0);
  for (const next of ['00112233445566778899aabbccddeeff0011223344556677', 'a1'.repeat(16), 'b2'.repeat(32)]) {
    await desk.pivOk('pratique', 'set-management-key', '--old-key', current, '--new-key', next);
    equal((await ours(next)).code, 0);
    const made = await generate(next);
    equal(made.code, 0, `${next}\n${made.stdout}${made.stderr}`);
    const old = await ours(current);
    match(old.stderr, /error PIV_MANAGEMENT_KEY_(?:REFUSED|INVALID)/);
    notEqual((await generate(current)).code, 0);
    notEqual((await desk.piv('cosign-piv', 'generate-key')).code, 0);
    current = next;
  }
  const theirs = 'c3'.repeat(24);
  const set = (from: string, to: string, algorithm: string) =>
    desk.ok('yubico-piv-tool', ['-a', 'set-mgm-key', `--key=${from}`, `--new-key=${to}`, '-m', algorithm]);
  await set(current, theirs, 'AES192');
  equal((await ours(theirs)).code, 0);
  await set(theirs, current.slice(0, 48), 'TDES');
  equal((await ours(current.slice(0, 48))).code, 0);
  await desk.pivOk('pratique', 'reset');
  await desk.pivOk('pratique', 'generate-key', '--random-management-key');
  for (const key of [normal, current, theirs]) notEqual((await generate(key)).code, 0);
}

async function foreignKeys(context: Context, desk: Desk): Promise<void> {
  const kinds = [
    ['9a', 'ECCP256', []],
    ['9c', 'ECCP384', ['--signature-digest-algorithm', 'sha384']],
    ['9d', 'RSA2048', []],
    ['9e', null, []],
  ] as const;
  for (const [slot, algorithm, cosign] of kinds) {
    const publicKey = join(context.scratch(), 'key.pub');
    if (algorithm !== null)
      await desk.ok('yubico-piv-tool', ['-a', 'generate', '-s', slot, '-A', algorithm, '-o', publicKey]);
    else {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      writeFileSync(`${publicKey}.pem`, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      writeFileSync(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
      await desk.ok('yubico-piv-tool', ['-a', 'import-key', '-s', slot, '-i', `${publicKey}.pem`]);
      // Nothing attests that it was made in the token, which is where cosign reads the public half.
      notEqual(
        (await desk.run('cosign-piv', ['public-key', '--sk', '--slot', 'card-authentication'])).code,
        0,
      );
    }
    const image = await context.image(context.ours);
    const key = ['--sk', '--slot', slot];
    equal((await desk.ok('pratique', ['public-key', ...key])).stdout, readFileSync(publicKey, 'utf8'));
    await desk.signed('pratique', ['sign', ...key, '--allow-http-registry', image.pinned]);
    const verify = ['verify', '--insecure-ignore-tlog', '--allow-http-registry'];
    await context.ok('cosign', [...verify, '--key', publicKey, ...cosign, image.pinned]);
    await desk.ok('pratique', [...verify, ...key, image.pinned]);
    // The first one has no other beside it yet.
    if (slot === '9a') continue;
    const other = ['--sk', '--slot', '9a'];
    const refused = await desk.run('pratique', [...verify, ...other, image.pinned]);
    equal(refused.code, NONE_MATCHES);
  }
}

async function certificateInSlot(context: Context, desk: Desk): Promise<void> {
  const directory = context.scratch();
  const [privateKey, certificate, file] = ['key.pem', 'cert.pem', 'file'].map((name) =>
    join(directory, name),
  );
  writeFileSync(file!, 'to sign');
  // Made in the token, and certified by somebody who has its public half.
  await desk.pivOk('pratique', 'generate-key');
  const publicKey = join(directory, 'key.pub');
  writeFileSync(publicKey, `${await desk.publicKey('pratique')}\n`);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', privateKey!];
  const authority = join(directory, 'ca.pem');
  await context.ok(['openssl'], ['req', '-x509', ...curve, '-subj', '/CN=somebody', '-out', authority]);
  const issue = ['-CA', authority, '-CAkey', privateKey!, '-force_pubkey', publicKey, '-subj', '/CN=me'];
  await context.ok(['openssl'], ['x509', '-new', ...issue, '-out', certificate!]);
  await desk.ok('yubico-piv-tool', ['-a', 'import-certificate', '-s', '9c', '-i', certificate!]);
  for (const signer of programs) {
    const bundle = join(directory, `${signer}.bundle`);
    const flags = SIGN_FLAGS.filter((flag) => flag !== '--allow-http-registry');
    await desk.signed(signer, ['sign-blob', '--sk', ...flags, '--bundle', bundle, file!]);
    const { verificationMaterial } = JSON.parse(readFileSync(bundle, 'utf8'));
    equal(
      'certificate' in verificationMaterial,
      signer === 'cosign-piv',
      JSON.stringify(verificationMaterial),
    );
    const verify = ['verify-blob', '--sk', '--insecure-ignore-tlog', '--bundle', bundle, file!];
    if (signer === 'pratique') {
      for (const verifier of programs) await desk.ok(verifier, verify);
      continue;
    }
    match((await desk.run('cosign-piv', verify)).stderr, /expected key signature, not certificate/);
    match((await desk.run('pratique', verify)).stderr, /CERTIFICATE_NOT_TRUSTED/);
  }
}

async function twoTokens(desk: Desk): Promise<void> {
  match((await desk.piv('cosign-piv', 'generate-key')).stderr, /found 2 cards/);
  match((await desk.piv('pratique', 'generate-key')).stderr, /error KEY_AMBIGUOUS/);
  const keys: string[] = [];
  for (const serial of ['1', '2']) {
    await desk.pivOk('pratique', 'generate-key', '--serial', serial);
    const reference = `piv:signature?serial=${serial}`;
    keys.push((await desk.ok('pratique', ['public-key', '--key', reference])).stdout);
  }
  notEqual(keys[0], keys[1]);
  match((await desk.run('pratique', ['public-key', '--sk'])).stderr, /error KEY_AMBIGUOUS/);
}

async function authorityInToken(context: Context, desk: Desk, readers: Readers): Promise<void> {
  await desk.pivOk('pratique', 'generate-key', '--slot', 'authentication', '--touch-policy', 'never');
  const env = { ...desk.env, PRATIQUE_PIV_PIN: pin };
  const key = ['--ca-key', 'piv:authentication'];
  const sigstore = await startSigstoreWith(context, join(context.scratch(), 'sigstore'), env, '0', ...key);
  try {
    await initialize(context, sigstore);
    const sign = async (program: 'cosign' | 'pratique', reference: string) => {
      const flags = ['-y', '--allow-http-registry', '--identity-token', await token(sigstore, alice)];
      return await context.run(program, ['sign', ...flags, reference], { env: sigstore.env });
    };
    const accepted = async (program: 'cosign' | 'pratique') => {
      const image = await context.image(context.ours);
      const signed = await sign(program, image.pinned);
      equal(signed.code, 0, `${signed.stdout}\n${signed.stderr}`);
      const verify = ['verify', '--allow-http-registry', ...identity(sigstore, alice), image.pinned];
      for (const verifier of ['cosign', 'pratique'] as const)
        await context.ok(verifier, verify, { env: sigstore.env });
    };
    for (const program of ['cosign', 'pratique'] as const) await accepted(program);
    await readers.takeOut(0);
    const image = await context.image(context.ours);
    notEqual((await sign('pratique', image.pinned)).code, 0);
    await readers.putBack(0);
    await accepted('pratique');
  } finally {
    await sigstore.server.stop();
  }
}

/** What go-piv's own tests have: pairs of certificates of real tokens, and whether they belong together. */
async function realAttestations(): Promise<void> {
  const directory = join(await fetchPivGo(join(cacheDirectory(), 'tools')), 'piv');
  const tests = readFileSync(join(directory, 'key_test.go'), 'utf8');
  const pattern = /deviceCert: "([^"]+)",\s+keyCert:\s+"([^"]+)",\s+ok:\s+(true|false)/g;
  const cases = [...tests.matchAll(pattern)];
  ok(cases.length >= 4, 'the tests of go-piv');
  const read = (text: string) =>
    parseCertificate(parsePem(text.replaceAll('\\n', '\n'), 'a certificate')[0].bytes);
  for (const [, device, key, isGood] of cases) {
    const verify = () =>
      verifyAttestation(
        read(device!),
        read(key!),
        slotNamed('authentication'),
        yubicoAuthorities(),
        new Date(),
      );
    let judged = true;
    try {
      verify();
    } catch (error) {
      equal((error as { code?: string }).code, 'PIV_ATTESTATION_INVALID');
      judged = false;
    }
    equal(String(judged), isGood);
  }
  const { roots, intermediates } = yubicoAuthorities();
  const theirs = [join(directory, 'key.go'), ...globSync(join(directory, 'certs/*.pem'))]
    .map((file) => readFileSync(file, 'utf8'))
    .flatMap((text) => text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [])
    .map((pem) => new X509Certificate(pem).fingerprint256);
  for (const { der } of [...roots, ...intermediates])
    ok(theirs.includes(new X509Certificate(der).fingerprint256), 'a certificate that go-piv does not have');
}
