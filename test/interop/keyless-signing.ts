/** What pratique signs without a key, against our private Sigstore, is what cosign 3 and cosign 2 accept, and back. */
import { equal, notEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';
import {
  alice,
  bob,
  identity,
  initialize,
  type PrivateSigstore,
  startSigstore,
  token,
} from '../support/private-sigstore.ts';
import type { TestImage, TestRegistry } from '../support/registries.ts';

const verifiers = ['cosign', 'cosign2', 'pratique'] as const;
type Verifier = (typeof verifiers)[number];

interface Setting {
  readonly context: Context;
  readonly sigstore: PrivateSigstore;
  /** Environments of the cosigns, which keep their trust apart. */
  readonly env: Readonly<Record<Verifier, Readonly<Record<string, string>>>>;
}

/** The flags with which pratique signs as somebody. */
async function signing(
  { sigstore }: Setting,
  email: string,
  config = sigstore.signingConfig,
): Promise<string[]> {
  const services = ['--signing-config', config, '--trusted-root', sigstore.trustedRoot];
  return [...services, '--identity-token', await token(sigstore, email), '-y'];
}

/** Runs a verifier's command on an image; the cosigns have their trust from TUF. */
function verify(
  { context, sigstore, env }: Setting,
  verifier: Verifier,
  command: readonly string[],
  asked: readonly string[],
  what: string,
) {
  const root = verifier === 'pratique' ? ['--trusted-root', sigstore.trustedRoot] : [];
  // cosign 2 knows the bundle of a file when it is told.
  if (verifier === 'cosign2' && command.includes('--bundle')) root.push('--new-bundle-format');
  return context.run(verifier, [...command, ...root, ...asked, what], { env: env[verifier] });
}

/** Every verifier accepts what is asked for, and nothing in `refused`. */
async function expectOnly(
  setting: Setting,
  command: readonly string[],
  asked: readonly string[],
  refused: readonly (readonly string[])[],
  image: TestImage,
  by: readonly Verifier[] = verifiers,
): Promise<void> {
  for (const verifier of by) {
    const good = await verify(setting, verifier, command, asked, image.pinned);
    if (good.code !== 0) throw new Error(`${verifier} ${command[0]} refused: ${good.stderr}`);
    for (const other of refused) {
      const { code } = await verify(setting, verifier, command, other, image.pinned);
      notEqual(code, 0, `${verifier} ${command[0]} accepted ${other.join(' ')}`);
    }
  }
}

function images(setting: Setting, registry: TestRegistry): Scenario[] {
  const { context, sigstore } = setting;
  const wrong = [identity(sigstore, bob), identity(sigstore, alice, 'https://evil.test')];
  return (['bundle', 'legacy'] as const).flatMap((format) => {
    const formatFlag = `--new-bundle-format=${format === 'bundle'}`;
    const signed = async () => {
      const image = await context.image(registry);
      const flags = ['--allow-http-registry', formatFlag, ...(await signing(setting, alice))];
      await context.ok('pratique', ['sign', ...flags, image.pinned]);
      return image;
    };
    const command = ['verify', '--allow-http-registry'];
    return [
      {
        name: `${registry.name}, ${format}: an image pratique signs is accepted by all, for its signer only`,
        run: async () => expectOnly(setting, command, identity(sigstore, alice), wrong, await signed()),
      },
      {
        name: `${registry.name}, ${format}: an image cosign signs is accepted by all, for its signer only`,
        run: async () => {
          const image = await context.image(registry);
          const { signer, services } = cosignFor(format, sigstore);
          const flags = ['--yes', '--allow-http-registry', '--identity-token', await token(sigstore, alice)];
          const args = ['sign', ...flags, ...services, image.pinned];
          await context.ok(signer, args, { env: setting.env[signer] });
          await expectOnly(setting, command, identity(sigstore, alice), wrong, image);
        },
      },
    ];
  });
}

/** The rest of what can witness a signature: the newer log, and a log for a key. */
function witnesses(setting: Setting, registry: TestRegistry): Scenario[] {
  const { context, sigstore } = setting;
  const command = ['verify', '--allow-http-registry'];
  return [
    {
      name: `${registry.name}: an image signed into Rekor v2 is accepted by all, for its signer only`,
      run: async () => {
        const image = await context.image(registry);
        const flags = await signing(setting, alice, sigstore.signingConfigRekorV2);
        // Rekor v2 promises no time; cosign 2 counts a timestamp only where it is told to.
        const stamped = [...command, '--use-signed-timestamps'];
        await context.ok('pratique', ['sign', '--allow-http-registry', ...flags, image.pinned]);
        await expectOnly(setting, stamped, identity(sigstore, alice), [identity(sigstore, bob)], image);
      },
    },
    ...(['bundle', 'legacy'] as const).map((format) => ({
      name: `${registry.name}, ${format}: what a key signs into the log is accepted by all, for this key only`,
      run: async () => {
        const image = await context.image(registry);
        const [key, other] = [await context.keyPair('pratique'), await context.keyPair('cosign')];
        const services = ['--signing-config', sigstore.signingConfig, '--trusted-root', sigstore.trustedRoot];
        const flags = ['--allow-http-registry', `--new-bundle-format=${format === 'bundle'}`, ...services];
        await context.ok('pratique', ['sign', ...flags, '--key', key.privateKey, image.pinned]);
        await expectOnly(setting, command, ['--key', key.publicKey], [['--key', other.publicKey]], image);
      },
    })),
  ];
}

function attestations(setting: Setting, registry: TestRegistry): Scenario[] {
  const { context, sigstore } = setting;
  const [good, wrong] = [identity(sigstore, bob), identity(sigstore, alice)];
  return (['bundle', 'legacy'] as const).flatMap((format) => {
    const name = `${registry.name}, ${format}`;
    const verifying = (type: string) => ['verify-attestation', '--allow-http-registry', '--type', type];
    const refusals = async (image: TestImage) => {
      await expectOnly(setting, verifying('cyclonedx'), good, [wrong], image);
      for (const verifier of verifiers) {
        const { code } = await verify(setting, verifier, verifying('spdx'), good, image.pinned);
        notEqual(code, 0, `${verifier} took an attestation for one of another type`);
      }
    };
    const flags = ['--allow-http-registry', '--type', 'cyclonedx', '--predicate', sbom(context)];
    return [
      {
        name: `${name}: an attestation pratique makes is accepted by all, for its signer and type only`,
        run: async () => {
          const image = await context.image(registry);
          const bundle = `--new-bundle-format=${format === 'bundle'}`;
          const args = ['attest', bundle, ...flags, ...(await signing(setting, bob)), image.pinned];
          await context.ok('pratique', args);
          await refusals(image);
        },
      },
      {
        name: `${name}: an attestation cosign makes is accepted by all, for its signer and type only`,
        run: async () => {
          const image = await context.image(registry);
          const { signer, services } = cosignFor(format, sigstore);
          const who = ['--yes', '--identity-token', await token(sigstore, bob)];
          const args = ['attest', ...flags, ...who, ...services, image.pinned];
          await context.ok(signer, args, { env: setting.env[signer] });
          await refusals(image);
        },
      },
    ];
  });
}

function sbom(context: Context): string {
  const file = join(context.scratch(), 'sbom.json');
  writeFileSync(file, '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}');
  return file;
}

/** The cosign that writes a format by default, and how it is told which services to ask. */
function cosignFor(format: 'bundle' | 'legacy', { url }: PrivateSigstore) {
  if (format === 'bundle') return { signer: 'cosign', services: [] } as const;
  const services = ['--fulcio-url', url, '--rekor-url', url, '--oidc-issuer', `${url}/oidc`];
  return { signer: 'cosign2', services } as const;
}

function blobs(setting: Setting): Scenario[] {
  const { context, sigstore } = setting;
  const good = identity(sigstore, alice);
  const prepare = () => {
    const file = join(context.scratch(), 'artifact');
    writeFileSync(file, randomBytes(64));
    return { file, bundle: ['--bundle', `${file}.json`] };
  };
  const refused = async (command: readonly string[], asked: readonly string[], file: string) => {
    for (const verifier of verifiers) {
      const { code } = await verify(setting, verifier, command, asked, file);
      notEqual(code, 0, `${verifier} accepted ${command.join(' ')} ${file}`);
    }
  };
  const kinds = [
    { sign: ['sign-blob'], check: ['verify-blob'], other: null },
    {
      sign: ['attest-blob', '--type', 'cyclonedx', '--predicate', sbom(context)],
      check: ['verify-blob-attestation', '--type', 'cyclonedx'],
      other: ['verify-blob-attestation', '--type', 'spdx'],
    },
  ];
  return kinds.flatMap(({ sign, check, other }) =>
    (['pratique', 'cosign'] as const).map((program) => ({
      name: `what ${program} ${sign[0]} makes is accepted by all, for this file and signer only`,
      run: async () => {
        const { file, bundle } = prepare();
        const who =
          program === 'pratique'
            ? await signing(setting, alice)
            : ['--yes', '--identity-token', await token(sigstore, alice)];
        await context.ok(program, [...sign, ...bundle, ...who, file], { env: setting.env[program] });
        // cosign 2 knows the bundle when it is told.
        for (const verifier of verifiers) {
          const newer = verifier === 'cosign2' ? ['--new-bundle-format'] : [];
          const { code, stderr } = await verify(
            setting,
            verifier,
            [...check, ...newer, ...bundle],
            good,
            file,
          );
          equal(code, 0, `${verifier}: ${stderr}`);
        }
        await refused([...check, ...bundle], identity(sigstore, bob), file);
        await refused([...check, ...bundle], identity(sigstore, alice, 'https://evil.test'), file);
        if (other !== null) await refused([...other, ...bundle], good, file);
        appendFileSync(file, 'tampered');
        await refused([...check, ...bundle], good, file);
      },
    })),
  );
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  const env = {
    cosign: sigstore.env,
    cosign2: { TUF_ROOT: join(context.scratch(), 'tuf') },
    pratique: {},
  };
  const setting = { context, sigstore, env };
  await initialize(context, sigstore);
  await initialize(context, { ...sigstore, env: env.cosign2 }, 'cosign2');
  return [
    ...context.registries.flatMap((registry) => [
      ...images(setting, registry),
      ...witnesses(setting, registry),
      ...attestations(setting, registry),
    ]),
    ...blobs(setting),
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}
