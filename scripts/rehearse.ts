/** What was built signs an image in each format, with a key and as somebody, and verifies them: that it runs, and how. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildImage, machinePlatform, openRepository, pushImage } from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { startSigstoreServer } from '@pratique/sigstore-server';

const person = 'builder@example.test';

/** Runs a command of the built program, which must succeed. */
type Run = (args: readonly string[]) => Promise<void>;

/**
 * Has `pratique` sign, and hands the command lines that verify to `verify`.
 *
 * @param verify gets a `run` that starts another program in the same place
 */
export async function rehearse(
  pratique: readonly string[],
  verify: (
    run: (program: readonly string[], env?: NodeJS.ProcessEnv) => Run,
    lines: readonly (readonly string[])[],
  ) => Promise<void>,
): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'pratique-build-'));
  const registry = await startRegistry({ listen: '127.0.0.1:0' });
  const directory = join(scratch, 'sigstore');
  const sigstore = await startSigstoreServer({ listen: '127.0.0.1:0', directory, people: [person] });
  const runIn =
    ([command, ...prefix]: readonly string[], env: NodeJS.ProcessEnv = {}): Run =>
    async (args) => {
      const all = { PATH: process.env['PATH'], HOME: scratch, COSIGN_PASSWORD: 'only for the build', ...env };
      try {
        await promisify(execFile)(command!, [...prefix, ...args], { cwd: scratch, env: all });
      } catch (error) {
        throw new Error(`what was built does not run: ${(error as Error).message}`, { cause: error });
      }
    };
  try {
    const run = runIn(pratique);
    await run(['generate-key-pair']);
    const root = ['--trusted-root', sigstore.trustedRootFile];
    const config = ['--signing-config', join(directory, 'signing_config.v0.2.json')];
    const signers = [
      {
        sign: ['--key', 'cosign.key', '--tlog-upload=false'],
        verify: ['--key', 'cosign.pub', '--insecure-ignore-tlog'],
      },
      {
        sign: [...root, ...config, '--identity-token', await sigstore.issueToken(person)],
        verify: [
          ...root,
          '--certificate-identity',
          person,
          '--certificate-oidc-issuer',
          `${sigstore.url}/oidc`,
        ],
      },
    ];
    const lines: string[][] = [];
    for (const [index, signer] of signers.entries()) {
      const images: string[] = [];
      for (const format of ['bundle', 'legacy']) {
        const name = `${registry.address}/${format}${index}`;
        const image = buildImage({ layers: [], run: {}, platform: machinePlatform() });
        const { digest } = await pushImage(image, openRepository(name));
        images.push(`${name}@${digest}`);
        await run([
          'sign',
          '-y',
          ...signer.sign,
          ...(format === 'legacy' ? ['--legacy'] : []),
          images.at(-1)!,
        ]);
      }
      lines.push(['verify', ...signer.verify, '--allow-http-registry', ...images]);
    }
    await verify(runIn, lines);
  } finally {
    await Promise.all([registry.close(), sigstore.close()]);
    rmSync(scratch, { recursive: true, force: true });
  }
}
