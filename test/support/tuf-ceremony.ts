/** A TUF root that two of three people sign, in places of their own: clients of others walk over to it, and to no other. */
import { equal, match, notEqual } from 'node:assert/strict';
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSigningKey } from '../../packages/crypto/src/index.ts';
import { signRoot } from '../../packages/tuf/src/index.ts';
import { type Context, PASSWORD, type Scenario } from './context.ts';
import { startSigstore } from './private-sigstore.ts';
import { clientDirectory, tufClients } from './tuf-clients.ts';
import { serveFiles } from './tuf-repository.ts';

const target = 'trusted_root.json';

export async function ceremonyScenarios(context: Context): Promise<Scenario[]> {
  const clients = Object.entries(await tufClients());
  const directory = join(context.scratch(), 'sigstore');
  const published = join(directory, 'tuf', 'repository');
  let served = published;
  const server = await serveFiles(() => served);
  const restart = async () => (await startSigstore(context, directory)).server.stop();
  await restart();
  const firstRoot = join(context.scratch(), '1.root.json');
  copyFileSync(join(published, '1.root.json'), firstRoot);
  const [a, b, c, d] = [
    await context.keyPair('cosign'),
    await context.keyPair('pratique'),
    await context.keyPair('cosign'),
    await context.keyPair('pratique'),
  ];
  const data = ['--data', directory];
  const env = { COSIGN_PASSWORD: PASSWORD };
  const sign = async (root: string, ...people: readonly (typeof a)[]) => {
    const copies: string[] = [];
    for (const { privateKey } of people) {
      const copy = join(context.scratch(), 'root.json');
      copyFileSync(root, copy);
      const previous = ['--previous', join(published, 'root.json')];
      await context.ok('pratique', ['sigstore', 'sign-root', '--key', privateKey, ...previous, copy], {
        env,
      });
      copies.push(copy);
    }
    return copies;
  };
  const prepare = async (...flags: readonly string[]) => {
    const root = join(context.scratch(), 'root.json');
    await context.ok('pratique', ['sigstore', 'prepare-root', ...data, ...flags, '--to', root]);
    return root;
  };
  const publish = (copies: readonly string[]) =>
    context.ok('pratique', ['sigstore', 'publish-root', ...data, ...copies]);
  const initialize = (place: string) => {
    served = place;
    return context.run('cosign', ['initialize', '--mirror', server.url, '--root', firstRoot], {
      env: { TUF_ROOT: join(context.scratch(), 'tuf') },
    });
  };
  /** Everybody who knows the first root only reads what is published. */
  const everybodyFollows = async () => {
    served = published;
    const expected = readFileSync(join(directory, target), 'utf8');
    for (const [name, read] of clients) {
      const client = clientDirectory(join(context.scratch(), name), firstRoot);
      equal((await read(client, server.url, target)).trim(), expected.trim(), name);
    }
    equal((await initialize(published)).code, 0);
  };

  return [
    {
      name: `cosign, ${clients.map(([name]) => name).join(', ')} follow from the server’s root to one that two of three people sign, and on to other people`,
      run: async () => {
        const three = [a, b, c].flatMap(({ publicKey }) => ['--key', publicKey]);
        await publish(await sign(await prepare('--threshold', '2', ...three), a, c));
        await restart();
        await everybodyFollows();
        // One leaves, one comes: two of those before and two of those after sign.
        const others = [b, c, d].flatMap(({ publicKey }) => ['--key', publicKey]);
        const next = await prepare('--threshold', '2', ...others);
        await publish(await sign(next, a, b, d));
        await context.ok('pratique', ['sigstore', 'rotate', 'tuf', ...data]);
        await restart();
        await everybodyFollows();
        // A new key for every day, by the people in office.
        await publish(await sign(await prepare(), c, d));
        await restart();
        await everybodyFollows();
        equal(JSON.parse(readFileSync(join(published, 'root.json'), 'utf8')).signed.version, 4);
      },
    },
    {
      name: 'a root that one person signed, or one who left, is not taken, and no client follows where it lies all the same',
      run: async () => {
        const root = await prepare();
        const [byB] = await sign(root, b);
        const refused = await context.run('pratique', ['sigstore', 'publish-root', ...data, byB!]);
        notEqual(refused.code, 0);
        match(refused.stderr, /TUF_THRESHOLD/);
        // Whoever left signs with the root of then, in which the key was.
        const left = parseSigningKey(readFileSync(a.privateKey, 'utf8'), PASSWORD);
        const withA = await signRoot(readFileSync(byB!), left, readFileSync(join(published, '2.root.json')));
        for (const forged of [readFileSync(byB!), withA]) {
          const copy = join(context.scratch(), 'copy');
          cpSync(published, copy, { recursive: true });
          writeFileSync(join(copy, '5.root.json'), forged);
          served = copy;
          for (const [name, read] of clients) {
            const client = clientDirectory(join(context.scratch(), name), firstRoot);
            equal(await read(client, server.url, target).catch(() => null), null, `${name} believed it`);
          }
          notEqual((await initialize(copy)).code, 0);
        }
        await everybodyFollows();
      },
    },
    { name: 'the mirror of those roots stops', run: () => server.stop() },
  ];
}
