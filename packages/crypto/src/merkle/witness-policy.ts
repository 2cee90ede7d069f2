import { PratiqueError, printable } from '@pratique/errors';
import { cryptoErrors } from '../errors.ts';
import { type Cosignature, findCosignature } from './cosignature.ts';
import { isNoteSignedBy, type Note } from './note.ts';
import { hintOf, parseVerifierKey, sameKey, type VerifierKey } from './verifier-key.ts';

/** A witness: whose cosignatures count, and where they are asked for. */
export interface Witness extends VerifierKey {
  /** As the policy calls it. */
  readonly label: string;
  /** Submission prefix (C2SP `tlog-witness`). */
  readonly url?: string;
}

/** A witness, or at least `atLeast` of some. Null: nobody is needed. */
export type Quorum = Witness | { readonly atLeast: number; readonly of: readonly Quorum[] } | null;

/** Who must have cosigned a checkpoint (C2SP `tlog-policy`). */
export interface WitnessPolicy {
  /** Where there are some, one of them must have signed the checkpoint. */
  readonly logs: readonly VerifierKey[];
  readonly witnesses: readonly Witness[];
  readonly quorum: Quorum;
  /** The quorum in words. */
  readonly description: string;
}

const maxCharacters = 256 * 1024;
const maxMembers = 64;

/**
 * Reads a policy file (C2SP `tlog-policy`): `log VKEY [URL]`, `witness NAME VKEY [URL]`,
 * `group NAME all|any|K NAME…`, `quorum NAME|none`.
 *
 * @throws WITNESS_POLICY_INVALID with the line
 */
export function parseWitnessPolicy(text: string): WitnessPolicy {
  if (text.length > maxCharacters) throw invalid('it is too long');
  if (/[^\t\n\u0020-\u007e\u0080-\u{10ffff}]/u.test(text)) throw invalid('it has control characters');
  const logs: VerifierKey[] = [];
  const named = new Map<string, Quorum>();
  const witnesses: Witness[] = [];
  const used = new Set<string>();
  let quorum: { readonly name: string; readonly needs: Quorum } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const wrong = (message: string) => invalid(`line ${index + 1}: ${message}`);
    const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
    if (keyword === undefined || keyword.startsWith('#')) continue;
    const key = (vkey: string | undefined, role: VerifierKey['role'], before: readonly VerifierKey[]) => {
      const parsed = readKey(vkey, wrong);
      if (parsed.role !== role) throw wrong(`this is no key of a ${role}`);
      if (before.some((one) => sameKey(one, parsed))) throw wrong('this key is there twice');
      if (before.length >= maxMembers) throw wrong(`there are more than ${maxMembers} of a kind`);
      return parsed;
    };
    const define = (name: string, value: Quorum) => {
      if (name === 'none' || named.has(name)) throw wrong(`${printable(name)} is taken`);
      named.set(name, value);
    };
    const reference = (name: string) => {
      const found = named.get(name);
      if (found === undefined || found === null) throw wrong(`${printable(name)} is not defined before`);
      return found;
    };
    switch (keyword) {
      case 'log': {
        if (items.length < 1 || items.length > 2) throw wrong('expected log VKEY [URL]');
        logs.push(key(items[0], 'log', logs));
        break;
      }
      case 'witness': {
        const [label, vkey, url] = items;
        if (label === undefined || items.length > 3) throw wrong('expected witness NAME VKEY [URL]');
        const parsed = key(vkey, 'witness', witnesses);
        if (url !== undefined && !/^https?:\/\/\S+$/.test(url)) throw wrong('the URL is none');
        const witness = { ...parsed, label, ...(url === undefined ? {} : { url }) };
        define(label, witness);
        witnesses.push(witness);
        break;
      }
      case 'group': {
        const [name, k, ...members] = items;
        if (name === undefined || k === undefined || members.length === 0 || members.length > maxMembers)
          throw wrong('expected group NAME all|any|K NAME…');
        const of = members.map((member) => {
          if (used.has(member)) throw wrong(`${printable(member)} is a member twice`);
          used.add(member);
          return reference(member);
        });
        const atLeast = k === 'all' ? of.length : k === 'any' ? 1 : /^[1-9]\d{0,2}$/.test(k) ? Number(k) : 0;
        if (atLeast < 1 || atLeast > of.length) throw wrong(`expected all, any or 1 to ${of.length}`);
        if (named.size > 4 * maxMembers) throw wrong('there are too many groups');
        define(name, { atLeast, of });
        break;
      }
      case 'quorum': {
        const [name] = items;
        if (name === undefined || items.length > 1) throw wrong('expected quorum NAME');
        if (quorum !== undefined) throw wrong('there is a quorum already');
        quorum = { name, needs: name === 'none' ? null : reference(name) };
        break;
      }
      default:
        throw wrong(`${printable(keyword, 40)} is no keyword`);
    }
  }
  if (quorum === undefined) throw invalid('it has no quorum');
  return { logs, witnesses, quorum: quorum.needs, description: describe(quorum.needs) };
}

/** The cosignatures on a note, by the labels of their witnesses, and whether they are enough. Never throws. */
export function checkWitnesses(
  note: Note,
  { logs, witnesses, quorum }: WitnessPolicy,
): { readonly ok: boolean; readonly cosignatures: readonly Cosignature[] } {
  const found = witnesses.flatMap((witness) => {
    const cosignature = findCosignature(note, witness.name, witness.key);
    return cosignature === null
      ? []
      : [{ witness, cosignature: { name: witness.label, time: cosignature.time } }];
  });
  const signed =
    logs.length === 0 ||
    logs.some((log) => isNoteSignedBy(note, { key: log.key, keyHint: hintOf(log), name: null }));
  return {
    ok: signed && isMet(quorum, new Set(found.map(({ witness }) => witness))),
    cosignatures: found.map(({ cosignature }) => cosignature),
  };
}

function isMet(quorum: Quorum, seen: ReadonlySet<Quorum>): boolean {
  if (quorum === null) return true;
  if (!('of' in quorum)) return seen.has(quorum);
  return quorum.of.filter((member) => isMet(member, seen)).length >= quorum.atLeast;
}

function describe(quorum: Quorum): string {
  if (quorum === null) return 'none';
  if (!('of' in quorum)) return quorum.label;
  const members = quorum.of.map((member) =>
    member !== null && 'of' in member ? `(${describe(member)})` : describe(member),
  );
  return `${quorum.atLeast} of ${members.join(', ')}`;
}

function readKey(vkey: string | undefined, wrong: (message: string) => Error): VerifierKey {
  try {
    return parseVerifierKey(vkey ?? '');
  } catch (error) {
    if (error instanceof PratiqueError) throw wrong(error.message);
    throw error;
  }
}

function invalid(message: string) {
  return cryptoErrors.error('WITNESS_POLICY_INVALID', { message: `the witness policy: ${message}` });
}
