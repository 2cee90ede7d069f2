import { endianness } from 'node:os';

/**
 * The messages of pcsc-lite's socket (winscard_msg.h of 1.8.24 and newer): structures of 32-bit words in the byte order
 * of the machine. A request has a header of two words, its size and its command; an answer has none and is as long as
 * its structure.
 */
export const command = {
  establishContext: 0x01,
  connect: 0x04,
  reconnect: 0x05,
  disconnect: 0x06,
  beginTransaction: 0x07,
  endTransaction: 0x08,
  transmit: 0x09,
  version: 0x11,
  readersState: 0x12,
} as const;

/** SCARD_… of winscard.h that are used here. */
export const scard = {
  scopeSystem: 2,
  shareShared: 2,
  /** T=0 or T=1, as the card has it. */
  anyProtocol: 3,
  protocolT0: 1,
  leaveCard: 0,
  resetCard: 1,
} as const;

/** Return values, by what they are called in winscard.h. */
export const returnCodes = {
  ok: 0,
  serviceStopped: 0x8010001e,
  sharingViolation: 0x8010000b,
  resetCard: 0x80100068,
} as const;

/** What a person is told of return values; others are shown as numbers. */
export const returnNames: Readonly<Record<number, string>> = {
  2148532225: 'SCARD_F_INTERNAL_ERROR',
  2148532227: 'SCARD_E_INVALID_HANDLE',
  2148532228: 'SCARD_E_INVALID_PARAMETER',
  2148532230: 'SCARD_E_NO_MEMORY',
  2148532233: 'SCARD_E_UNKNOWN_READER',
  2148532234: 'SCARD_E_TIMEOUT',
  2148532235: 'SCARD_E_SHARING_VIOLATION',
  2148532236: 'SCARD_E_NO_SMARTCARD',
  2148532239: 'SCARD_E_PROTO_MISMATCH',
  2148532246: 'SCARD_E_NOT_TRANSACTED',
  2148532247: 'SCARD_E_READER_UNAVAILABLE',
  2148532253: 'SCARD_E_NO_SERVICE',
  2148532254: 'SCARD_E_SERVICE_STOPPED',
  2148532270: 'SCARD_E_NO_READERS_AVAILABLE',
  2148532326: 'SCARD_W_UNRESPONSIVE_CARD',
  2148532327: 'SCARD_W_UNPOWERED_CARD',
  2148532328: 'SCARD_W_RESET_CARD',
  2148532329: 'SCARD_W_REMOVED_CARD',
  2148532330: 'SCARD_W_SECURITY_VIOLATION',
};

/** What is found where the daemon ended, or does not let this program go on. */
export const hungUp = 'it hung up; who may use smart cards is a matter of its policy';

/** Bytes of a reader's name, its NUL included. */
export const maxReaderName = 128;
/** READER_STATE: name, three words, 33 bytes of ATR in a field of 36, two words; and how many are sent. */
const readerStateBytes = maxReaderName + 12 + 36 + 8;
const readers = 16;
export const readersStateBytes = readers * readerStateBytes;
/** SCARD_PRESENT of a reader's state, which on this wire is no SCARD_STATE_…. */
const present = 0x4;

const isLittleEndian = endianness() === 'LE';

/** 32-bit words. */
export function words(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, isLittleEndian);
  return new Uint8Array(view.buffer);
}

/** The word at a byte. */
export function wordAt(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, isLittleEndian);
}

/** A reader that the daemon has. */
export interface Reader {
  readonly name: string;
  readonly hasCard: boolean;
}

/** The readers of an answer to `readersState`, which is `readersStateBytes` long. */
export function readReaders(bytes: Uint8Array): Reader[] {
  return Array.from({ length: readers }, (_, index) => {
    const at = index * readerStateBytes;
    const field = bytes.subarray(at, at + maxReaderName);
    const end = field.indexOf(0);
    // A byte a character: it goes back as it came.
    const name = Buffer.from(field.subarray(0, end === -1 ? maxReaderName - 1 : end)).toString('latin1');
    return { name, hasCard: (wordAt(bytes, at + maxReaderName + 4) & present) !== 0 };
  }).filter(({ name }) => name !== '');
}

/** A reader's name in its field. */
export function readerName(name: string): Uint8Array {
  const field = new Uint8Array(maxReaderName);
  field.set(Buffer.from(name, 'latin1').subarray(0, maxReaderName - 1));
  return field;
}
