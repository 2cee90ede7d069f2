import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import { derWriter } from '@pratique/crypto';
import { keysErrors } from '../errors.ts';
import { type Exchange, failed, status } from './apdu.ts';
import { readMetadata } from './metadata.ts';
import { invalid, requireObject } from './tlv.ts';
import { isAtLeast, type Version } from './token.ts';

const { encodeDer } = derWriter;
const [generalAuthenticate, setManagementKey] = [0x87, 0xff];
/** The reference of the management key (SP 800-73-4 part 1, table 4b). */
const reference = 0x9b;
/** That it may be used without a touch. */
const withoutTouch = 0xff;

/** The management key that YubiKeys are delivered with: of Triple DES, from firmware 5.7 on of AES-192. */
export const defaultManagementKey = Uint8Array.from(
  Buffer.from('010203040506070801020304050607080102030405060708', 'hex'),
);

interface Algorithm {
  readonly id: number;
  readonly name: string;
  readonly keyBytes: number;
  readonly blockBytes: number;
  /** In CBC: of one block and without an initialization vector it is the same, and every OpenSSL has it. */
  readonly cipher: string;
}

const tripleDes: Algorithm = {
  id: 0x03,
  name: 'Triple DES',
  keyBytes: 24,
  blockBytes: 8,
  cipher: 'des-ede3-cbc',
};

/** By their numbers in SP 800-78-4, table 6-2. */
const algorithms: readonly Algorithm[] = [
  tripleDes,
  { id: 0x08, name: 'AES-128', keyBytes: 16, blockBytes: 16, cipher: 'aes-128-cbc' },
  { id: 0x0a, name: 'AES-192', keyBytes: 24, blockBytes: 16, cipher: 'aes-192-cbc' },
  { id: 0x0c, name: 'AES-256', keyBytes: 32, blockBytes: 16, cipher: 'aes-256-cbc' },
];

/** Which algorithm the token's key is of. Before firmware 5.3 there is one, and nothing tells it. */
async function algorithmOf(exchange: Exchange): Promise<Algorithm> {
  const metadata = await readMetadata(exchange, reference);
  if (metadata === null || metadata === undefined) return tripleDes;
  const algorithm = algorithms.find(({ id }) => id === metadata.algorithm);
  if (algorithm === undefined)
    throw invalid(`a management key of algorithm ${metadata.algorithm.toString(16)}`);
  return algorithm;
}

/**
 * Shows the token that we have its management key, and has it show the same (SP 800-73-4 part 2, appendix A.1, mutual
 * authentication), which it asks for before it makes keys.
 *
 * @throws PIV_MANAGEMENT_KEY_REFUSED, PIV_MANAGEMENT_KEY_INVALID, PIV_FAILED, PIV_ANSWER_INVALID
 */
export async function authenticate(exchange: Exchange, key: Uint8Array): Promise<void> {
  const algorithm = await algorithmOf(exchange);
  if (key.byteLength !== algorithm.keyBytes) {
    throw keysErrors.error('PIV_MANAGEMENT_KEY_INVALID', {
      message: 'the management key is not as long as that of the token',
      expected: `${algorithm.keyBytes} bytes (${algorithm.name})`,
      found: `${key.byteLength} bytes`,
    });
  }
  const say = (...objects: readonly Uint8Array[]) =>
    exchange({
      instruction: generalAuthenticate,
      p1: algorithm.id,
      p2: reference,
      data: encodeDer(0x7c, ...objects),
    });
  const first = await say(encodeDer(0x80));
  if (first.status !== status.ok) throw failed('ask for its management key', first);
  const witness = requireObject(requireObject(first.data, 0x7c), 0x80);
  if (witness.byteLength !== algorithm.blockBytes) throw invalid(`a witness of ${witness.byteLength} bytes`);
  const challenge = new Uint8Array(randomBytes(algorithm.blockBytes));
  const second = await say(
    encodeDer(0x80, block(algorithm, key, witness, 'decrypt')),
    encodeDer(0x81, challenge),
  );
  if (second.status === status.securityNotSatisfied) throw refused('the token says that it is another');
  if (second.status !== status.ok) throw failed('take its management key', second);
  const response = requireObject(requireObject(second.data, 0x7c), 0x82);
  const expected = block(algorithm, key, challenge, 'encrypt');
  if (response.byteLength !== expected.byteLength || !timingSafeEqual(response, expected))
    throw refused('the token does not know this key itself');
}

/**
 * Gives the token another management key, which `authenticate` must have opened: of AES from firmware 5.4 on, else of Triple
 * DES.
 *
 * @throws PIV_MANAGEMENT_KEY_INVALID, PIV_FAILED
 */
export async function replaceManagementKey(
  exchange: Exchange,
  version: Version | null,
  key: Uint8Array,
): Promise<void> {
  const algorithm = newAlgorithm(version, key);
  const data = Uint8Array.of(algorithm.id, reference, key.byteLength, ...key);
  const answer = await exchange({ instruction: setManagementKey, p1: 0xff, p2: withoutTouch, data });
  data.fill(0);
  if (answer.status !== status.ok) throw failed('take another management key', answer);
}

/** A management key that nobody knows when the process is over. */
export function randomManagementKey(): Uint8Array {
  return new Uint8Array(randomBytes(24));
}

function newAlgorithm(version: Version | null, key: Uint8Array): Algorithm {
  const fit = isAtLeast(version, 5, 4) ? algorithms.filter((one) => one !== tripleDes) : [tripleDes];
  const algorithm = fit.find(({ keyBytes }) => keyBytes === key.byteLength);
  if (algorithm !== undefined) return algorithm;
  throw keysErrors.error('PIV_MANAGEMENT_KEY_INVALID', {
    message: 'the token takes no management key of this length',
    expected: fit.map(({ keyBytes, name }) => `${keyBytes} bytes (${name})`).join(', '),
    found: `${key.byteLength} bytes`,
  });
}

function block(
  { cipher, blockBytes }: Algorithm,
  key: Uint8Array,
  data: Uint8Array,
  direction: 'encrypt' | 'decrypt',
): Uint8Array {
  const make = direction === 'encrypt' ? createCipheriv : createDecipheriv;
  const transform = make(cipher, key, new Uint8Array(blockBytes));
  transform.setAutoPadding(false);
  return new Uint8Array(Buffer.concat([transform.update(data), transform.final()]));
}

function refused(found: string) {
  return keysErrors.error('PIV_MANAGEMENT_KEY_REFUSED', {
    message: 'the management key is not that of the token',
    found,
  });
}
