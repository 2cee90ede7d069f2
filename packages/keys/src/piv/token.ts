import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import type { KeyContext } from '../managed-key.ts';
import { type CardConnection, openPcsc } from '../pcsc/client.ts';
import { type Exchange, exchangeOver, failed, status } from './apdu.ts';
import { invalid } from './tlv.ts';

/** The PIV application (SP 800-73-4 part 1, §2.2), without its version. */
const applicationId = Uint8Array.of(0xa0, 0, 0, 3, 8);
const [select, getVersion, getSerial] = [0xa4, 0xfd, 0xf8];

/** `major.minor.patch` of a YubiKey’s firmware. */
export type Version = readonly [number, number, number];

/** A token with the PIV application. Others may use it between what is done here. */
export interface Token {
  readonly reader: string;
  /** Of a YubiKey; null of another token, and the serial number where an old one does not tell it. */
  readonly version: Version | null;
  readonly serial: number | null;
  /**
   * Has the token for itself, its PIV application selected, while `work` is done. One after the other.
   *
   * @throws PIV_TOKEN_BUSY, PIV_SERVICE_FAILED, what `work` throws
   */
  use<T>(work: (exchange: Exchange) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Opens the one token with the PIV application, or of several the one with the serial number.
 *
 * @throws PIV_SERVICE_…, PIV_READER_MISSING, PIV_TOKEN_MISSING, PIV_APPLICATION_MISSING, PIV_TOKEN_BUSY, KEY_AMBIGUOUS
 */
export async function openToken(serial: number | undefined, context: KeyContext): Promise<Token> {
  const pcsc = await openPcsc(context.environment, context.signal);
  const found: { readonly card: CardConnection; readonly token: Token }[] = [];
  try {
    const readers = await pcsc.readers();
    if (readers.length === 0) {
      throw keysErrors.error('PIV_READER_MISSING', {
        message: 'there is no smart card reader, and no token that is one',
      });
    }
    const full = readers.filter(({ hasCard }) => hasCard);
    if (full.length === 0) {
      throw keysErrors.error('PIV_TOKEN_MISSING', {
        message: 'there is no card in any reader',
        found: list(readers.map(({ name }) => name)),
      });
    }
    let busy: unknown;
    for (const { name } of full) {
      try {
        const card = await pcsc.connect(name);
        const token = await introduce(card, pcsc.close);
        if (token === null) await card.close('leave');
        else found.push({ card, token });
      } catch (error) {
        // Where it is the only one, that is what is wrong; another reader’s card is none of our business.
        if (full.length === 1) throw error;
        busy = error;
      }
    }
    if (found.length === 0 && busy !== undefined) throw busy;
    if (found.length === 0) {
      throw keysErrors.error('PIV_APPLICATION_MISSING', {
        message: 'no card that is there has the PIV application',
        found: list(full.map(({ name }) => name)),
      });
    }
    const { token } = choose(found, serial);
    for (const other of found) if (other.token !== token) await other.card.close('leave');
    return token;
  } catch (error) {
    pcsc.close();
    throw error;
  }
}

function choose<T extends { readonly token: Token }>(found: readonly T[], serial: number | undefined): T {
  const fit = serial === undefined ? found : found.filter(({ token }) => token.serial === serial);
  const [one, ...more] = fit;
  if (one === undefined) {
    throw keysErrors.error('PIV_TOKEN_MISSING', {
      message: 'the PIV token that is meant is not there',
      expected: `serial number ${serial}`,
      found: list(found.map(({ token }) => tokenName(token))),
    });
  }
  if (more.length > 0) {
    throw keysErrors.error('KEY_AMBIGUOUS', {
      message: 'there are several PIV tokens, and it is not said which one is meant',
      expected: 'one, or its serial number',
      found: list(fit.map(({ token }) => tokenName(token))),
      remedy:
        "Take the others out, or say which: --key 'piv:signature?serial=NUMBER' in place of --sk, --serial NUMBER for piv-tool.",
    });
  }
  return one;
}

/** For people. */
export function tokenName({ reader, serial }: Pick<Token, 'reader' | 'serial'>): string {
  return `${printable(reader, 80)}${serial === null ? '' : `, serial number ${serial}`}`;
}

function list(names: readonly string[]): string {
  return printable(names.join('; '), 400);
}

/** The token that a card is; null where it has no PIV application. */
async function introduce(card: CardConnection, hangUp: () => void): Promise<Token | null> {
  let last: Promise<unknown> = Promise.resolve();
  function use<T>(work: (exchange: Exchange) => Promise<T>): Promise<T> {
    const turn = last.then(() =>
      card.transaction(async (transmit) => {
        const exchange = exchangeOver(transmit, card.isT0);
        if (!(await selected(exchange))) throw gone(card.reader);
        return await work(exchange);
      }),
    );
    last = turn.catch(() => {});
    return turn;
  }
  const what = await card.transaction(async (transmit) => {
    const exchange = exchangeOver(transmit, card.isT0);
    if (!(await selected(exchange))) return null;
    const version = await readVersion(exchange);
    return { version, serial: version === null ? null : await readSerial(exchange) };
  });
  if (what === null) return null;
  return {
    reader: card.reader,
    ...what,
    use,
    async close() {
      await last;
      await card.close('reset');
      hangUp();
    },
  };
}

async function selected(exchange: Exchange): Promise<boolean> {
  const answer = await exchange({ instruction: select, p1: 4, data: applicationId });
  if (answer.status === status.ok) return true;
  if (answer.status === status.notFound || answer.status === status.notSupported) return false;
  // Cards that have no applications at all know no such command.
  if (answer.status >>> 8 === 0x6d || answer.status >>> 8 === 0x6e) return false;
  throw failed('select its PIV application', answer);
}

function gone(reader: string) {
  return keysErrors.error('PIV_APPLICATION_MISSING', {
    message: 'the card no longer has the PIV application',
    found: printable(reader, 80),
  });
}

async function readVersion(exchange: Exchange): Promise<Version | null> {
  const { data, status: said } = await exchange({ instruction: getVersion });
  if (said !== status.ok) return null;
  const [major, minor, patch, ...more] = data;
  if (major === undefined || minor === undefined || patch === undefined || more.length > 0)
    throw invalid(`a version of ${data.byteLength} bytes`);
  return [major, minor, patch];
}

/** YubiKeys before 5 have it in another application. */
async function readSerial(exchange: Exchange): Promise<number | null> {
  const { data, status: said } = await exchange({ instruction: getSerial });
  if (said !== status.ok) return null;
  if (data.byteLength !== 4) throw invalid(`a serial number of ${data.byteLength} bytes`);
  return Buffer.from(data).readUInt32BE();
}

/** Whether a YubiKey is of this firmware or newer. */
export function isAtLeast(version: Version | null, major: number, minor: number): boolean {
  return version !== null && (version[0] > major || (version[0] === major && version[1] >= minor));
}
