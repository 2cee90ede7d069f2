/** The less common commands of cosign beside ours: what they print, what they store, and how they fail. */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import type { Context, Program, Scenario } from '../support/context.ts';

const programs = ['cosign', 'pratique'] as const;
const http = '--allow-http-registry';
const none = `sha256:${'0'.repeat(63)}1`;

/** Files that the commands take. */
interface Files {
  readonly directory: string;
  readonly sbom: string;
  readonly payload: string;
  readonly signature: string;
  readonly attestation: string;
  readonly publicKey: string;
}

async function prepare(context: Context): Promise<Files> {
  const directory = context.scratch();
  const at = (name: string, content = '') => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };
  const pair = await context.keyPair('cosign');
  const image = await context.image(context.ours);
  const payload = at('payload.json', await context.ok('cosign', ['generate', http, image.pinned]));
  const sign = ['--yes', '--key', pair.privateKey, '--tlog-upload=false', '--use-signing-config=false'];
  const signature = join(directory, 'signature');
  const old = ['--new-bundle-format=false', '--output-signature', signature];
  await context.ok('cosign', ['sign-blob', ...sign, ...old, payload]);
  const sbom = at('sbom.spdx.json', '{"spdxVersion":"SPDX-2.3"}\n');
  await context.ok('cosign', [
    ...['attest', http, ...sign, '--new-bundle-format=false', '--predicate', sbom, '--type', 'spdxjson'],
    image.pinned,
  ]);
  const downloaded = await context.ok('cosign', ['download', 'attestation', http, image.pinned]);
  const attestation = at('attestation.json', downloaded);
  return { directory, sbom, payload, signature, attestation, publicKey: pair.publicKey };
}

/** How each command is asked about an image. */
function ways({ directory, sbom, payload, signature, attestation, publicKey }: Files, image: string) {
  const inFile = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const container = { name: 'c', image };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [container] } };
  const key = ['--key', publicKey, '--insecure-ignore-tlog'];
  const parts = ['--payload', payload, '--signature', signature];
  const one = (...args: string[]) => [...args, http, image];
  return {
    tree: one('tree'),
    triangulate: one('triangulate'),
    generate: one('generate'),
    'download signature': one('download', 'signature'),
    'download attestation': one('download', 'attestation'),
    'download sbom': one('download', 'sbom'),
    'attach sbom': one('attach', 'sbom', '--sbom', sbom),
    'attach signature': one('attach', 'signature', ...parts),
    'attach attestation': one('attach', 'attestation', '--attestation', attestation),
    save: one('save', '--dir', join(directory, 'saved')),
    clean: one('clean', '-f'),
    copy: [...one('copy'), '127.0.0.1:1/some/copy:v1'],
    'manifest verify': ['manifest', 'verify', http, ...key, inFile('pod.yaml', JSON.stringify(pod))],
    'dockerfile verify': ['dockerfile', 'verify', http, ...key, inFile('Dockerfile', `FROM ${image}\n`)],
  };
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const registry = context.ours;
  const files = await prepare(context);
  const { directory, sbom, payload, signature, publicKey } = files;
  /** Both fail with one exit code; ours prints no data and says what it is. */
  const failAlike = async (image: string, code: string) => {
    for (const [name, args] of Object.entries(ways(files, image))) {
      // Without these it asks the public TUF repository first, which is not there.
      const offline = name.endsWith(' verify') ? ['--new-bundle-format=false', '--offline'] : [];
      const theirs = await context.run('cosign', [...args, ...offline]);
      const ours = await context.run('pratique', args);
      notEqual(theirs.code, 0, name);
      deepEqual([name, ours.code, ours.stdout], [name, theirs.code, '']);
      match(ours.stderr, new RegExp(`^error ${code}: `, 'm'), name);
    }
  };
  const manifest = (name: string) => context.ok('crane', ['manifest', '--insecure', name]);

  return [
    {
      name: 'an image that is not there: every command has the exit code of cosign, and no data',
      run: () => failAlike(`${registry.host}/team/nothing:v1`, 'OCI_NOT_FOUND'),
    },
    {
      name: 'a registry that is down: the same, and it is told apart',
      run: async () => {
        await failAlike('127.0.0.1:1/team/nothing:v1', 'OCI_UNREACHABLE');
        const saved = join(context.scratch(), 'saved');
        await context.ok('cosign', ['save', http, '--dir', saved, (await context.image(registry)).pinned]);
        const load = ['load', http, '--dir', saved, '127.0.0.1:1/team/loaded:v1'];
        await context.exits(1, 'cosign', load);
        match((await context.exits(1, 'pratique', load)).stderr, /^error OCI_UNREACHABLE: /m);
        // cosign keeps what it did not try.
        const login = ['login', '-u', 'alice', '--password-stdin', '127.0.0.1:1'];
        const options = () => ({ env: { DOCKER_CONFIG: context.scratch() }, input: 'secret\n' });
        await context.ok('cosign', login, options());
        const { stderr } = await context.exits(1, 'pratique', login, options());
        match(stderr, /^error OCI_UNREACHABLE: /m);
      },
    },
    {
      name: 'a mistake in the call has an exit code of its own here, and cosign’s of every fault there',
      run: async () => {
        for (const args of [['verify', '--no-such-flag', 'app'], ['triangulate'], ['verify', 'app:v1']]) {
          await context.exits(1, 'cosign', args);
          await context.exits(3, 'pratique', args);
        }
      },
    },
    {
      name: 'a wrong value of a flag is refused by both; we name it, and what there is',
      run: async () => {
        const { pinned, tagged } = await context.image(registry);
        const junk = join(directory, 'junk');
        writeFileSync(junk, 'junk');
        const parts = ['--payload', payload, '--signature', signature];
        const cases: readonly (readonly [args: readonly string[], expected: RegExp])[] = [
          [['triangulate', '--type', 'bogus', pinned], /bogus.*signature, attestation, sbom, digest/],
          [['clean', '-f', '--type', 'bogus', pinned], /bogus.*signature, attestation, referrer, sbom, all/],
          [['attach', 'sbom', '--sbom', sbom, '--type', 'bogus', pinned], /bogus.*spdx, cyclonedx, syft/],
          [['attach', 'sbom', '--sbom', sbom, '--input-format', 'bogus', pinned], /bogus.*json, xml, text/],
          [['attach', 'sbom', '--sbom', sbom, '--type', 'syft', '--input-format', 'text', pinned], /text/],
          [['attach', 'sbom', '--sbom', `${sbom}.none`, pinned], /no such file/],
          [['attach', 'sbom', pinned], /--sbom/],
          [['attach', 'signature', '--signature', `${signature}.none`, pinned], /no such file/],
          [['attach', 'signature', ...parts, '--certificate', junk, pinned], /junk/],
          [['attach', 'attestation', '--attestation', junk, pinned], /junk/],
          [['copy', '--only=sig,bogus', pinned, `${tagged}-copy`], /sig, att, sbom.*bogus/s],
          [['copy', '--platform', 'linux/arm64', pinned, `${tagged}-copy`], /one platform only/],
          [['copy', pinned], /SOURCE DESTINATION/],
          [['copy', pinned, '127.0.0.1:1/UPPER'], /lower case/],
          [['download', 'attestation', '--predicate-type', 'bogus', pinned], /spdxjson.*bogus/s],
          [['download', 'sbom', '--platform', 'linux/arm64', pinned], /one platform only/],
          [['generate', '-a', 'bogus', pinned], /NAME=VALUE.*bogus/s],
          [['generate', '-a', 'a="b"', pinned], /CSV.*a="b"/s],
          [['tree', '--allow-http-registry=maybe', pinned], /--allow-http-registry.*maybe/s],
          [['tree', '127.0.0.1:1/UPPER'], /lower case/],
          [['save', pinned], /--dir/],
          [['load', `${tagged}-loaded`], /--dir/],
          [['load', '--dir', join(directory, 'none'), `${tagged}-loaded`], /no OCI image layout/],
          [['completion', 'bogus'], /bogus/],
          [['env', '--show-descriptions=maybe'], /--show-descriptions.*maybe/s],
          [['login', registry.host], /--username/],
          [['manifest', 'verify', '--key', publicKey, join(directory, 'none')], /no such file/],
          [['manifest', 'verify', '--key', publicKey, junk], /junk/],
          [['dockerfile', 'verify', '--key', publicKey, join(directory, 'none')], /no such file/],
          [['dockerfile', 'verify', '--key', publicKey, junk], /no image/],
        ];
        for (const [args, expected] of cases) {
          const what = args.join(' ');
          notEqual((await context.run('cosign', args)).code, 0, what);
          const ours = await context.run('pratique', args);
          notEqual(ours.code, 0, what);
          equal(ours.stdout, '', what);
          match(ours.stderr, /^error [A-Z_]+: /m, what);
          match(ours.stderr, expected, what);
        }
        match(await context.ok('pratique', ['tree', http, pinned]), /nothing attached/);
      },
    },
    {
      name: 'generate and triangulate ask nobody about an image that is named by its digest',
      run: async () => {
        const image = `127.0.0.1:1/team/app@${none}`;
        for (const args of [
          ['generate', '-a', 'a=1', image],
          ...['signature', 'attestation', 'sbom', 'digest'].map((type) => [
            'triangulate',
            '--type',
            type,
            image,
          ]),
        ])
          equal(await context.ok('pratique', args), await context.ok('cosign', args), args.join(' '));
      },
    },
    {
      name: 'several annotations in one flag are those of cosign: generated, signed and verified',
      run: async () => {
        const pair = await context.keyPair('cosign');
        const { pinned } = await context.image(registry);
        const lists = [['a=1,b=2'], ['a=1', 'b=x=y,c=3'], ['"a=1,2",b=3'], ['']];
        for (const list of lists) {
          const args = ['generate', ...list.flatMap((pairs) => ['-a', pairs]), pinned];
          equal(await context.ok('pratique', args), await context.ok('cosign', args), list.join(' '));
        }
        const cosign = ['--yes', '--tlog-upload=false', '--use-signing-config=false'];
        const format = '--new-bundle-format=false';
        for (const signer of programs) {
          const image = await context.image(registry);
          const flags = ['--key', pair.privateKey, ...(signer === 'cosign' ? cosign : []), format];
          await context.ok(signer, ['sign', http, ...flags, '-a', 'env=prod,team=x', image.pinned]);
          const verify = (program: Program, wanted: string) =>
            context.run(program, [
              ...['verify', http, '--key', pair.publicKey, '--insecure-ignore-tlog', '-a', wanted],
              ...(program === 'cosign' ? [format] : []),
              image.pinned,
            ]);
          for (const verifier of programs) {
            for (const wanted of ['env=prod', 'team=x', 'team=x,env=prod'])
              equal((await verify(verifier, wanted)).code, 0, `${signer}, ${verifier} ${wanted}`);
            for (const wanted of ['team=y', 'env=prod,team=y'])
              equal((await verify(verifier, wanted)).code, 12, `${signer}, ${verifier} ${wanted}`);
          }
        }
      },
    },
    {
      name: 'an SBOM and a signature that are attached have the manifest of cosign, byte for byte',
      run: async () => {
        const image = await context.image(registry);
        const stored = async (suffix: string, args: readonly string[]) => {
          const found: string[] = [];
          for (const program of programs) {
            const copy = `${registry.host}/${context.unique('same/attached')}`;
            await context.ok('crane', ['copy', '--insecure', image.pinned, `${copy}:v1`]);
            await context.ok(program, ['attach', ...args, http, `${copy}@${image.digest}`]);
            found.push(await manifest(`${copy}:${image.digest.replace(':', '-')}.${suffix}`));
          }
          equal(found[1], found[0], args.join(' '));
        };
        await stored('sbom', ['sbom', '--sbom', sbom]);
        const plain = join(context.scratch(), 'sbom');
        writeFileSync(plain, 'SPDXVersion: SPDX-2.3');
        for (const kind of [[], ['--type', 'cyclonedx'], ['--type', 'cyclonedx', '--input-format', 'json']])
          await stored('sbom', ['sbom', '--sbom', plain, ...kind]);
        const own = join(context.scratch(), 'payload.json');
        writeFileSync(own, await context.ok('cosign', ['generate', '-a', 'text=<a&b>', image.pinned]));
        const certificate = join(context.scratch(), 'certificate.pem');
        const parts = ['--payload', own, '--signature', signature];
        await stored('sig', ['signature', ...parts]);
        writeFileSync(certificate, createSelfSigned({ names: ['signer.test'] }).certificatePem);
        const chain = ['--certificate', certificate, '--certificate-chain', certificate];
        await stored('sig', ['signature', ...parts, ...chain]);
      },
    },
    {
      name: 'env names every variable of cosign that is honoured, with what it is for; version --json has gitVersion',
      run: async () => {
        const names = (text: string) => [...text.matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name!);
        const [theirs, ours] = [await context.ok('cosign', ['env']), await context.ok('pratique', ['env'])];
        // Each of them is told in differences-from-cosign.md.
        const passedOver = [
          ...['BUILDKITE_AGENT_LOG_LEVEL', 'COSIGN_EXPERIMENTAL'],
          'COSIGN_PKCS11_IGNORE_CERTIFICATE',
        ];
        deepEqual(
          names(theirs).filter((name) => !names(ours).includes(name)),
          passedOver,
        );
        for (const name of names(ours))
          match(ours, new RegExp(`^# ${name} .*\\n# Expects: .*\\n${name}=`, 'm'));
        const env = { COSIGN_PASSWORD: 'hunter2', COSIGN_OTHER: 'hunter2', TUF_MIRROR: 'https://tuf.test' };
        for (const program of programs) {
          const plain = await context.ok(program, ['env', '--show-descriptions=false'], { env });
          equal(/hunter2|#/.test(plain), false, program);
          match(plain, /^COSIGN_PASSWORD=\*{6}$/m);
          match(plain, /^COSIGN_OTHER=\*{6}$/m);
          match(plain, /^TUF_MIRROR=https:\/\/tuf\.test$/m);
          const shown = await context.ok(program, ['env', '--show-sensitive-values'], { env });
          match(shown, /^COSIGN_PASSWORD=hunter2$/m);
          const version = await context.ok(program, ['version', '--json']);
          match((JSON.parse(version) as { gitVersion: string }).gitVersion, /^v\d+\.\d+\.\d+/);
        }
      },
    },
    {
      name: 'login writes the file that cosign writes',
      run: async () => {
        const written = await Promise.all(
          programs.map(async (program) => {
            const env = { DOCKER_CONFIG: context.scratch() };
            const args = ['login', '-u', 'alice', '--password-stdin', registry.host];
            await context.ok(program, args, { env, input: 'secret\n' });
            return JSON.parse(readFileSync(join(env.DOCKER_CONFIG, 'config.json'), 'utf8')) as unknown;
          }),
        );
        deepEqual(written[1], written[0]);
      },
    },
  ];
}
