import { generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  certificateExtensions,
  distinguishedName,
  generateSigningKey,
  issueCertificate,
  newSerialNumber,
  parsePublicKey,
  verifySignature,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { openKey, openPublicKey } from '../open.ts';
import { command, words } from '../pcsc/messages.ts';
import { type FakeDaemonOptions, startFakeDaemon } from '../testing/pcscd.ts';
import { type CardOptions, certificateObject, PivCard } from '../testing/piv-card.ts';
import { openPivToken } from './manage.ts';
import { defaultManagementKey } from './management-key.ts';
import { type KeyPolicy, slotNamed } from './slots.ts';

const data = new TextEncoder().encode('to be signed');
const normal = { PRATIQUE_PIV_PIN: '123456' };

async function reader(cards: readonly (PivCard | null)[], options?: FakeDaemonOptions) {
  const readers = cards.map((card, index) => ({ name: `Reader ${index}`, card }));
  const daemon = await startFakeDaemon(readers, options);
  onTestFinished(daemon.close);
  return daemon.environment;
}

async function signature(environment: NodeJS.ProcessEnv, reference = 'piv:signature') {
  const key = await openKey(reference, { environment });
  try {
    return { publicKey: key.publicKey, signature: await key.sign(data) };
  } finally {
    key.close();
  }
}

/** A card with a key that was made in it. */
async function cardWithKey(slot = 'signature', policy?: Partial<KeyPolicy>, options?: CardOptions) {
  const card = new PivCard(options);
  const environment = await reader([card]);
  const token = await openPivToken(undefined, { environment });
  const { policy: usual } = slotNamed(slot);
  const publicKey = await token.generateKey(defaultManagementKey, slotNamed(slot), { ...usual, ...policy });
  await token.close();
  return { card, environment, publicKey };
}

test.each(['authentication', 'signature', 'key-management', 'card-authentication', '9c'])(
  'a key in the slot %s signs, and its public half is the one that was made',
  async (slot) => {
    const { environment, publicKey } = await cardWithKey(slot);
    const made = await signature({ ...environment, ...normal }, `piv:${slot}`);
    expect(made.publicKey.fingerprint).toBe(publicKey.fingerprint);
    expect(verifySignature(publicKey, data, made.signature)).toBe('ecdsa-sha256');
    const shown = await openPublicKey(`piv:${slot}`, { environment });
    expect(shown.fingerprint).toBe(publicKey.fingerprint);
  },
);

test.each([
  ['P-384', 0x14, () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ecdsa-sha384'],
  ['RSA', 0x07, () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'rsa-pkcs1v15-sha256'],
  ['large RSA', 0x05, () => generateKeyPairSync('rsa', { modulusLength: 3072 }), 'rsa-pkcs1v15-sha256'],
] as const)('a %s key that was brought in signs', async (_kind, algorithm, make, scheme) => {
  const card = new PivCard();
  const { privateKey, publicKey } = make();
  card.importKey(0x9a, algorithm, privateKey);
  const made = await signature({ ...(await reader([card])), ...normal }, 'piv:authentication');
  const key = parsePublicKey(publicKey.export({ type: 'spki', format: 'der' }));
  expect(verifySignature(key, data, made.signature)).toBe(scheme);
});

test.each([
  ['metadata', [5, 4, 3], true],
  ['its attestation', [4, 3, 7], true],
  ['the certificate in the slot', [4, 2, 0], false],
] as const)('the public key is known from %s', async (_source, version, isMade) => {
  const card = new PivCard({ version });
  const { privateKey } = certifiedKey(card);
  const environment = await reader([card]);
  if (isMade) {
    const token = await openPivToken(undefined, { environment });
    const { policy } = slotNamed('signature');
    const made = await token.generateKey(defaultManagementKey, slotNamed('signature'), policy);
    await token.close();
    // Not the certificate, which is of the key before.
    expect((await openPublicKey('piv:signature', { environment })).fingerprint).toBe(made.fingerprint);
  } else {
    card.importKey(0x9c, 0x11, privateKey);
    expect((await signature({ ...environment, ...normal })).signature.byteLength).toBeGreaterThan(60);
  }
});

/** A key with a certificate in the slot 9c. */
function certifiedKey(card: PivCard, isCompressed = false) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = parsePublicKey(publicKey.export({ type: 'spki', format: 'der' }));
  const certificate = issueCertificate(
    {
      issuer: distinguishedName(undefined, 'an authority'),
      subject: distinguishedName(undefined, 'somebody'),
      publicKey: key,
      validFrom: new Date('2020-01-01'),
      validUntil: new Date('2021-01-01'),
      extensions: [certificateExtensions.subjectKeyIdentifier(key)],
      serialNumber: newSerialNumber(),
    },
    generateSigningKey(),
  );
  const object = isCompressed
    ? certificateObject(new Uint8Array(gzipSync(certificate)), 1)
    : certificateObject(certificate);
  card.putObject(0x5fc10a, object);
  return { privateKey };
}

test('a card that is no YubiKey signs with the certificate in its slot, compressed or not', async () => {
  for (const isCompressed of [false, true]) {
    const card = new PivCard({ version: null });
    const { privateKey } = certifiedKey(card, isCompressed);
    card.importKey(0x9c, 0x11, privateKey);
    const made = await signature({ ...(await reader([card])), ...normal });
    expect(verifySignature(made.publicKey, data, made.signature)).toBe('ecdsa-sha256');
  }
});

test('a certificate of another key in the slot never makes a signature that counts', async () => {
  const card = new PivCard({ version: null });
  certifiedKey(card);
  card.importKey(0x9c, 0x11, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const environment = { ...(await reader([card])), ...normal };
  await expect(signature(environment)).rejects.toThrow(say('KEY_SIGNATURE_WRONG'));
});

const say = (code: string) => expect.objectContaining({ code });

test('a key that asks for its PIN always or once signs as often as it is asked to', async () => {
  for (const pin of ['always', 'once', 'never'] as const) {
    const { environment, card } = await cardWithKey('signature', { pin });
    const key = await openKey('piv:signature', { environment: { ...environment, ...normal } });
    await key.sign(data);
    await Promise.all([key.sign(data), key.sign(data)]);
    key.close();
    const given = card.instructions.filter((instruction) => instruction === 0x20).length;
    expect({ pin, given }).toEqual({ pin, given: { always: 3, once: 3, never: 0 }[pin] });
  }
});

test('what the PIN opened is closed for those who come after us', async () => {
  const { environment, card } = await cardWithKey('authentication');
  await signature({ ...environment, ...normal }, 'piv:authentication');
  // Until the goodbye has been heard.
  await openPublicKey('piv:authentication', { environment });
  expect([...card.respond(Uint8Array.of(0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8))].at(-2)).toBe(0x90);
  expect(Buffer.from(card.respond(Uint8Array.of(0, 0x20, 0, 0x80, 0))).toString('hex')).toBe('63c3');
});

test('a wrong PIN is tried once, however many signatures wait, and the tries that are left are told', async () => {
  const { environment, card } = await cardWithKey();
  const key = await openKey('piv:signature', { environment: { ...environment, PRATIQUE_PIV_PIN: '111111' } });
  const results = await Promise.allSettled([key.sign(data), key.sign(data), key.sign(data)]);
  results.push(...(await Promise.allSettled([key.sign(data)])));
  key.close();
  for (const result of results) {
    const { code, found, message } = (result as PromiseRejectedResult).reason as PratiqueError;
    expect({ code, found }).toEqual({
      code: 'PIV_PIN_REFUSED',
      found: '2 tries left before it is blocked',
    });
    expect(message).not.toContain('111111');
  }
  expect(card.instructions.filter((instruction) => instruction === 0x20)).toHaveLength(1);
});

test('a key signs again when its token was put back in, or pcscd was started again', async () => {
  for (const lost of ['a card that is gone', 'a daemon that ended']) {
    const card = new PivCard();
    card.importKey(0x9c, 0x11, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    let isLost = false;
    const environment = await reader([card], {
      damage(answer, code) {
        if (!isLost || code !== command.beginTransaction) return answer;
        isLost = false;
        return lost === 'a daemon that ended' ? null : words(0, 0x80100069);
      },
    });
    const key = await openKey('piv:signature', { environment: { ...environment, ...normal } });
    await key.sign(data);
    isLost = true;
    expect(verifySignature(key.publicKey, data, await key.sign(data))).toBe('ecdsa-sha256');
    await key.close();
  }
});

test('a PIN that was refused is not tried again on a token that was put back in', async () => {
  const { environment, card } = await cardWithKey();
  const key = await openKey('piv:signature', { environment: { ...environment, PRATIQUE_PIV_PIN: '111111' } });
  await expect(key.sign(data)).rejects.toThrow(say('PIV_PIN_REFUSED'));
  card.powerOff();
  await expect(key.sign(data)).rejects.toThrow(say('PIV_PIN_REFUSED'));
  await key.close();
  expect(card.instructions.filter((instruction) => instruction === 0x20)).toHaveLength(1);
});

test('a PIN that is blocked is said to be, also with the right one', async () => {
  const { environment } = await cardWithKey();
  for (let i = 0; i < 2; i++) {
    const wrong = signature({ ...environment, PRATIQUE_PIV_PIN: '111111' });
    await expect(wrong).rejects.toThrow(say('PIV_PIN_REFUSED'));
  }
  const last = signature({ ...environment, PRATIQUE_PIV_PIN: '111111' });
  await expect(last).rejects.toThrow(say('PIV_PIN_BLOCKED'));
  await expect(signature({ ...environment, ...normal })).rejects.toThrow(say('PIV_PIN_BLOCKED'));
});

test.each([
  ['', 'PIV_PIN_MISSING'],
  ['123456789', 'PIV_PIN_INVALID'],
])('no PIN and one that cannot be are refused before the card is asked (%j)', async (pin, code) => {
  const { environment, card } = await cardWithKey();
  await expect(signature({ ...environment, PRATIQUE_PIV_PIN: pin })).rejects.toThrow(say(code));
  expect(card.instructions).not.toContain(0x20);
});

test('a person is asked for the PIN once, and told when to touch the token', async () => {
  const { environment } = await cardWithKey();
  const heard: string[] = [];
  const key = await openKey('piv:signature', {
    environment,
    askPin: async (token) => {
      heard.push(`PIN of ${token}`);
      return '123456';
    },
    awaitTouch: (token) => heard.push(`touch ${token}`),
  });
  await Promise.all([key.sign(data), key.sign(data)]);
  key.close();
  const token = 'Reader 0, serial number 12345678';
  expect(heard).toEqual([`PIN of ${token}`, `touch ${token}`, `touch ${token}`]);
});

test('a token that nobody touches has not signed', async () => {
  const { environment } = await cardWithKey('signature', {}, { touched: () => false });
  await expect(signature({ ...environment, ...normal })).rejects.toThrow(say('PIV_TOUCH_MISSING'));
});

test.each([
  ['no reader', () => [], 'piv:signature', 'PIV_READER_MISSING'],
  ['no card', () => [null], 'piv:signature', 'PIV_TOKEN_MISSING'],
  ['an empty slot', () => [new PivCard()], 'piv:signature', 'KEY_NOT_FOUND'],
  ['an empty slot of an old token', () => [new PivCard({ version: [4, 2, 0] })], 'piv:9a', 'KEY_NOT_FOUND'],
  ['several tokens', () => [new PivCard(), new PivCard({ serial: 2 })], 'piv:signature', 'KEY_AMBIGUOUS'],
  ['another token', () => [new PivCard()], 'piv:signature?serial=2', 'PIV_TOKEN_MISSING'],
  ['no such slot', () => [new PivCard()], 'piv:82', 'KEY_REFERENCE_INVALID'],
  ['no reference', () => [new PivCard()], 'piv:signature?pin=123456', 'KEY_REFERENCE_INVALID'],
] as const)('%s is said by its code', async (_what, cards, reference, code) => {
  const environment = await reader(cards());
  await expect(openKey(reference, { environment })).rejects.toThrow(say(code));
});

test('of several tokens the one with the serial number signs, and the others are left as they were', async () => {
  const [first, second] = [new PivCard({ serial: 1 }), new PivCard({ serial: 2 })];
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  second.importKey(0x9c, 0x11, privateKey);
  const environment = { ...(await reader([first, null, second])), ...normal };
  expect((await signature(environment, 'piv:signature?serial=2')).signature.byteLength).toBeGreaterThan(60);
  await expect(signature(environment, 'piv:signature?serial=1')).rejects.toThrow(say('KEY_NOT_FOUND'));
});

test('a card of another kind in another reader is passed over', async () => {
  const other = { respond: () => Uint8Array.of(0x6a, 0x82), powerOff: () => {} };
  const card = new PivCard();
  card.importKey(0x9c, 0x11, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const daemon = await startFakeDaemon([
    { name: 'A passport', card: other },
    { name: 'A token', card },
  ]);
  onTestFinished(daemon.close);
  expect((await openPublicKey('piv:signature', daemon)).algorithm).toBe('ecdsa-p256');
  const alone = await startFakeDaemon([{ name: 'A passport', card: other }]);
  onTestFinished(alone.close);
  await expect(openPublicKey('piv:signature', alone)).rejects.toThrow(say('PIV_APPLICATION_MISSING'));
});

test('a card that sends anything at all makes no signature that does not verify, and no other exception', async () => {
  const { environment, card } = await cardWithKey();
  const truth = card.respond.bind(card);
  let forge = (response: Uint8Array) => response;
  card.respond = (apdu) => forge(truth(apdu));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(12),
      fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.tuple(fc.nat(300), fc.integer({ min: 0, max: 255 }))),
      async (at, damage) => {
        let count = 0;
        forge = (response) => {
          if (count++ !== at) return response;
          if (damage instanceof Uint8Array) return damage;
          const changed = Uint8Array.from(response);
          changed[damage[0] % changed.byteLength] = damage[1];
          return changed;
        };
        try {
          const made = await signature({ ...environment, ...normal });
          expect(verifySignature(made.publicKey, data, made.signature)).not.toBeNull();
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a daemon that damages any answer is a fault, and nothing waits for it without end', async () => {
  const card = new PivCard();
  card.importKey(0x9c, 0x11, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(20),
      fc.nat(4000),
      fc.integer({ min: 1, max: 255 }),
      async (at, where, change) => {
        let count = 0;
        const daemon = await startFakeDaemon([{ name: 'A reader', card }], {
          damage(answer, code) {
            // How long a response is decides what is waited for: what is too long is cut off, which has a test of its own.
            if (count++ !== at || code === command.transmit) return answer;
            const changed = Uint8Array.from(answer);
            changed[where % changed.byteLength]! ^= change;
            return changed;
          },
        });
        try {
          await signature({ ...daemon.environment, ...normal });
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        } finally {
          await daemon.close();
        }
      },
    ),
    { numRuns: 100 },
  );
});
