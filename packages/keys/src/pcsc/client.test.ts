import { expect, onTestFinished, test } from 'vitest';
import { type FakeDaemonOptions, type FakeReader, startFakeDaemon } from '../testing/pcscd.ts';
import { openPcsc } from './client.ts';
import { command, returnCodes } from './messages.ts';

const echo = { respond: (apdu: Uint8Array) => Uint8Array.of(...apdu, 0x90, 0), powerOff: () => {} };
const one = [{ name: 'A reader 00 00', card: echo }];

async function daemon(readers: readonly FakeReader[] = one, options: FakeDaemonOptions = {}) {
  const started = await startFakeDaemon(readers, options);
  onTestFinished(started.close);
  return started;
}

async function client(readers?: readonly FakeReader[], options?: FakeDaemonOptions, signal?: AbortSignal) {
  const { environment, requests } = await daemon(readers, options);
  const pcsc = await openPcsc(environment, signal);
  onTestFinished(pcsc.close);
  return { pcsc, requests };
}

const say = (code: string) => expect.objectContaining({ code });

test('a command goes to the card in a reader and its response comes back', async () => {
  const { pcsc } = await client([{ name: 'An empty one', card: null }, ...one]);
  expect(await pcsc.readers()).toEqual([
    { name: 'An empty one', hasCard: false },
    { name: 'A reader 00 00', hasCard: true },
  ]);
  const card = await pcsc.connect('A reader 00 00');
  const response = await card.transaction((transmit) => transmit(Uint8Array.of(1, 2, 3)));
  expect([...response]).toEqual([1, 2, 3, 0x90, 0]);
  await card.close('leave');
});

test.each([4, 5])('a daemon of protocol 4:%i is understood', async (minor) => {
  const { pcsc } = await client(one, { minor });
  expect(await pcsc.readers()).toHaveLength(1);
});

test.each([3, 6])('a daemon that only takes protocol 4:%i is refused by name', async (minor) => {
  await expect(client(one, { minor })).rejects.toThrow(
    expect.objectContaining({ code: 'PIV_SERVICE_FAILED', found: `4:${minor}` }),
  );
});

test('nobody there is said, with where it was looked for', async () => {
  await expect(openPcsc({ PCSCLITE_CSOCK_NAME: '/nowhere/pcscd.comm' }, undefined)).rejects.toThrow(
    expect.objectContaining({
      code: 'PIV_SERVICE_MISSING',
      found: 'ENOENT',
      message: expect.stringContaining('/nowhere/pcscd.comm'),
    }),
  );
});

test('another program that has the card for a moment is waited for', async () => {
  const { pcsc } = await client(one, {
    returns: { beginTransaction: [returnCodes.sharingViolation, returnCodes.sharingViolation] },
  });
  const card = await pcsc.connect(one[0]!.name);
  expect(await card.transaction(async () => 'done')).toBe('done');
});

test('a card that another program reset is taken up again', async () => {
  const { pcsc, requests } = await client(one, { returns: { beginTransaction: [returnCodes.resetCard] } });
  const card = await pcsc.connect(one[0]!.name);
  expect(await card.transaction(async () => 'done')).toBe('done');
  expect(requests).toContain(command.reconnect);
});

test('a program that keeps the card to itself is named as the reason', async () => {
  const { pcsc } = await client(one, { returns: { connect: [returnCodes.sharingViolation] } });
  await expect(pcsc.connect(one[0]!.name)).rejects.toThrow(say('PIV_TOKEN_BUSY'));
});

test('a card that was taken out while it was used is said', async () => {
  const { pcsc } = await client(one, { returns: { transmit: [0x80100069] } });
  const card = await pcsc.connect(one[0]!.name);
  await expect(card.transaction((transmit) => transmit(Uint8Array.of(1)))).rejects.toThrow(
    expect.objectContaining({ code: 'PIV_SERVICE_FAILED', found: 'SCARD_W_REMOVED_CARD' }),
  );
});

test('what fails in a transaction ends it, so that others get the card', async () => {
  const { pcsc, requests } = await client();
  const card = await pcsc.connect(one[0]!.name);
  await expect(card.transaction(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  expect(requests.at(-1)).toBe(command.endTransaction);
});

test.each(Object.entries(command))(
  'a daemon that hangs up at %s is a fault, not a wait',
  async (name, code) => {
    const run = async () => {
      const returns = name === 'reconnect' ? { beginTransaction: [returnCodes.resetCard] } : {};
      const { pcsc } = await client(one, { returns, damage: (answer, at) => (at === code ? null : answer) });
      await pcsc.readers();
      const card = await pcsc.connect(one[0]!.name);
      await card.transaction((transmit) => transmit(Uint8Array.of(1)));
      await card.close('reset');
      // Hanging up at the end harms nobody; the next wish is refused.
      await pcsc.readers();
    };
    await expect(run()).rejects.toThrow(say('PIV_SERVICE_FAILED'));
  },
);

test('a daemon that does not answer is given up with the program', async () => {
  const stop = new AbortController();
  const { pcsc } = await client(
    one,
    { damage: (answer, at) => (at === command.readersState ? undefined : answer) },
    stop.signal,
  );
  const asked = pcsc.readers();
  stop.abort(new Error('the user stopped it'));
  await expect(asked).rejects.toThrow('the user stopped it');
});

test('a response of a length that none has is refused before it is waited for', async () => {
  for (const length of [0, 1, 0xffffffff]) {
    const { pcsc } = await client(one, {
      damage(answer, at) {
        if (at !== command.transmit) return answer;
        const changed = Uint8Array.from(answer);
        new DataView(changed.buffer).setUint32(24, length, true);
        return changed;
      },
    });
    const card = await pcsc.connect(one[0]!.name);
    await expect(card.transaction((transmit) => transmit(Uint8Array.of(1)))).rejects.toThrow(
      say('PIV_SERVICE_FAILED'),
    );
  }
});

test('a daemon that floods is cut off', async () => {
  const { pcsc } = await client(one, {
    damage: (answer, at) => (at === command.readersState ? new Uint8Array(1_000_000) : answer),
  });
  await pcsc.readers().catch(() => {});
  await expect(pcsc.connect(one[0]!.name)).rejects.toThrow(say('PIV_SERVICE_FAILED'));
});
