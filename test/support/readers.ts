/** Virtual smart card readers: pcscd of Debian with vpcd, and cards of this process in them. */
import { existsSync, globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PratiqueError } from '@pratique/errors';
import { openPcsc } from '../../packages/keys/src/pcsc/client.ts';
import type { Context } from './context.ts';
import { describe, freePort, run, startServer } from './process.ts';
import { type Card, putCardIn } from './virtual-card.ts';

export interface Readers {
  /** What programs need to find the readers. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts a program with the libpcsclite of the daemon, where that of the program has another protocol. */
  readonly launcher: readonly string[];
  /** Takes the card out of a reader. */
  takeOut(index: number): Promise<void>;
  /** Puts it in again. */
  putBack(index: number): Promise<void>;
}

/**
 * A reader of vpcd has two slots, and programs that take an empty one for another token would refuse it: this is the same
 * driver with one (TAG_IFD_SLOTS_NUMBER of ifdhandler.h).
 */
const oneSlot = `#define _GNU_SOURCE
#include <dlfcn.h>
typedef long (*get)(unsigned long, unsigned long, unsigned long *, unsigned char *);
long IFDHGetCapabilities(unsigned long lun, unsigned long tag, unsigned long *length, unsigned char *value) {
  if (tag != 0x0FAE) return ((get)dlsym(RTLD_NEXT, "IFDHGetCapabilities"))(lun, tag, length, value);
  *length = 1;
  *value = 1;
  return 0;
}
`;

/** Runs `work` with one or two cards in as many readers, behind a pcscd of its own on a socket of its own. */
export async function withCards(
  context: Context,
  daemon: 'pcscd' | 'pcscd2',
  cards: readonly [Card, Card?],
  work: (readers: Readers) => Promise<void>,
): Promise<void> {
  const directory = context.scratch();
  const port = await twoFreePorts();
  const [sockets, config] = [join(directory, 'run'), join(directory, 'readers')];
  for (const path of [sockets, config]) mkdirSync(path);
  const driver =
    cards.length === 1 ? await driverWithOneSlot(context, daemon, directory) : vpcd(context, daemon);
  const hex = `0x${port.toString(16)}`;
  writeFileSync(
    join(config, 'vpcd'),
    `FRIENDLYNAME "Yubico YubiKey of the tests"\nDEVICENAME /dev/null:${hex}\nLIBPATH ${driver}\nCHANNELID ${hex}\n`,
  );
  // Its socket is where it was built to be, of which there is one on a machine.
  const places = ['--dev-bind', '/', '/', '--tmpfs', '/run', '--bind', sockets, '/run/pcscd'];
  const server = await startServer(
    'bwrap',
    [
      '--die-with-parent',
      ...places,
      context.tools[daemon],
      '--foreground',
      '--info',
      '--config',
      config,
      ...(daemon === 'pcscd2' ? ['--disable-polkit'] : []),
    ],
    /daemon ready/,
  );
  const env = { PCSCLITE_CSOCK_NAME: join(sockets, 'pcscd.comm') };
  const put: { takeOut(): void }[] = [];
  try {
    for (const [index, card] of cards.entries()) put.push(await putCardIn(port + index, card!));
    await listening(env);
    await until(env, (full) => full.filter(Boolean).length === cards.length);
    await work({
      env,
      launcher: daemon === 'pcscd2' ? launcherOf(context.tools[daemon]) : [],
      async takeOut(index) {
        put[index]!.takeOut();
        await until(env, (full) => !full[index]);
      },
      async putBack(index) {
        put[index] = await putCardIn(port + index, cards[index]!);
        await until(env, (full) => full[index] === true);
      },
    });
  } finally {
    for (const one of put) one.takeOut();
    await server.stop();
  }
}

/** A port that nobody uses now, of which the next one is free too: a reader has one for each slot. */
async function twoFreePorts(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port + 1, () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** It says that it is ready before it listens. */
async function listening(env: Readers['env']): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      (await openPcsc(env, undefined)).close();
      return;
    } catch (error) {
      if ((error as PratiqueError).code !== 'PIV_SERVICE_MISSING' || tries === 100) throw error;
      await delay(50);
    }
  }
}

/** Its own loader and libraries. */
function launcherOf(program: string): readonly string[] {
  const root = join(dirname(dirname(program)), 'root');
  const [loader] = globSync('{usr/,}lib{64,}/ld-linux*.so.*', { cwd: root });
  const libraries = globSync('{usr/,}lib/*-linux-gnu', { cwd: root }).map((path) => join(root, path));
  if (loader === undefined) throw new Error(`no loader beside ${program}`);
  return [join(root, loader), '--library-path', libraries.join(':')];
}

/** Waits until the daemon has noticed what is in its readers. */
async function until(env: Readers['env'], isSo: (full: readonly boolean[]) => boolean): Promise<void> {
  const pcsc = await openPcsc(env, AbortSignal.timeout(20_000));
  try {
    while (!isSo((await pcsc.readers()).map(({ hasCard }) => hasCard))) await delay(50);
  } finally {
    pcsc.close();
  }
}

/** The driver that came with the daemon. */
function vpcd(context: Context, daemon: 'pcscd' | 'pcscd2'): string {
  const home = dirname(dirname(context.tools[daemon]));
  const found = ['root/usr/lib', 'lib'].flatMap((place) =>
    globSync(`${place}/pcsc/drivers/serial/libifdvpcd.so.*`, { cwd: home }),
  );
  if (found[0] === undefined) throw new Error(`no driver libifdvpcd.so beside ${context.tools[daemon]}`);
  return join(home, found[0]);
}

async function driverWithOneSlot(
  context: Context,
  daemon: 'pcscd' | 'pcscd2',
  directory: string,
): Promise<string> {
  const [source, driver] = [join(directory, 'one-slot.c'), join(directory, 'one-slot.so')];
  writeFileSync(source, oneSlot);
  // What its soname is; without the package’s scripts there is no such link.
  const library = join(directory, 'libifdvpcd.so.0');
  if (!existsSync(library)) symlinkSync(vpcd(context, daemon), library);
  const linked = ['-L', directory, '-Wl,--no-as-needed', '-l:libifdvpcd.so.0', `-Wl,-rpath,${directory}`];
  const args = ['-shared', '-fPIC', '-o', driver, source, ...linked, '-ldl'];
  const built = await run('cc', args);
  if (built.code !== 0) throw new Error(describe('cc', args, built));
  return driver;
}
