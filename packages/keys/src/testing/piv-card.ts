import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { concatBytes, derWriter } from '@pratique/crypto';
import { readObjects } from '../piv/tlv.ts';
import { type CardKey, isCurve, keyOfScalar, makePrivateKey, publicObjects, signRaw } from './piv-keys.ts';
import { createMaker, type Device, type Maker, makeDevice } from './piv-maker.ts';

const { encodeDer } = derWriter;

export interface CardOptions {
  /** Firmware; null: a PIV card that is no YubiKey. */
  readonly version?: readonly [number, number, number] | null;
  readonly serial?: number;
  readonly maker?: Maker;
  /** Whether somebody touches it when it waits for that. */
  readonly touched?: () => boolean;
}

interface ManagementKey {
  readonly algorithm: number;
  readonly key: Uint8Array;
}

const ok = 0x9000;
const defaultManagementKey = Uint8Array.from(
  Buffer.from('010203040506070801020304050607080102030405060708', 'hex'),
);
const fullId = Uint8Array.of(0xa0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1, 0);
const blockCiphers: Readonly<Record<number, readonly [name: string, bytes: number]>> = {
  3: ['des-ede3-cbc', 8],
  8: ['aes-128-cbc', 16],
  10: ['aes-192-cbc', 16],
  12: ['aes-256-cbc', 16],
};
/** What YubiKeys ask for by slot, where a key is made without policies. */
const defaultPolicies: Readonly<Record<number, readonly [number, number]>> = {
  154: [2, 1],
  156: [3, 1],
  157: [2, 1],
  158: [1, 1],
};

/** What a command comes to: data with 9000, or a status. */
type Result = Uint8Array | number;

/** A PIV card in this process, with what YubiKeys add. It keeps what it is told for as long as it lives. */
export class PivCard {
  /** What a reader says it is: that of a YubiKey 5. */
  readonly atr = Uint8Array.from(Buffer.from('3bfd1300008131fe158073c021c057597562694b657940', 'hex'));
  /** Instructions that were carried out, whole. */
  readonly instructions: number[] = [];
  readonly #options: Required<CardOptions>;
  readonly #keys = new Map<number, CardKey>();
  readonly #objects = new Map<string, Uint8Array>();
  #secrets = { 128: '', 129: '' };
  #tries = { 128: 3, 129: 3 };
  #managementKey: ManagementKey = { algorithm: 3, key: defaultManagementKey };
  readonly #device: Device | undefined;

  #isSelected = false;
  #isVerified = false;
  #isFresh = false;
  #isAuthenticated = false;
  #witness: Uint8Array | undefined;
  #chained: Uint8Array[] = [];
  #pending: Uint8Array = new Uint8Array();

  constructor(options: CardOptions = {}) {
    const version = options.version === undefined ? ([5, 4, 3] as const) : options.version;
    this.#options = {
      serial: 12345678,
      maker: createMaker(),
      touched: () => true,
      ...options,
      version,
    };
    this.#reset();
    if (version === null) return;
    this.#device = makeDevice(this.#options.maker, version);
    this.putObject(0x5fff01, certificateObject(this.#device.certificate));
  }

  /** The card loses its power: what was opened is closed. */
  powerOff(): void {
    this.#isSelected = false;
    this.#close();
  }

  /** Puts a key in, as if it was brought from elsewhere. */
  importKey(slot: number, algorithm: number, privateKey: KeyObject): void {
    this.#keys.set(slot, {
      algorithm,
      privateKey,
      policy: defaultPolicies[slot]!,
      isGenerated: false,
    });
  }

  /** Puts a data object in. */
  putObject(tag: number, value: Uint8Array): void {
    this.#objects.set(tag.toString(16), value);
  }

  /** Carries out an APDU. */
  respond(apdu: Uint8Array): Uint8Array {
    const [chain = 0, instruction = 0, p1 = 0, p2 = 0, length = 0] = apdu;
    const data = apdu.byteLength > 5 ? apdu.subarray(5, 5 + length) : new Uint8Array();
    if (instruction === 0xc0) return this.#deliver(length);
    if (chain === 0x10) {
      this.#chained.push(Uint8Array.from(data));
      return Uint8Array.of(0x90, 0);
    }
    const whole = concatBytes(...this.#chained, data);
    this.#chained = [];
    this.instructions.push(instruction);
    let result: Result;
    try {
      result = this.#execute(instruction, p1, p2, whole);
    } catch {
      result = 0x6a80;
    }
    if (typeof result === 'number') return Uint8Array.of(result >>> 8, result & 0xff);
    this.#pending = result;
    return this.#deliver(0);
  }

  #deliver(length: number): Uint8Array {
    const part = this.#pending.subarray(0, length === 0 ? 256 : length);
    this.#pending = this.#pending.subarray(part.byteLength);
    const left = this.#pending.byteLength;
    return left === 0 ? Uint8Array.of(...part, 0x90, 0) : Uint8Array.of(...part, 0x61, left > 255 ? 0 : left);
  }

  #execute(instruction: number, p1: number, p2: number, data: Uint8Array): Result {
    if (instruction === 0xa4) return this.#select(p1, data);
    if (!this.#isSelected) return 0x6d00;
    switch (instruction) {
      case 0x20:
        return this.#verify(p2, data);
      case 0x24:
        return this.#change(p2, data);
      case 0x2c:
        return p2 === 0x80 ? this.#unblock(data) : 0x6a88;
      case 0x47:
        return this.#generate(p2, data);
      case 0x87:
        return p2 === 0x9b ? this.#authenticate(p1, data) : this.#sign(p1, p2, data);
      case 0xcb:
        return this.#getData(data);
      case 0xdb:
        return this.#putData(data);
    }
    const { version } = this.#options;
    if (version === null) return 0x6d00;
    switch (instruction) {
      case 0xf7:
        return this.#isFrom(5, 3) ? this.#metadata(p2) : 0x6d00;
      case 0xf8:
        return version[0] >= 5 ? Uint8Array.from(this.#serialBytes()) : 0x6d00;
      case 0xf9:
        return this.#attest(p1);
      case 0xfb:
        if (this.#tries[0x80] > 0 || this.#tries[0x81] > 0) return 0x6985;
        this.#reset();
        return ok;
      case 0xfd:
        return Uint8Array.from(version);
      case 0xfe:
        return this.#import(p1, p2, data);
      case 0xff:
        return this.#setManagementKey(data);
      default:
        return 0x6d00;
    }
  }

  #isFrom(major: number, minor: number): boolean {
    const [a, b] = this.#options.version ?? [0, 0];
    return a > major || (a === major && b >= minor);
  }

  #close(): void {
    this.#isVerified = false;
    this.#isFresh = false;
    this.#isAuthenticated = false;
    this.#witness = undefined;
  }

  #reset(): void {
    this.#keys.clear();
    for (const tag of this.#objects.keys()) if (tag !== '5fff01') this.#objects.delete(tag);
    this.#secrets = { 128: '123456', 129: '12345678' };
    this.#tries = { 128: 3, 129: 3 };
    this.#managementKey = { algorithm: this.#isFrom(5, 7) ? 0x0a : 3, key: defaultManagementKey };
    this.#close();
  }

  #select(p1: number, id: Uint8Array): Result {
    const isPiv = p1 === 4 && id.byteLength >= 5 && id.every((byte, index) => byte === fullId[index]);
    if (!isPiv) return 0x6a82;
    this.#isSelected = true;
    this.#close();
    return encodeDer(
      0x61,
      encodeDer(0x4f, fullId.subarray(5)),
      encodeDer(0x79, encodeDer(0x4f, fullId.subarray(0, 5))),
    );
  }

  #verify(reference: number, data: Uint8Array): Result {
    if (reference !== 0x80) return 0x6a88;
    if (data.byteLength === 0) return this.#isVerified ? ok : this.#left(0x80);
    this.#isVerified = false;
    if (!this.#matches(0x80, data)) return this.#left(0x80);
    this.#isVerified = true;
    this.#isFresh = true;
    return ok;
  }

  /** One try. */
  #matches(reference: 0x80 | 0x81, padded: Uint8Array): boolean {
    if (this.#tries[reference] === 0 || padded.byteLength !== 8) return false;
    if (text(padded) !== this.#secrets[reference]) {
      this.#tries[reference]--;
      return false;
    }
    this.#tries[reference] = 3;
    return true;
  }

  #left(reference: 0x80 | 0x81): number {
    const left = this.#tries[reference];
    return left === 0 ? 0x6983 : 0x63c0 | left;
  }

  #change(reference: number, data: Uint8Array): Result {
    if (reference !== 0x80 && reference !== 0x81) return 0x6a88;
    return this.#replace(reference, reference, data);
  }

  #unblock(data: Uint8Array): Result {
    return this.#replace(0x81, 0x80, data);
  }

  #replace(opener: 0x80 | 0x81, changed: 0x80 | 0x81, data: Uint8Array): Result {
    if (data.byteLength !== 16) return 0x6a80;
    const next = text(data.subarray(8));
    if (!this.#matches(opener, data.subarray(0, 8))) return this.#left(opener);
    if (next.length < 6) return 0x6a80;
    this.#secrets[changed] = next;
    this.#tries[changed] = 3;
    return ok;
  }

  #authenticate(algorithm: number, data: Uint8Array): Result {
    const { algorithm: own, key } = this.#managementKey;
    if (algorithm !== own && algorithm !== 0) return 0x6a86;
    const [name, bytes] = blockCiphers[own]!;
    const encrypt = (input: Uint8Array) => {
      const transform = createCipheriv(name, key, new Uint8Array(bytes));
      transform.setAutoPadding(false);
      return new Uint8Array(Buffer.concat([transform.update(input), transform.final()]));
    };
    const objects = new Map(readObjects(template(data)).map(({ tag, value }) => [tag, value]));
    const [witness, challenge] = [objects.get(0x80), objects.get(0x81)];
    if (witness?.byteLength === 0) {
      this.#witness = new Uint8Array(randomBytes(bytes));
      return encodeDer(0x7c, encodeDer(0x80, encrypt(this.#witness)));
    }
    if (witness !== undefined && challenge !== undefined) {
      const isRight = this.#witness !== undefined && Buffer.compare(this.#witness, witness) === 0;
      this.#witness = undefined;
      if (!isRight) return 0x6982;
      this.#isAuthenticated = true;
      return encodeDer(0x7c, encodeDer(0x82, encrypt(challenge)));
    }
    return 0x6a80;
  }

  #setManagementKey(data: Uint8Array): Result {
    if (!this.#isAuthenticated) return 0x6982;
    const [algorithm = 0, reference, length] = data;
    const key = data.subarray(3);
    const wanted = { 3: 24, 8: 16, 10: 24, 12: 32 }[algorithm];
    if (reference !== 0x9b || length !== key.byteLength || length !== wanted) return 0x6a80;
    if (algorithm !== 3 && !this.#isFrom(5, 4)) return 0x6a80;
    this.#managementKey = { algorithm, key: Uint8Array.from(key) };
    return ok;
  }

  #generate(slot: number, data: Uint8Array): Result {
    if (!this.#isAuthenticated) return 0x6982;
    const normal = defaultPolicies[slot];
    if (normal === undefined) return 0x6a86;
    const [outer] = readObjects(data);
    if (outer?.tag !== 0xac) return 0x6a80;
    const wanted = new Map(readObjects(outer.value).map(({ tag, value }) => [tag, value[0]!]));
    if (this.#options.version === null && wanted.size > 1) return 0x6a80;
    const algorithm = wanted.get(0x80)!;
    const privateKey = makePrivateKey(algorithm);
    if (privateKey === undefined) return 0x6a80;
    const policy = [wanted.get(0xaa) || normal[0], wanted.get(0xab) || normal[1]] as const;
    const key = { algorithm, privateKey, policy, isGenerated: true };
    this.#keys.set(slot, key);
    return encodeWide(0x7f49, publicObjects(key));
  }

  #import(algorithm: number, slot: number, data: Uint8Array): Result {
    if (!this.#isAuthenticated) return 0x6982;
    const parts = new Map(readObjects(data).map(({ tag, value }) => [tag, value]));
    const normal = defaultPolicies[slot];
    const scalar = parts.get(6);
    if (normal === undefined || !isCurve(algorithm) || scalar === undefined) return 0x6a80;
    const privateKey = keyOfScalar(algorithm, scalar);
    const policy = [parts.get(0xaa)?.[0] || normal[0], parts.get(0xab)?.[0] || normal[1]] as const;
    this.#keys.set(slot, { algorithm, privateKey, policy, isGenerated: false });
    return ok;
  }

  #sign(algorithm: number, slot: number, data: Uint8Array): Result {
    const key = this.#keys.get(slot);
    if (key === undefined || key.algorithm !== algorithm) return 0x6a80;
    const objects = readObjects(template(data));
    const input = objects.find(({ tag }) => tag === 0x81)?.value;
    if (input === undefined) return 0x6a80;
    const [pin, touch] = key.policy;
    const wasFresh = this.#isFresh;
    this.#isFresh = false;
    if ((pin === 3 && !wasFresh) || (pin === 2 && !this.#isVerified)) return 0x6982;
    if (touch !== 1 && !this.#options.touched()) return 0x6982;
    return encodeDer(0x7c, encodeDer(0x82, signRaw(key, input)));
  }

  #getData(data: Uint8Array): Result {
    const [asked] = readObjects(data);
    if (asked?.tag !== 0x5c) return 0x6a80;
    const name = Buffer.from(asked.value).toString('hex');
    // The discovery object: the PIV application, and that its PIN is what opens it.
    if (name === '7e') {
      return encodeDer(0x7e, encodeDer(0x4f, fullId), encodeWide(0x5f2f, Uint8Array.of(0x40, 0)));
    }
    const value = this.#objects.get(name);
    return value === undefined ? 0x6a82 : encodeDer(0x53, value);
  }

  #putData(data: Uint8Array): Result {
    if (!this.#isAuthenticated) return 0x6982;
    const [tag, content] = readObjects(data);
    if (tag?.tag !== 0x5c || content?.tag !== 0x53) return 0x6a80;
    const name = Buffer.from(tag.value).toString('hex');
    if (content.value.byteLength === 0) this.#objects.delete(name);
    else this.#objects.set(name, Uint8Array.from(content.value));
    return ok;
  }

  #metadata(reference: number): Result {
    const one = (tag: number, ...values: readonly number[]) => encodeDer(tag, Uint8Array.from(values));
    if (reference === 0x80 || reference === 0x81) {
      const normal = reference === 0x80 ? '123456' : '12345678';
      return concatBytes(
        one(1, 0xff),
        one(5, this.#secrets[reference] === normal ? 1 : 0),
        one(6, 3, this.#tries[reference]),
      );
    }
    if (reference === 0x9b) {
      const { algorithm, key } = this.#managementKey;
      return concatBytes(
        one(1, algorithm),
        one(2, 0, 1),
        one(5, Buffer.compare(key, defaultManagementKey) === 0 ? 1 : 0),
      );
    }
    const key = this.#keys.get(reference);
    if (key === undefined) return 0x6a88;
    return concatBytes(
      one(1, key.algorithm),
      one(2, ...key.policy),
      one(3, key.isGenerated ? 1 : 2),
      encodeDer(4, publicObjects(key)),
    );
  }

  #serialBytes(): Uint8Array {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#options.serial);
    return new Uint8Array(bytes);
  }

  #attest(slot: number): Result {
    const key = this.#keys.get(slot);
    if (key === undefined || !key.isGenerated || this.#device === undefined) return 0x6a80;
    key.attestation ??= this.#device.attest(slot, key, this.#serialBytes());
    return key.attestation;
  }
}

/** A certificate as it stands in a data object. */
export function certificateObject(der: Uint8Array, info = 0): Uint8Array {
  return concatBytes(encodeDer(0x70, der), encodeDer(0x71, Uint8Array.of(info)), encodeDer(0xfe));
}

function text(padded: Uint8Array): string {
  const end = padded.indexOf(0xff);
  return Buffer.from(padded.subarray(0, end === -1 ? padded.byteLength : end)).toString('latin1');
}

function template(data: Uint8Array): Uint8Array {
  const [outer] = readObjects(data);
  if (outer?.tag !== 0x7c) throw new Error('no dynamic authentication template');
  return outer.value;
}

/** With a tag of two bytes. */
function encodeWide(tag: number, value: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tag >>> 8), encodeDer(tag & 0xff, value));
}
