import { generateSigningKey } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { keysErrors } from './errors.ts';
import type { ManagedKey } from './managed-key.ts';
import { failed } from './pkcs11/module.ts';
import { reopening } from './reopen.ts';

const sessionHandleInvalid = 0xb3;
const deviceError = 0x30;
const data = new Uint8Array(1);
const ours = generateSigningKey();

/** Keys as they are opened one after the other, each with what its signing returns (0: it signs). */
function token(...opened: (number | Error | 'another key')[]) {
  const log: string[] = [];
  const open = async (): Promise<ManagedKey> => {
    const number = log.filter((line) => line.startsWith('open')).length;
    log.push(`open ${number}`);
    const behaviour = opened[number] ?? 0;
    if (behaviour instanceof Error) throw behaviour;
    return {
      publicKey: (behaviour === 'another key' ? generateSigningKey() : ours).publicKey,
      close: () => void log.push(`close ${number}`),
      sign() {
        log.push(`sign ${number}`);
        if (typeof behaviour === 'number' && behaviour !== 0) throw failed('C_SignInit', behaviour);
        return Uint8Array.of(number);
      },
    };
  };
  return { log, open };
}

test.each([0x32, 0x60, 0x82, 0xb0, 0xb3, 0xe0, 0x101])(
  'a session that ended with 0x%x is opened again, and signs',
  async (code) => {
    const { log, open } = token(code);
    const key = await reopening(open);
    expect(await key.sign(data)).toEqual(Uint8Array.of(1));
    expect(await key.sign(data)).toEqual(Uint8Array.of(1));
    expect(log).toEqual(['open 0', 'sign 0', 'close 0', 'open 1', 'sign 1', 'sign 1']);
  },
);

test('it is tried once: a session that ends again is told', async () => {
  const { log, open } = token(sessionHandleInvalid, sessionHandleInvalid);
  const key = await reopening(open);
  await expect(key.sign(data)).rejects.toMatchObject({ code: 'PKCS11_FAILED' });
  expect(log).toEqual(['open 0', 'sign 0', 'close 0', 'open 1', 'sign 1']);
});

test('other failures open nothing again', async () => {
  const { log, open } = token(deviceError);
  const key = await reopening(open);
  await expect(key.sign(data)).rejects.toMatchObject({ code: 'PKCS11_FAILED' });
  expect(log).toEqual(['open 0', 'sign 0']);
});

test('signatures that are asked for together share one new session', async () => {
  const { log, open } = token(sessionHandleInvalid);
  const key = await reopening(open);
  expect(await Promise.all([key.sign(data), key.sign(data)])).toEqual([Uint8Array.of(1), Uint8Array.of(1)]);
  expect(log.filter((line) => /open|close/.test(line))).toEqual(['open 0', 'close 0', 'open 1']);
});

test('as long as the token is away, the lost session is not used again; when it is back, it signs', async () => {
  const away = keysErrors.error('PKCS11_TOKEN_NOT_FOUND', { message: 'no token' });
  const { log, open } = token(sessionHandleInvalid, away, away);
  const key = await reopening(open);
  await expect(key.sign(data)).rejects.toBe(away);
  await expect(key.sign(data)).rejects.toBe(away);
  expect(await key.sign(data)).toEqual(Uint8Array.of(3));
  expect(log).toEqual(['open 0', 'sign 0', 'close 0', 'open 1', 'open 2', 'open 3', 'sign 3']);
});

test('a PIN that is refused is not tried again', async () => {
  const refused = keysErrors.error('PKCS11_PIN_REFUSED', { message: 'wrong PIN' });
  const { log, open } = token(sessionHandleInvalid, refused);
  const key = await reopening(open);
  await expect(key.sign(data)).rejects.toBe(refused);
  await expect(key.sign(data)).rejects.toBe(refused);
  expect(log).toEqual(['open 0', 'sign 0', 'close 0', 'open 1']);
});

test('a token that came back with another key does not sign', async () => {
  const { log, open } = token(sessionHandleInvalid, 'another key');
  const key = await reopening(open);
  await expect(key.sign(data)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  expect(log).toEqual(['open 0', 'sign 0', 'close 0', 'open 1', 'close 1']);
});

test('a closed key stays closed', async () => {
  const { log, open } = token(sessionHandleInvalid);
  const key = await reopening(open);
  key.close();
  await expect(key.sign(data)).rejects.toMatchObject({ code: 'PKCS11_FAILED' });
  expect(log).toEqual(['open 0', 'close 0', 'sign 0']);
});
