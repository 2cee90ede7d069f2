/**
 * Damaged signatures of the Notary Project: envelopes of either kind of which a byte, a member, a header, a certificate or
 * the timestamp is another, with their signature or signed anew. Whatever comes in, the verifier says yes or no, within
 * its bounds; and yes to nothing but what was signed.
 */
import {
  type EnvelopeFormat,
  formatEnvelope,
  formatPayload,
  levelOf,
  type NotationSignature,
  notationErrors,
  parseTrustedIdentities,
  type TrustStatement,
  verifyNotation,
} from '@pratique/notation';
import {
  newAuthority,
  newHolder,
  newRoot,
  newTimestampAuthority,
  signerOf,
  stamp,
} from '@pratique/notation/testing/authority';
import {
  type CborValue,
  isMap,
  isTag,
  readCbor,
  unchecked,
  writeCbor,
} from '@pratique/notation/testing/forge';
import type { Descriptor } from '@pratique/oci';
import { damageBytes, damageDer } from './servers/damage-bytes.ts';
import { damageJson } from './servers/damage-json.ts';
import { Random } from './servers/random.ts';

/** What one input may take before it counts as a hang. */
const hangMs = 20_000;

const subject: Descriptor = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 7023,
};
const now = new Date('2026-06-01T00:00:00Z');
const signingTime = new Date('2026-05-01T00:00:00Z');
const root = newRoot('root');
const middle = newAuthority(root, 'middle');
const leaf = newHolder(middle);
const chain = [leaf, middle, root] as const;
const tsaRoot = newRoot('tsa');
const tsa = newTimestampAuthority(tsaRoot);
const statement: TrustStatement = {
  name: 'fuzz',
  level: levelOf('strict'),
  verifyTimestamp: 'always',
  stores: { ca: [root.certificate], signingAuthority: [], tsa: [tsaRoot.certificate] },
  identities: parseTrustedIdentities(['x509.subject: C=US, ST=WA, O=wabbit-networks.io']),
};

const good = async (format: EnvelopeFormat): Promise<Uint8Array> =>
  await formatEnvelope(
    format,
    {
      payload: formatPayload(subject, { build: '7' }),
      signingTime,
      expiry: new Date('2026-12-01T00:00:00Z'),
      signingAgent: 'fuzz',
      timestamp: (signature) => stamp(tsa, signature, signingTime),
    },
    signerOf(...chain),
  );

function verify(envelope: EnvelopeFormat, bytes: Uint8Array) {
  const source = { format: 'notation', manifest: subject.digest } as const;
  return verifyNotation({ source, envelope, bytes }, subject, statement, now);
}

interface Flattened {
  protected: string;
  payload: string;
  header: { x5c: string[]; 'io.cncf.notary.timestampSignature': string };
  signature: string;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (value: string) => new TextEncoder().encode(value);
const url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const standard = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const decoded = (value: string) => new Uint8Array(Buffer.from(value, 'base64'));
const honest = unchecked(...chain);

async function damageJws(bytes: Uint8Array, random: Random): Promise<Uint8Array> {
  const jws = JSON.parse(text(bytes)) as Flattened;
  const json = (name: 'protected' | 'payload') => JSON.parse(text(decoded(jws[name]))) as unknown;
  switch (random.below(6)) {
    case 0:
      return damageBytes(bytes, random);
    case 1:
      return bytesOf(damageJson(jws, random));
    case 2: {
      const at = random.below(jws.header.x5c.length);
      jws.header.x5c[at] = standard(damageDer(decoded(jws.header.x5c[at]!), random));
      return bytesOf(JSON.stringify(jws));
    }
    case 3: {
      const name = 'io.cncf.notary.timestampSignature';
      jws.header[name] = standard(damageDer(decoded(jws.header[name]), random));
      return bytesOf(JSON.stringify(jws));
    }
    default: {
      const name = random.pick(['protected', 'payload'] as const);
      jws[name] = url(bytesOf(damageJson(json(name), random)));
      if (random.chance(0.7))
        jws.signature = url(await honest.sign(bytesOf(`${jws.protected}.${jws.payload}`)));
      return bytesOf(JSON.stringify(jws));
    }
  }
}

const strays: readonly CborValue[] = [
  null,
  false,
  0,
  -7,
  -35,
  2 ** 32,
  '',
  'notary.x509.signingAuthority',
  new Uint8Array(),
  new Uint8Array(70_000),
  [],
  new Map(),
  { tag: 1, value: 0 },
  { tag: 1, value: Number.MAX_SAFE_INTEGER },
  { tag: 18, value: [] },
];

async function damageCose(bytes: Uint8Array, random: Random): Promise<Uint8Array> {
  if (random.chance(0.2)) return damageBytes(bytes, random);
  const message = readCbor(bytes);
  if (!isTag(message) || !Array.isArray(message.value)) throw new Error('no COSE_Sign1');
  const [header, unprotected, payload, signature] = message.value as [
    Uint8Array,
    CborValue,
    Uint8Array,
    Uint8Array,
  ];
  const whole = (parts: readonly CborValue[]) => writeCbor({ tag: 18, value: parts });
  if (random.chance(0.4)) return whole([header, damaged(unprotected, random), payload, signature]);
  if (random.chance(0.3)) return writeCbor(damaged(message, random));
  const other = writeCbor(damaged(readCbor(header), random));
  const signed = writeCbor(['Signature1', other, new Uint8Array(), payload]);
  return whole([other, unprotected, payload, random.chance(0.7) ? await honest.sign(signed) : signature]);
}

/** The value with one thing in it another. */
function damaged(value: CborValue, random: Random): CborValue {
  if (value instanceof Uint8Array && random.chance(0.8)) return damageDer(value, random);
  if (isMap(value) && value.size > 0 && random.chance(0.9)) {
    const map = new Map(value);
    const key = random.pick([...map.keys()]);
    if (random.chance(0.2)) map.delete(key);
    else if (random.chance(0.1)) map.set(random.pick<string | number>(['x', 5, -1]), random.pick(strays));
    else map.set(key, damaged(map.get(key)!, random));
    return map;
  }
  if (isTag(value) && random.chance(0.7)) return { tag: value.tag, value: damaged(value.value, random) };
  if (Array.isArray(value) && value.length > 0 && random.chance(0.8)) {
    const at = random.below(value.length);
    if (random.chance(0.2)) return value.toSpliced(at, 1);
    if (random.chance(0.2)) return [...value, ...value];
    return value.with(at, damaged(value[at] as CborValue, random));
  }
  return random.pick(strays);
}

export interface NotationTally {
  accepted: number;
  refused: number;
  slowest: number;
  /** Codes that were seen. */
  readonly codes: Set<string>;
}

/** Damages until `done`; throws at the first broken promise, with the seed and the envelope. */
export async function fuzzEnvelopes(
  seed: number,
  done: (tally: NotationTally) => boolean,
): Promise<NotationTally> {
  const random = new Random(seed);
  const tally: NotationTally = { accepted: 0, refused: 0, slowest: 0, codes: new Set() };
  const formats = ['jws', 'cose'] as const;
  const seeds = { jws: await good('jws'), cose: await good('cose') };
  const expected = Object.fromEntries(
    formats.map((format) => {
      const verdict = verify(format, seeds[format]);
      if (!verdict.ok) throw new Error(`the good ${format} is refused: ${verdict.rejection.message}`);
      return [format, saying(verdict.signature)];
    }),
  );
  while (!done(tally)) {
    const format = random.pick(formats);
    let bytes = seeds[format];
    for (let more = 1 + random.below(2); more > 0; more--) {
      try {
        bytes = await (format === 'jws' ? damageJws : damageCose)(bytes, random);
      } catch {
        bytes = damageBytes(bytes, random);
      }
    }
    const broken = (what: string) =>
      new Error(`seed ${seed}: ${what}\n${format} ${Buffer.from(bytes).toString('base64')}`);
    const started = performance.now();
    let verdict: ReturnType<typeof verify>;
    try {
      verdict = verify(format, bytes);
    } catch (error) {
      throw broken(`the verifier threw ${String(error)}`);
    }
    const took = performance.now() - started;
    tally.slowest = Math.max(tally.slowest, took);
    if (took > hangMs) throw broken(`${took.toFixed(0)} ms`);
    if (verdict.ok) {
      tally.accepted++;
      if (saying(verdict.signature) !== expected[format]) throw broken('something else was accepted');
    } else {
      const { code, message } = verdict.rejection;
      if (!Object.hasOwn(notationErrors.entries, code)) throw broken(`the code ${code}`);
      if (/verifier itself/.test(message)) throw broken('a defect');
      tally.refused++;
      tally.codes.add(code);
    }
  }
  return tally;
}

/** Who signed what: what must not change. Metadata may, where the honest signer signed other. */
function saying({ signer }: NotationSignature): string {
  return JSON.stringify(signer);
}

/** Runs for `minutes`; throws at the first broken promise. */
export async function fuzzNotation(minutes: number, seed: number): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  const { accepted, refused, slowest, codes } = await fuzzEnvelopes(seed, () => performance.now() > end);
  process.stdout.write(
    `${accepted + refused} envelopes of notation: ${accepted} accepted, ${refused} refused for ${codes.size} reasons; slowest ${slowest.toFixed(0)} ms; seed ${seed}\n`,
  );
}
