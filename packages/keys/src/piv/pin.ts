import { keysErrors } from '../errors.ts';
import { type Exchange, failed, type Response, status } from './apdu.ts';

const [verify, changeReference, resetRetryCounter] = [0x20, 0x24, 0x2c];

/** What is kept secret, and by which reference a token knows it (SP 800-73-4 part 1, table 4a). */
export type Secret = 'PIN' | 'PUK';

const references: Readonly<Record<Secret, number>> = { PIN: 0x80, PUK: 0x81 };

/** What YubiKeys and most other tokens are delivered with. */
export const defaultSecrets: Readonly<Record<Secret, string>> = { PIN: '123456', PUK: '12345678' };

/** The most tries that a YubiKey can be told to allow. */
const maxTries = 255;
const secretBytes = 8;
/** Tokens do not take shorter ones; an old one may have been set by what did not look. */
const minimumBytes = 6;

/** Gives the PIN, once. @throws PIV_PIN_REFUSED, PIV_PIN_BLOCKED, PIV_PIN_INVALID, PIV_FAILED */
export async function verifyPin(exchange: Exchange, pin: string): Promise<void> {
  const data = encodeSecret('PIN', pin);
  const answer = await exchange({ instruction: verify, p2: references.PIN, data });
  data.fill(0);
  if (answer.status !== status.ok) throw refusal('PIN', answer);
}

/** Sets another PIN or PUK. Throws what `verifyPin` throws. */
export async function changeSecret(
  exchange: Exchange,
  secret: Secret,
  current: string,
  next: string,
): Promise<void> {
  const data = pair(encodeSecret(secret, current), encodeNewSecret(secret, next));
  const answer = await exchange({ instruction: changeReference, p2: references[secret], data });
  data.fill(0);
  if (answer.status !== status.ok) throw refusal(secret, answer);
}

/** Sets another PIN, where it is blocked too. Throws what `verifyPin` throws, about the PUK. */
export async function unblockPin(exchange: Exchange, puk: string, next: string): Promise<void> {
  const data = pair(encodeSecret('PUK', puk), encodeNewSecret('PIN', next));
  const answer = await exchange({ instruction: resetRetryCounter, p2: references.PIN, data });
  data.fill(0);
  if (answer.status !== status.ok) throw refusal('PUK', answer);
}

/**
 * Gives wrong PINs and PUKs until both are blocked, without which nothing can be reset.
 *
 * @throws PIV_FAILED
 */
export async function blockSecrets(exchange: Exchange, wrong: string): Promise<void> {
  const bytes = encodeSecret('PIN', wrong);
  const attempts = [
    { instruction: verify, p2: references.PIN, data: bytes },
    { instruction: changeReference, p2: references.PUK, data: pair(bytes, bytes) },
  ];
  for (const attempt of attempts) {
    let answer = await exchange(attempt);
    for (let tries = 1; triesLeft(answer) !== 0; tries++) {
      if (triesLeft(answer) === null || tries > maxTries) throw failed('let itself be blocked', answer);
      answer = await exchange(attempt);
    }
  }
}

/** SP 800-73-4 part 2, §3.2.1: filled up with FF. @throws PIV_PIN_INVALID */
function encodeSecret(secret: Secret, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength === 0 || bytes.byteLength > secretBytes) throw unfit(secret, bytes.byteLength);
  const padded = new Uint8Array(secretBytes).fill(0xff);
  padded.set(bytes);
  return padded;
}

function encodeNewSecret(secret: Secret, text: string): Uint8Array {
  const bytes = encodeSecret(secret, text);
  if (new TextEncoder().encode(text).byteLength < minimumBytes) throw unfit(secret, text.length);
  return bytes;
}

function pair(first: Uint8Array, second: Uint8Array): Uint8Array {
  return Uint8Array.of(...first, ...second);
}

function unfit(secret: Secret, found: number) {
  return keysErrors.error('PIV_PIN_INVALID', {
    message: `this is no ${secret} of a PIV token`,
    expected: `${minimumBytes} to ${secretBytes} bytes`,
    found: `${found}`,
  });
}

/** How many tries are left after this answer; null where it is about something else. */
function triesLeft({ status: said }: Response): number | null {
  if (said === status.blocked) return 0;
  // Old YubiKeys leave the C out.
  return (said & 0xff00) === 0x6300 ? said & 0x0f : null;
}

function refusal(secret: Secret, answer: Response) {
  const left = triesLeft(answer);
  if (left === null && answer.status === status.wrongData) {
    return keysErrors.error('PIV_PIN_INVALID', {
      message: `the token does not take this ${secret}`,
      expected: '6 to 8 digits; some tokens take other characters, and none that is easy to guess',
    });
  }
  if (left === null) return failed(`take the ${secret}`, answer);
  if (left === 0) {
    return keysErrors.error('PIV_PIN_BLOCKED', {
      message: `the ${secret} is blocked after too many wrong ones`,
      remedy:
        secret === 'PUK'
          ? 'Nothing opens this token any more: pratique piv-tool reset makes it as new, without its keys.'
          : undefined,
    });
  }
  return keysErrors.error('PIV_PIN_REFUSED', {
    message: `the token refused the ${secret}`,
    found: `${left} ${left === 1 ? 'try' : 'tries'} left before it is blocked`,
  });
}
