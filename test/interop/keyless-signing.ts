/** What pratique signs without a key, against our private Sigstore, is what cosign 3 and cosign 2 accept, and back. */
import { notEqual } from 'node:assert/strict';
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
async function signing({ sigstore }: Setting, email: string): Promise<string[]> {
  const services = ['--signing-config', sigstore.signingConfig, '--trusted-root', sigstore.trustedRoot];
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
          const flags = ['--yes', '--allow-http-registry', '--identity-token', await token(sigstore, alice)];
          const older = [
            ...['--fulcio-url', sigstore.url, '--rekor-url', sigstore.url],
            ...['--oidc-issuer', `${sigstore.url}/oidc`],
          ];
          const signer = format === 'bundle' ? 'cosign' : 'cosign2';
          const services = format === 'bundle' ? [] : older;
          await context.ok(signer, ['sign', ...flags, ...services, image.pinned], {
            env: setting.env[signer],
          });
          await expectOnly(setting, command, identity(sigstore, alice), wrong, image);
        },
      },
    ];
  });
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
    ...context.registries.flatMap((registry) => images(setting, registry)),
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}
