import { concatBytes } from '@pratique/crypto';
import { keysErrors } from '../errors.ts';
import type { Transmit } from '../pcsc/client.ts';
import { invalid } from './tlv.ts';

/** A command of ISO/IEC 7816-4. */
export interface Command {
  readonly instruction: number;
  readonly p1?: number;
  readonly p2?: number;
  readonly data?: Uint8Array;
}

/** What a card answered: its data, and its status word. */
export interface Response {
  readonly data: Uint8Array;
  readonly status: number;
}

/** Sends a command, however long it is, and takes its response, however long. */
export type Exchange = (command: Command) => Promise<Response>;

const chained = 0x10;
const getResponse = 0xc0;
const maxCommandBytes = 255;
/** More than any object of a PIV card has. */
const maxResponseBytes = 16 * 1024;

/** Status words that are told apart (SP 800-73-4 part 2, table 2, and what YubiKeys add). */
export const status = {
  ok: 0x9000,
  securityNotSatisfied: 0x6982,
  blocked: 0x6983,
  conditionsNotSatisfied: 0x6985,
  wrongData: 0x6a80,
  notSupported: 0x6a81,
  notFound: 0x6a82,
  wrongParameters: 0x6a86,
  referenceNotFound: 0x6a88,
  instructionNotSupported: 0x6d00,
} as const;

/** Command chaining (ISO/IEC 7816-4 §5.3.3) and GET RESPONSE (§7.6.1), in short APDUs, which every card understands. */
export function exchangeOver(transmit: Transmit, isT0: boolean): Exchange {
  return async ({ instruction, p1 = 0, p2 = 0, data = new Uint8Array() }) => {
    let rest = data;
    for (; rest.byteLength > maxCommandBytes; rest = rest.subarray(maxCommandBytes)) {
      const part = rest.subarray(0, maxCommandBytes);
      const { status: said } = await once(
        Uint8Array.of(chained, instruction, p1, p2, part.byteLength, ...part),
      );
      if (said !== status.ok) return { data: new Uint8Array(), status: said };
    }
    const head = [0, instruction, p1, p2];
    // T=0 has no command with both data and Le: what is there to be had is asked for.
    const last =
      rest.byteLength === 0
        ? Uint8Array.of(...head, 0)
        : Uint8Array.of(...head, rest.byteLength, ...rest, ...(isT0 ? [] : [0]));
    const parts: Uint8Array[] = [];
    let bytes = 0;
    let answer = await once(last);
    // 6Cxx: the same again, with the length that the card names.
    if (answer.status >>> 8 === 0x6c && rest.byteLength === 0)
      answer = await once(Uint8Array.of(...head, answer.status & 0xff));
    for (;;) {
      parts.push(answer.data);
      bytes += answer.data.byteLength;
      if (bytes > maxResponseBytes) throw invalid(`more than ${maxResponseBytes} bytes`);
      if (answer.status >>> 8 !== 0x61) break;
      if (parts.length > 1 && answer.data.byteLength === 0) throw invalid('a response without an end');
      answer = await once(Uint8Array.of(0, getResponse, 0, 0, answer.status & 0xff));
    }
    return { data: concatBytes(...parts), status: answer.status };
  };

  async function once(apdu: Uint8Array): Promise<Response> {
    const response = await transmit(apdu);
    const end = response.byteLength - 2;
    if (end < 0) throw invalid('a response without a status');
    return { data: response.subarray(0, end), status: response[end]! * 256 + response[end + 1]! };
  }
}

/** A command that failed in a way that has no code of its own. */
export function failed(what: string, { status: found }: Response) {
  return keysErrors.error('PIV_FAILED', {
    message: `the token did not ${what}`,
    expected: '9000',
    found: found.toString(16).padStart(4, '0'),
  });
}
