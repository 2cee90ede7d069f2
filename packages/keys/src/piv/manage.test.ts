import { generateSigningKey, parseCertificate } from '@pratique/crypto';
import type { PratiqueError } from '@pratique/errors';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeDaemon } from '../testing/pcscd.ts';
import { type CardOptions, PivCard } from '../testing/piv-card.ts';
import { createMaker } from '../testing/piv-maker.ts';
import { openPivToken } from './manage.ts';
import { defaultManagementKey, randomManagementKey } from './management-key.ts';
import { slotNamed } from './slots.ts';

const slot = slotNamed('signature');

async function open(options?: CardOptions) {
  const card = new PivCard(options);
  const daemon = await startFakeDaemon([{ name: 'A reader', card }]);
  onTestFinished(daemon.close);
  const token = await openPivToken(undefined, daemon);
  onTestFinished(() => token.close());
  return { card, token };
}

const say = (code: string, found?: string) =>
  expect.objectContaining(found === undefined ? { code } : { code, found });

test('a PIN and a PUK are changed, and the old ones no longer open anything', async () => {
  const { token } = await open();
  await token.changeSecret('PIN', '123456', '684920');
  await token.changeSecret('PUK', '12345678', '38104759');
  await expect(token.changeSecret('PIN', '123456', '111111')).rejects.toThrow(
    say('PIV_PIN_REFUSED', '2 tries left before it is blocked'),
  );
  await expect(token.changeSecret('PUK', '12345678', '11111111')).rejects.toThrow(
    say('PIV_PIN_REFUSED', '2 tries left before it is blocked'),
  );
  await token.changeSecret('PIN', '684920', '123456');
  await token.changeSecret('PUK', '38104759', '12345678');
});

test.each(['', '12345', '123456789'])(
  'a new PIN of %j is refused before the token is asked',
  async (next) => {
    const { token, card } = await open();
    await expect(token.changeSecret('PIN', '123456', next)).rejects.toThrow(say('PIV_PIN_INVALID'));
    await expect(token.unblock('12345678', next)).rejects.toThrow(say('PIV_PIN_INVALID'));
    expect(card.instructions).not.toContain(0x24);
    expect(card.instructions).not.toContain(0x2c);
  },
);

test('a blocked PIN is unblocked with the PUK; a blocked PUK leaves the reset, which needs neither', async () => {
  const { token } = await open();
  await token.generateKey(defaultManagementKey, slot, slot.policy);
  const wrong = () =>
    token.changeSecret('PIN', '999999', '684920').catch((error: PratiqueError) => error.code);
  expect([await wrong(), await wrong(), await wrong(), await wrong()]).toEqual([
    'PIV_PIN_REFUSED',
    'PIV_PIN_REFUSED',
    'PIV_PIN_BLOCKED',
    'PIV_PIN_BLOCKED',
  ]);
  await token.unblock('12345678', '684920');
  await token.changeSecret('PIN', '684920', '123456');
  for (let i = 0; i < 3; i++) await token.unblock('99999999', '684920').catch(() => {});
  await expect(token.unblock('12345678', '684920')).rejects.toThrow(
    expect.objectContaining({ code: 'PIV_PIN_BLOCKED', remedy: expect.stringContaining('reset') }),
  );
  await token.reset();
  await token.changeSecret('PIN', '123456', '684920');
  await token.unblock('12345678', '123456');
  await expect(token.attestation(slot, { roots: [], intermediates: [] })).rejects.toThrow(
    say('KEY_NOT_FOUND'),
  );
});

test.each([
  [[4, 3, 7], [24]],
  [
    [5, 4, 3],
    [16, 24, 32],
  ],
  [
    [5, 7, 1],
    [16, 24, 32],
  ],
] as const)('firmware %j takes management keys of %j bytes', async (version, lengths) => {
  const { token } = await open({ version });
  let current = defaultManagementKey;
  for (const length of lengths) {
    const next = new Uint8Array(32).map((_, index) => index * 7 + length).subarray(0, length);
    await token.setManagementKey(current, next);
    await expect(token.setManagementKey(defaultManagementKey, current)).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^PIV_MANAGEMENT_KEY_(?:REFUSED|INVALID)$/) }),
    );
    await token.generateKey(next, slot, slot.policy);
    current = next;
  }
  const wrong = current.slice();
  wrong[0]! ^= 2;
  await expect(token.generateKey(wrong, slot, slot.policy)).rejects.toThrow(
    say('PIV_MANAGEMENT_KEY_REFUSED'),
  );
  await expect(token.setManagementKey(current, new Uint8Array(20))).rejects.toThrow(
    say('PIV_MANAGEMENT_KEY_INVALID'),
  );
});

test('a random management key is another each time, and opens the token', async () => {
  const { token } = await open();
  const [one, two] = [randomManagementKey(), randomManagementKey()];
  expect(Buffer.compare(one, two)).not.toBe(0);
  await token.setManagementKey(defaultManagementKey, one);
  await token.generateKey(one, slot, slot.policy);
});

test('a token that only pretends to know the management key is not believed', async () => {
  const { token, card } = await open();
  const truth = card.respond.bind(card);
  card.respond = (apdu) => {
    const response = truth(apdu);
    // The answer to our challenge.
    if (response[0] === 0x7c && response[2] === 0x82 && response.byteLength === 14) response[6]! ^= 1;
    return response;
  };
  await expect(token.generateKey(defaultManagementKey, slot, slot.policy)).rejects.toThrow(
    say('PIV_MANAGEMENT_KEY_REFUSED', 'the token does not know this key itself'),
  );
  expect(card.instructions).not.toContain(0x47);
});

test('a card that is no YubiKey makes no key whose public half it would not tell', async () => {
  const { token, card } = await open({ version: null });
  await expect(token.generateKey(defaultManagementKey, slot, slot.policy)).rejects.toThrow(
    say('KEY_MECHANISM_UNSUPPORTED'),
  );
  expect(card.instructions).not.toContain(0x47);
});

test('a token that never lets itself be blocked does not keep the reset going', async () => {
  const { token, card } = await open();
  const truth = card.respond.bind(card);
  card.respond = (apdu) => (apdu[1] === 0x20 ? Uint8Array.of(0x63, 0xc3) : truth(apdu));
  await expect(token.reset()).rejects.toThrow(say('PIV_FAILED', '63c3'));
});

test('a token that says another key than the one it attests is not believed', async () => {
  const maker = createMaker();
  const { token, card } = await open({ maker });
  const authorities = { roots: [parseCertificate(maker.certificate)], intermediates: [] };
  const made = await token.generateKey(defaultManagementKey, slot, slot.policy);
  await expect(token.attestation(slot, authorities, made)).resolves.toBeDefined();
  const truth = card.respond.bind(card);
  const point = generateSigningKey().publicKey.spki.slice(-65);
  card.respond = (apdu) => {
    const response = truth(apdu);
    if (apdu[1] === 0x47) response.set(point, response.byteLength - 2 - point.byteLength);
    return response;
  };
  const said = await token.generateKey(defaultManagementKey, slot, slot.policy);
  await expect(token.attestation(slot, authorities)).resolves.toBeDefined();
  await expect(token.attestation(slot, authorities, said)).rejects.toThrow(say('PIV_ATTESTATION_INVALID'));
});
