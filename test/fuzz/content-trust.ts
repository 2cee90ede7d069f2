/**
 * Damaged trust data of a Notary server: a file of which a byte, a member, a key, a certificate, a hash or a signature is
 * another, with the signature that it had or signed anew by those who may. Whatever comes in, it is believed or refused for a
 * reason of Docker Content Trust, within its bounds; and without a new signature nothing is believed but what was signed.
 */
import { createHash } from 'node:crypto';
import { generateSigningKey, type JsonValue, olpcJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { memoryState, pinOfKeys, type RootPin, updateTrust } from '@pratique/notary';
import {
  bareKey,
  type Document,
  encode,
  now,
  type TrustKey,
  VirtualNotary,
} from '@pratique/notary/testing/virtual-notary';
import { damageBytes } from './servers/damage-bytes.ts';
import { damageJson } from './servers/damage-json.ts';
import { Random } from './servers/random.ts';

/** What one input may take before it counts as a hang. */
const hangMs = 20_000;
/** More files than anybody is asked for, however the trust data is damaged. */
const maxRequests = 600;

export interface Tally {
  rounds: number;
  believed: number;
  refused: number;
}

const repository = 'registry.test/team/app';
const signing = generateSigningKey();
const keys = { releases: bareKey('ecdsa-p384'), alice: bareKey() };

/** A repository with two levels of delegations and two versions of its root. */
function honest(): VirtualNotary {
  const notary = new VirtualNotary(repository, signing);
  const releases = notary.delegate('targets/releases', [keys.releases]);
  const alice = notary.delegate('targets/alice', [keys.alice], ['1.']);
  notary.delegate('targets/alice/nightly', [keys.alice], ['1.2'], alice);
  notary.sign('1.0', 'one', releases);
  notary.sign('1.0', 'one', alice);
  notary.rotateRoot();
  return notary;
}

const roles = ['root', 'timestamp', 'snapshot', 'targets', 'targets/releases', 'targets/alice'] as const;

/** Runs rounds until `isOver`, always the same for the same seed. Throws at the first broken promise. */
export async function fuzzContentTrust(seed: number, isOver: (tally: Tally) => boolean): Promise<Tally> {
  const random = new Random(seed);
  const tally: Tally = { rounds: 0, believed: 0, refused: 0 };
  const notary = honest();
  const files = new Map(notary.files);
  const pin = pinOfKeys(notary.signers.root!.map(({ id }) => id));
  const right = await tagsOf(notary, pin);
  if (right?.size !== 4) throw new Error('what is not damaged is refused');
  while (!isOver(tally)) {
    tally.rounds++;
    notary.requests.length = 0;
    const resigned = random.chance(0.6);
    const damaged = resigned ? signAnew(notary, random) : damageFile(notary, random);
    const fail = (why: string, cause?: unknown) =>
      new Error(`seed ${seed}, round ${tally.rounds}, ${damaged}: ${why}`, { cause });
    const started = performance.now();
    const found = await tagsOf(notary, pin).catch((error: unknown) => {
      throw fail('something else than a refusal', error);
    });
    if (performance.now() - started > hangMs) throw fail('it took too long');
    if (notary.requests.length > maxRequests) throw fail(`${notary.requests.length} files were asked for`);
    if (found === undefined) tally.refused++;
    else tally.believed++;
    for (const [role, tags] of resigned ? [] : (found ?? []))
      if (tags !== right.get(role))
        throw fail(`${tags} is believed of ${role}, and ${right.get(role)} was signed`);
    notary.files.clear();
    for (const [name, bytes] of files) notary.files.set(name, bytes);
  }
  return tally;
}

/** The tags that are believed, by role; undefined where all of it is refused. */
async function tagsOf(notary: VirtualNotary, pin: RootPin): Promise<ReadonlyMap<string, string> | undefined> {
  const options = { repository, source: notary.source(), pin, state: memoryState(), now };
  try {
    const { roles: believed } = await updateTrust(options);
    return new Map([...believed].map(([name, { tags }]) => [name, JSON.stringify([...tags])]));
  } catch (error) {
    if (error instanceof PratiqueError && error.code.startsWith('NOTARY_')) return undefined;
    throw error;
  }
}

const nameOf = (notary: VirtualNotary, role: string) =>
  role === 'root' || role === 'timestamp' ? `${role}.json` : notary.fileOf(role);

/** A file as somebody between the server and us may leave it. */
function damageFile(notary: VirtualNotary, random: Random): string {
  const name = nameOf(notary, random.pick(roles));
  const bytes = notary.files.get(name)!;
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
  notary.files.set(
    name,
    random.chance(0.5) ? damageBytes(bytes, random) : encode(damageJson(document, random)),
  );
  return name;
}

/** What a role says is damaged and signed by its keys, and what names it as well. */
function signAnew(notary: VirtualNotary, random: Random): string {
  const role = random.pick(roles);
  const documents: Readonly<Record<string, Document>> = {
    root: notary.root,
    timestamp: notary.timestamp,
    snapshot: notary.snapshot,
    targets: notary.targets,
    ...notary.delegated,
  };
  const text = damageJson(documents[role], random);
  const bytes = sealText(text, notary.signers[role]!);
  const sha256 = createHash('sha256').update(bytes).digest();
  const info = { length: bytes.byteLength, hashes: { sha256: sha256.toString('base64') } };
  const meta = structuredClone({ snapshot: notary.snapshot.meta, timestamp: notary.timestamp.meta });
  if (role === 'timestamp') notary.files.set('timestamp.json', bytes);
  else if (role === 'snapshot') {
    notary.files.set(`snapshot.${sha256.toString('hex')}.json`, bytes);
    notary.timestamp.meta.snapshot = info;
    notary.publishTimestamp();
  } else {
    notary.files.set(role === 'root' ? 'root.json' : `${role}.${sha256.toString('hex')}.json`, bytes);
    notary.snapshot.meta[role] = info;
    notary.publishSnapshot();
  }
  notary.snapshot.meta = meta.snapshot;
  notary.timestamp.meta = meta.timestamp;
  return `${role}.json signed anew`;
}

/** Signed in its canonical form where it has one, and as it stands where not. */
function sealText(text: string, by: readonly TrustKey[]): Uint8Array {
  let signed: Uint8Array;
  try {
    signed = encode(olpcJson(JSON.parse(text) as JsonValue));
  } catch {
    signed = encode(text);
  }
  return encode(`{"signed":${text},"signatures":${JSON.stringify(by.map((key) => key.signature(signed)))}}`);
}
