/** Witnesses: litewitness and ours cosign our log, and verifiers ask for them; neither cosigns a fork of it. */
import { equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkWitnesses,
  encodeBase64,
  formatVerifierKey,
  GrowingTree,
  generateSigningKey,
  leafHash,
  parseCheckpoint,
  parseSigningKey,
  parseWitnessPolicy,
  signCheckpoint,
} from '../../packages/crypto/src/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import { pratique } from '../support/pratique.ts';
import { alice, identity, startSigstore, token } from '../support/private-sigstore.ts';
import { freePort, type Server, startServer } from '../support/process.ts';

/** Exit code of a blob whose signature is not what is asked for. */
const DENIED = 2;

interface RunningWitness {
  readonly url: string;
  readonly vkey: string;
  stop(): Promise<void>;
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const directory = join(context.scratch(), 'sigstore');
  // Its key is made, and told to the witnesses, before it asks them.
  const first = await startSigstore(context, directory);
  await first.server.stop();
  const port = new URL(first.url).port;
  const logKey = parseSigningKey(readFileSync(join(directory, 'keys', 'rekor-v2.pem'), 'utf8'));
  const origin = '127.0.0.1';
  const log = formatVerifierKey({ name: origin, key: logKey.publicKey, role: 'log' });
  const witnesses = {
    litewitness: await startLitewitness(context, origin, log),
    ours: await startOurs(context, log),
  };
  const policyFile = (quorum: string) => {
    const lines = Object.entries(witnesses).map(
      ([name, { vkey, url }]) => `witness ${name} ${vkey} ${url}\n`,
    );
    const file = join(context.scratch(), 'witnesses');
    writeFileSync(file, `log ${log}\n${lines.join('')}group both 2 litewitness ours\nquorum ${quorum}\n`);
    return file;
  };
  const both = policyFile('both');
  const policy = parseWitnessPolicy(readFileSync(both, 'utf8'));
  let sigstore = await startSigstore(context, directory, port, '--witness-policy', both);
  const sign = async () => {
    const file = join(context.scratch(), 'artifact');
    writeFileSync(file, randomBytes(64));
    const bundle = `${file}.sigstore.json`;
    const trust = ['--signing-config', sigstore.signingConfigRekorV2, '--trusted-root', sigstore.trustedRoot];
    const who = ['--identity-token', await token(sigstore, alice)];
    await context.ok('pratique', ['sign-blob', '--yes', ...who, ...trust, '--bundle', bundle, file]);
    return { file, bundle };
  };
  const verify = ({ file, bundle }: { file: string; bundle: string }, ...more: string[]) => {
    const trust = ['--trusted-root', sigstore.trustedRoot, ...identity(sigstore, alice)];
    return ['verify-blob', '--bundle', bundle, ...trust, ...more, file];
  };

  return [
    {
      name: 'a signature whose checkpoint both witnesses cosigned is accepted where both are asked for, and by cosign',
      run: async () => {
        for (let i = 0; i < 3; i++) {
          const signed = await sign();
          const accepted = await context.exits(0, 'pratique', verify(signed, '--witness-policy', both));
          match(accepted.stderr, /witnessed by litewitness, ours/);
          await context.ok('cosign', verify(signed));
        }
        const checkpoint = parseCheckpoint(await (await fetch(`${sigstore.url}/api/v2/checkpoint`)).text());
        equal(checkWitnesses(checkpoint, policy).ok, true);
      },
    },
    {
      name: 'neither witness cosigns a fork, an older tree, or what somebody else signed, and both answer alike',
      run: async () => {
        const seen = parseCheckpoint(await (await fetch(`${sigstore.url}/api/v2/checkpoint`)).text());
        const size = Number(seen.treeSize);
        ok(size >= 3, String(size));
        const fork = new GrowingTree();
        for (let i = 0; i < size + 2; i++) fork.append(leafHash(new TextEncoder().encode(`${i}`)));
        const forged = (of: number, key = logKey, name = origin) =>
          signCheckpoint({ origin: name, size: of, root: fork.root(of) }, name, key);
        const proof = fork
          .consistencyProof(size, size + 2)
          .map(encodeBase64)
          .join('\n');
        const ask = async ({ url }: RunningWitness, body: string) => {
          const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
          return {
            status: response.status,
            type: response.headers.get('content-type'),
            text: await response.text(),
          };
        };
        for (const witness of Object.values(witnesses)) {
          equal((await ask(witness, `old ${size}\n${proof}\n\n${await forged(size + 2)}`)).status, 422);
          const conflict = await ask(witness, `old ${size - 1}\n\n${await forged(size + 2)}`);
          equal(conflict.status, 409);
          equal(conflict.type, 'text/x.tlog.size');
          equal(conflict.text, `${size}\n`);
          equal((await ask(witness, `old ${size}\n\n${await forged(size - 1)}`)).status, 400);
          const stranger = generateSigningKey('ed25519');
          equal((await ask(witness, `old ${size}\n\n${await forged(size + 2, stranger)}`)).status, 403);
          equal((await ask(witness, `new ${size}\n\n${await forged(size)}`)).status, 400);
          // The same size with another root: litewitness says that the proof is wrong, the specification 409.
          ok([409, 422].includes((await ask(witness, `old ${size}\n\n${await forged(size)}`)).status));
        }
      },
    },
    {
      name: 'a signature that a witness did not see is refused where it is asked for, and accepted where it is not',
      run: async () => {
        await witnesses.ours.stop();
        const signed = await sign();
        const refused = await context.exits(DENIED, 'pratique', verify(signed, '--witness-policy', both));
        match(refused.stderr, /LOG_WITNESSES_MISSING/);
        await context.ok('pratique', verify(signed, '--witness-policy', policyFile('litewitness')));
        await context.ok('pratique', verify(signed));
      },
    },
    {
      name: 'after a restart of the log the witness goes on from what it saw',
      run: async () => {
        await sigstore.server.stop();
        sigstore = await startSigstore(context, directory, port, '--witness-policy', both);
        await context.ok('pratique', verify(await sign(), '--witness-policy', policyFile('litewitness')));
      },
    },
    {
      name: 'all stop when told to',
      run: async () => {
        await sigstore.server.stop();
        await witnesses.litewitness.stop();
      },
    },
  ];
}

async function startOurs(context: Context, log: string): Promise<RunningWitness> {
  const [command, ...prefix] = pratique;
  const flags = ['--listen', '127.0.0.1:0', '--data', join(context.scratch(), 'witness'), '--log', log];
  const server = await startServer(
    command,
    [...prefix, 'witness', 'serve', '--name', 'ours.example.test/w', ...flags],
    /witness ours\.example\.test\/w (\S+) (http:\S+)/,
  );
  return { url: server.match[2]!, vkey: server.match[1]!, stop: () => server.stop() };
}

/** With its key in an ssh-agent, and the log in its database, where its own tool would put it. */
async function startLitewitness(context: Context, origin: string, log: string): Promise<RunningWitness> {
  const directory = context.scratch();
  const inside = (name: string) => join(directory, name);
  await context.ok(['ssh-keygen'], ['-q', '-t', 'ed25519', '-N', '', '-f', inside('key')]);
  const agent = spawn('ssh-agent', ['-D', '-a', inside('agent')], { stdio: 'ignore' });
  const env = { SSH_AUTH_SOCK: inside('agent') };
  await until(async () => (await context.run(['ssh-add'], ['-q', inside('key')], { env })).code === 0);
  const printed = await context.ok(['ssh-keygen'], ['-l', '-f', inside('key.pub')]);
  const [fingerprint] = /SHA256:\S+/.exec(printed)!;
  const port = await freePort();
  const args = [
    ...['-name', 'lite.example.test/w', '-key', fingerprint, '-ssh-agent', inside('agent')],
    ...['-db', inside('witness.db'), '-listen', `127.0.0.1:${port}`],
  ];
  const start = (): Promise<Server> => startServer(context.tools.litewitness, args, /vkey=(\S+).*listening/s);
  // The first start makes the tables.
  await (await start()).stop();
  const database = new DatabaseSync(inside('witness.db'));
  const empty = encodeBase64(new GrowingTree().root());
  database.prepare('INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)').run(origin, empty);
  database.prepare('INSERT INTO key (origin, key) VALUES (?, ?)').run(origin, log);
  database.close();
  const server = await start();
  return {
    url: `http://127.0.0.1:${port}`,
    vkey: server.match[1]!.replaceAll('"', ''),
    stop: async () => {
      await server.stop();
      agent.kill();
    },
  };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await done()) return;
    await sleep(100);
  }
  throw new Error('waited in vain');
}
