/** Signatures, certificates, promises of certificate logs and chains from beside what is verified: cosign 3, cosign 2 and us. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  formatPem,
  formatPublicKey,
  formatTimestampRequest,
  generateSigningKey,
  oids,
  parsePublicKey,
} from '../../packages/crypto/src/index.ts';
import { testCertificateLog } from '../../packages/sigstore/src/testing/virtual/certificate-log.ts';
import {
  emptyName,
  extensions,
  makeAuthority,
  makeCertificate,
  names,
} from '../../packages/sigstore/src/testing/virtual/certificates.ts';
import type { Context, KeyPair, Program, Scenario } from '../support/context.ts';
import { alice, bob, identity, initialize, startSigstore, token } from '../support/private-sigstore.ts';
import { SIGN_FLAGS, verifyArguments } from '../support/signing.ts';

const programs = ['cosign', 'cosign2', 'pratique'] as const;
type Cosign = (typeof programs)[number];
const http = '--allow-http-registry';
const inTags = '--new-bundle-format=false';

function signFlags(program: Cosign, key: KeyPair): string[] {
  const flags = SIGN_FLAGS.filter(
    (flag) => program !== 'cosign2' || !flag.startsWith('--use-signing-config'),
  );
  return ['--key', key.privateKey, ...flags, inTags];
}

/** Signatures of images that stand in files. */
async function inFiles(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  const stranger = await context.keyPair('cosign');
  const server = createServer((_request, response) => response.end(readFileSync(key.publicKey)));
  server.unref();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const keys = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return programs.map((signer) => ({
    name: `${signer} signs an image into files: accepted by all three, for this image, key and payload only`,
    run: async () => {
      const image = await context.image(context.ours);
      const another = await context.image(context.ours);
      const out = context.scratch();
      const files = async (prefix: string, reference: string, ...more: string[]) => {
        const [signature, payload] = [join(out, `${prefix}.sig`), join(out, `${prefix}.json`)];
        const output = ['--output-signature', signature, '--output-payload', payload, '--upload=false'];
        await context.ok(signer, ['sign', ...signFlags(signer, key), ...output, ...more, reference]);
        return { signature, payload };
      };
      const plain = await files('plain', image.pinned);
      const annotated = await files('annotated', image.pinned, '-a', 'env=prod');
      const theirs = await files('theirs', another.pinned);
      const verify = (of: KeyPair, signature: string, payload?: string) =>
        verifyArguments(
          of,
          image.pinned,
          ...[inTags, '--signature', signature, ...(payload === undefined ? [] : ['--payload', payload])],
        );
      for (const verifier of programs) {
        const accepted = async (args: readonly string[]) => JSON.parse(await context.ok(verifier, args));
        for (const { signature, payload } of [plain, annotated])
          deepEqual(await accepted(verify(key, signature, payload)), [
            JSON.parse(readFileSync(payload, 'utf8')),
          ]);
        await accepted(verify(key, plain.signature));
        await accepted(verify(key, readFileSync(plain.signature, 'utf8').trim()));
        await accepted(verify({ ...key, publicKey: `${keys}/key.pub` }, plain.signature));
        const refused = async (args: readonly string[]) =>
          notEqual((await context.run(verifier, args)).code, 0, `${verifier} ${args.join(' ')}`);
        await refused(verify(stranger, plain.signature, plain.payload));
        await refused(verify(key, plain.signature, annotated.payload));
        await refused(verify(key, annotated.signature));
        await refused(verify(key, theirs.signature, theirs.payload));
      }
    },
  }));
}

/** Documents that are signed as they are, and names of images inside signatures. */
async function inPayloads(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  return programs.map((signer) => ({
    name: `${signer} signs a given document, and one for each name: printed alike by all three`,
    run: async () => {
      const image = await context.image(context.ours);
      const document = JSON.parse(
        await context.ok('cosign', ['generate', http, '-a', 'env=prod', image.pinned]),
      );
      const payload = join(context.scratch(), 'payload.json');
      writeFileSync(payload, JSON.stringify(document, null, 2));
      const sign = ['sign', ...signFlags(signer, key)];
      await context.ok(signer, [...sign, '--payload', payload, image.pinned]);
      // cosign 2 knows one name.
      const names = signer === 'cosign2' ? ['a.test/app', 'b.test/app'] : ['a.test/app,b.test/app'];
      for (const name of names)
        await context.ok(signer, [...sign, '--sign-container-identity', name, image.pinned]);
      const printed = async (program: Cosign) =>
        JSON.parse(await context.ok(program, verifyArguments(key, image.pinned, inTags))) as {
          critical: { identity: Record<string, string> };
        }[];
      const theirs = await printed('cosign');
      deepEqual(
        theirs.map(({ critical }) => critical.identity['docker-reference']).sort(),
        ['a.test/app', 'b.test/app', `${image.registry.host}/${image.repository}`].sort(),
      );
      deepEqual(theirs[0], document);
      for (const program of programs) deepEqual(await printed(program), theirs);
    },
  }));
}

/** A certificate of a private Sigstore for a key, and signatures by the key that know nothing of it. */
async function beside(context: Context): Promise<Scenario[]> {
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  for (const cosign of ['cosign', 'cosign2'] as const) await initialize(context, sigstore, cosign);
  const { env } = sigstore;
  const key = await context.keyPair('cosign');
  const stranger = await context.keyPair('cosign');
  const out = context.scratch();
  const file = join(out, 'file');
  writeFileSync(file, 'content');
  /** Of Alice, for a key that is there already. */
  const certify = async (of: KeyPair, name: string) => {
    const certificate = join(out, name);
    const who = ['--identity-token', await token(sigstore, alice)];
    const flags = ['--key', of.privateKey, '--issue-certificate', ...who, '--fulcio-url', sigstore.url];
    const output = ['--output-certificate', certificate, '--output-signature', join(out, 'ignored')];
    await context.ok('cosign2', ['sign-blob', '-y', '--tlog-upload=false', ...flags, ...output, file], {
      env,
    });
    return certificate;
  };
  const services = ['--rekor-url', sigstore.url, '--trusted-root', sigstore.trustedRoot];
  const root = (program: Program) => (program === 'pratique' ? ['--trusted-root', sigstore.trustedRoot] : []);

  /** An authority of our own, only whose root is known, and a certificate log. */
  const now = Date.now();
  const days = (count: number) => new Date(now + count * 86_400_000);
  const authority = makeAuthority({
    name: 'interop',
    rootKey: generateSigningKey('ecdsa-p384'),
    intermediateKey: generateSigningKey('ecdsa-p384'),
    purpose: oids.codeSigning,
    validFrom: days(-1),
    validUntil: days(365),
  });
  const certificateLog = testCertificateLog(generateSigningKey(), { validFrom: days(-1) });
  const issuer = `${sigstore.url}/oidc`;
  const write = (name: string, ...ders: readonly Uint8Array[]) => {
    const path = join(out, name);
    writeFileSync(path, ders.map((der) => formatPem('CERTIFICATE', der)).join(''));
    return path;
  };

  return [
    {
      name: '--certificate: the certificate of a key that signed an image, for its identity and key only',
      run: async () => {
        const image = await context.image(context.ours);
        const [certificate, wrong] = [await certify(key, 'alice.pem'), await certify(stranger, 'wrong.pem')];
        const flags = ['sign', '-y', http, inTags, '--key', key.privateKey, ...services.slice(0, 2)];
        await context.ok('cosign2', [...flags, image.pinned], { env });
        const verify = (email: string, file: string, program: Program) => [
          ...['verify', http, inTags, '--certificate', file, ...identity(sigstore, email)],
          ...[...root(program), image.pinned],
        ];
        for (const program of programs) {
          await context.ok(program, verify(alice, certificate, program), { env });
          for (const args of [verify(bob, certificate, program), verify(alice, wrong, program)])
            notEqual((await context.run(program, args, { env })).code, 0, `${program} ${args.join(' ')}`);
        }
        const predicate = join(out, 'predicate.json');
        writeFileSync(predicate, '{"a":1}');
        const what = ['--predicate', predicate, '--type', 'custom'];
        await context.ok('cosign2', ['attest', ...flags.slice(1), ...what, image.pinned], { env });
        for (const program of programs) {
          const attested = (email: string, file: string) => {
            const [, ...more] = verify(email, file, program);
            return ['verify-attestation', '--type', 'custom', ...more];
          };
          await context.ok(program, attested(alice, certificate), { env });
          for (const args of [attested(bob, certificate), attested(alice, wrong)])
            notEqual((await context.run(program, args, { env })).code, 0, `${program} ${args.join(' ')}`);
        }
      },
    },
    {
      name: '--sct: a promise of a certificate log in a file, for its certificate and log only',
      run: async () => {
        const signing = generateSigningKey();
        const leaf = makeCertificate({
          issuer: authority.issuer,
          subject: emptyName,
          key: signing.publicKey,
          validFrom: days(-1),
          validUntil: days(1),
          extensions: [
            extensions.signsData(),
            extensions.purposes(false, oids.codeSigning),
            extensions.names(names.email(alice)),
            extensions.fulcioRaw(1, issuer),
            extensions.fulcio(8, issuer),
          ],
        });
        const certificate = write('leaf.pem', leaf);
        const chain = write('chain.pem', authority.intermediate, authority.root);
        const signature = join(out, 'file.sig');
        const bytes = signing.sign(readFileSync(file));
        writeFileSync(signature, Buffer.from(bytes).toString('base64'));
        const stamp = await stampOf(sigstore.url, bytes);
        const timestamp = join(out, 'file.tsr.json');
        writeFileSync(timestamp, JSON.stringify({ SignedRFC3161Timestamp: stamp }));
        const authorities = join(out, 'tsa.pem');
        writeFileSync(authorities, await (await fetch(`${sigstore.url}/api/v1/timestamp/certchain`)).text());
        const promise = (name: string, der: Uint8Array, log = certificateLog) => {
          const path = join(out, name);
          writeFileSync(path, JSON.stringify(log.answer(der, { time: new Date() })));
          return path;
        };
        const logKey = join(out, 'ct.pub');
        writeFileSync(logKey, formatPublicKey(certificateLog.trusted.key));
        const options = { env: { ...env, SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: logKey } };
        const verify = (...sct: string[]) => [
          ...[
            'verify-blob',
            '--insecure-ignore-tlog',
            '--signature',
            signature,
            '--certificate',
            certificate,
          ],
          ...['--certificate-chain', chain, '--rfc3161-timestamp', timestamp, '--use-signed-timestamps'],
          ...['--timestamp-certificate-chain', authorities, ...identity(sigstore, alice), ...sct, file],
        ];
        const good = promise('sct.json', leaf);
        const other = testCertificateLog(generateSigningKey(), { validFrom: days(-1) });
        const forged = testCertificateLog(generateSigningKey(), { validFrom: days(-1) });
        const id = { logId: Buffer.from(certificateLog.trusted.id, 'hex') };
        const wrong = join(out, 'forged.json');
        writeFileSync(wrong, JSON.stringify(forged.answer(leaf, { time: new Date(), ...id })));
        for (const program of programs) {
          await context.ok(program, verify('--sct', good), options);
          for (const sct of [
            [],
            ['--sct', promise('other-certificate.json', authority.intermediate)],
            ['--sct', promise('other-log.json', leaf, other)],
            ['--sct', wrong],
          ])
            notEqual(
              (await context.run(program, verify(...sct), options)).code,
              0,
              `${program} ${sct.join(' ')}`,
            );
        }
      },
    },
    {
      name: '--allow-certificate-chain: a bundle with the issuers of its certificate, only where it is allowed',
      run: async () => {
        const pem = readFileSync(key.publicKey, 'utf8');
        const leaf = makeCertificate({
          issuer: authority.issuer,
          subject: emptyName,
          key: parsePublicKey(pem),
          validFrom: days(-1),
          validUntil: days(1),
          extensions: [
            extensions.signsData(),
            extensions.purposes(false, oids.codeSigning),
            extensions.names(names.email(alice)),
            extensions.fulcioRaw(1, issuer),
            extensions.fulcio(8, issuer),
          ],
        });
        const parts = JSON.parse(readFileSync(sigstore.trustedRoot, 'utf8'));
        const authorities = (der: Uint8Array) => [
          {
            uri: 'https://ca.example.test',
            certChain: { certificates: [{ rawBytes: Buffer.from(der).toString('base64') }] },
            validFor: { start: days(-2).toISOString() },
          },
        ];
        const rootFile = (name: string, der: Uint8Array) => {
          const path = join(out, name);
          writeFileSync(path, JSON.stringify({ ...parts, certificateAuthorities: authorities(der) }));
          return path;
        };
        const trusted = rootFile('root.json', authority.root);
        const stranger = makeAuthority({
          name: 'interop',
          rootKey: generateSigningKey('ecdsa-p384'),
          intermediateKey: generateSigningKey('ecdsa-p384'),
          purpose: oids.codeSigning,
          validFrom: days(-1),
          validUntil: days(365),
        });
        const bundle = join(out, 'chained.json');
        const certificate = ['--certificate', write('of-key.pem', leaf)];
        const chain = ['--certificate-chain', write('issuers.pem', authority.intermediate, authority.root)];
        const config = ['--signing-config', sigstore.signingConfig, '--trusted-root', trusted];
        const flags = [
          '-y',
          '--key',
          key.privateKey,
          ...certificate,
          ...chain,
          ...config,
          '--bundle',
          bundle,
        ];
        await context.ok('cosign', ['sign-blob', ...flags, file], { env });
        const held = JSON.parse(readFileSync(bundle, 'utf8'));
        equal(held.verificationMaterial.x509CertificateChain.certificates.length, 2);
        const forged = join(out, 'forged-chain.json');
        const raw = (der: Uint8Array) => ({ rawBytes: Buffer.from(der).toString('base64') });
        held.verificationMaterial.x509CertificateChain.certificates[1] = raw(stranger.intermediate);
        writeFileSync(forged, JSON.stringify(held));
        const verify = (of: string, believed: string, ...more: string[]) => [
          ...['verify-blob', '--bundle', of, '--trusted-root', believed, '--insecure-ignore-sct'],
          ...[...identity(sigstore, alice), ...more, file],
        ];
        const allow = '--allow-certificate-chain';
        for (const program of ['cosign', 'pratique'] as const) {
          await context.ok(program, verify(bundle, trusted, allow), { env });
          for (const args of [
            verify(bundle, trusted),
            verify(forged, trusted, allow),
            verify(bundle, rootFile('stranger.json', stranger.root), allow),
          ])
            notEqual((await context.run(program, args, { env })).code, 0, `${program} ${args.join(' ')}`);
        }
      },
    },
    ...programs.map((signer) => ({
      name: `--issue-certificate: ${signer} signs with a key as Alice: accepted by all three for Alice, and not for Bob`,
      run: async () => {
        const image = await context.image(context.ours);
        const who = ['--identity-token', await token(sigstore, alice)];
        const services = ['--fulcio-url', sigstore.url, '--rekor-url', sigstore.url];
        const asked = [
          ...services,
          ...root(signer),
          ...(signer === 'cosign' ? ['--use-signing-config=false'] : []),
        ];
        const flags = ['-y', http, inTags, '--key', key.privateKey, '--issue-certificate', ...who, ...asked];
        await context.ok(signer, ['sign', ...flags, image.pinned], { env });
        for (const program of programs) {
          const verify = (...by: string[]) => ['verify', http, inTags, ...by, ...root(program), image.pinned];
          await context.ok(program, verify(...identity(sigstore, alice)), { env });
          notEqual(
            (await context.run(program, verify(...identity(sigstore, bob)), { env })).code,
            0,
            program,
          );
        }
      },
    })),
    // In version 0.0.1 of the kind the signature does not stand, but the hash of the envelope does.
    ...(
      [
        ['cosign2', '0.0.1'],
        ['pratique', '0.0.2'],
      ] as const
    ).map(([signer, version]) => ({
      name: `--rekor-entry-type intoto: an attestation that ${signer} logs as such is accepted by all three, for its key only`,
      run: async () => {
        const predicate = join(out, 'logged.json');
        writeFileSync(predicate, '{"a":1}');
        const image = await context.image(context.ours);
        const what = ['--predicate', predicate, '--type', 'custom', '--rekor-entry-type', 'intoto'];
        const flags = ['-y', http, inTags, '--key', key.privateKey, ...services];
        await context.ok(signer, ['attest', ...flags, ...what, image.pinned]);
        const tag = `${image.registry.host}/${image.repository}:${image.digest.replace(':', '-')}.att`;
        const { layers } = JSON.parse(await context.ok('crane', ['manifest', '--insecure', tag])) as {
          layers: { annotations: Record<string, string> }[];
        };
        const entry = JSON.parse(layers[0]!.annotations['dev.sigstore.cosign/bundle']!);
        const body = JSON.parse(Buffer.from(entry.Payload.body, 'base64').toString());
        deepEqual([body.kind, body.apiVersion], ['intoto', version]);
        for (const program of programs) {
          const args = ['verify-attestation', '--type', 'custom', http, inTags];
          const by = (of: KeyPair) => [...args, '--key', of.publicKey, ...root(program), image.pinned];
          await context.ok(program, by(key), { env });
          notEqual((await context.run(program, by(stranger), { env })).code, 0, program);
        }
      },
    })),
    {
      name: '--rekor-url: the log that cosign 2 and we logged into is asked by all three, for this signature only',
      run: async () => {
        const other = join(out, 'other');
        writeFileSync(other, 'another content');
        for (const signer of ['cosign2', 'pratique'] as const) {
          const [signature, certificate] = [join(out, `${signer}.sig`), join(out, `${signer}.pem`)];
          const who = ['--identity-token', await token(sigstore, alice), '--fulcio-url', sigstore.url];
          const output = ['--output-signature', signature, '--output-certificate', certificate];
          const asked = ['--rekor-url', sigstore.url];
          const flags = ['-y', ...who, ...asked, ...root(signer), ...output];
          await context.ok(signer, ['sign-blob', ...flags, file], { env });
          for (const program of programs) {
            const verify = (email: string, of: string, ...more: string[]) =>
              context.run(
                program,
                [
                  ...['verify-blob', '--signature', signature, '--certificate', certificate],
                  ...[...identity(sigstore, email), ...root(program), ...more, of],
                ],
                { env },
              );
            const good = await verify(alice, file, ...asked);
            equal(good.code, 0, `${program} ${good.stderr}`);
            notEqual((await verify(bob, file, ...asked)).code, 0, program);
            notEqual((await verify(alice, other, ...asked)).code, 0, program);
          }
          notEqual(
            (
              await context.run('pratique', [
                ...['verify-blob', '--signature', signature, '--certificate', certificate],
                ...[...identity(sigstore, alice), ...root('pratique'), file],
              ])
            ).code,
            0,
          );
        }
        // Of images: bare signatures by a key, the entry of which is in the log only.
        const image = await context.image(context.ours);
        const [signature, payload] = [join(out, 'image.sig'), join(out, 'image.json')];
        const output = ['--output-signature', signature, '--output-payload', payload, '--upload=false'];
        const flags = ['-y', http, inTags, '--key', key.privateKey, '--rekor-url', sigstore.url, ...output];
        await context.ok('cosign2', ['sign', ...flags, image.pinned], { env });
        for (const program of programs) {
          const args = ['verify', http, inTags, '--key', key.publicKey, '--rekor-url', sigstore.url];
          const files = ['--signature', signature, '--payload', payload, ...root(program), image.pinned];
          await context.ok(program, [...args, ...files], { env });
          const byStranger = [...args.slice(0, 4), stranger.publicKey, ...args.slice(5)];
          notEqual((await context.run(program, [...byStranger, ...files], { env })).code, 0, program);
        }
      },
    },
    {
      name: '--insecure-skip-verify: cosign 2 and we sign where the certificate log is unknown, and do not otherwise',
      run: async () => {
        const stranger = testCertificateLog(generateSigningKey(), { validFrom: days(-1) });
        const logKey = join(out, 'stranger-ct.pub');
        writeFileSync(logKey, formatPublicKey(stranger.trusted.key));
        const parts = JSON.parse(readFileSync(sigstore.trustedRoot, 'utf8'));
        const believed = join(out, 'stranger-ct.json');
        writeFileSync(believed, JSON.stringify({ ...parts, ctlogs: [] }));
        const who = async () => ['--identity-token', await token(sigstore, alice)];
        const options = { env: { ...env, SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: logKey } };
        const sign = async (program: 'cosign2' | 'pratique', ...more: string[]) => {
          const flags = ['sign-blob', '-y', ...(await who()), '--bundle', join(out, `${program}.skipped`)];
          const asked = ['--fulcio-url', sigstore.url, '--rekor-url', sigstore.url];
          const files = program === 'pratique' ? ['--trusted-root', believed] : [];
          return await context.run(program, [...flags, ...asked, ...files, ...more, file], options);
        };
        for (const program of ['cosign2', 'pratique'] as const) {
          notEqual((await sign(program)).code, 0, program);
          const skipped = await sign(program, '--insecure-skip-verify');
          equal(skipped.code, 0, skipped.stderr);
        }
        const verify = (...more: string[]) => [
          ...['verify-blob', '--bundle', join(out, 'pratique.skipped'), ...identity(sigstore, alice)],
          ...['--trusted-root', believed, ...more, file],
        ];
        for (const program of ['cosign', 'pratique'] as const) {
          notEqual((await context.run(program, verify(), { env })).code, 0, program);
          await context.ok(program, verify('--insecure-ignore-sct'), { env });
        }
      },
    },
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}

/** An RFC 3161 timestamp of bytes, in base64. */
async function stampOf(url: string, bytes: Uint8Array): Promise<string> {
  const response = await fetch(`${url}/api/v1/timestamp`, {
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query' },
    body: formatTimestampRequest(bytes),
  });
  return Buffer.from(await response.arrayBuffer()).toString('base64');
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [...(await inFiles(context)), ...(await inPayloads(context)), ...(await beside(context))];
}
