import { setImmediate } from 'node:timers/promises';
import { collectNotation, type NotationEvidence, statementFor, verifyNotation } from '@pratique/notation';
import type { Descriptor } from '@pratique/oci';
import { canonicalRegistry } from '../trust/registry-name.ts';
import type { Authority, ScopedStatement } from '../trust/types.ts';
import { type Attributed, mergeResults, type Station } from './stations.ts';

/** Candidates verified before others get their turn. */
const slice = 8;

const nothing: Attributed = { signatures: [], attestations: [], rejected: [] };

/**
 * Signatures of the Notary Project, by the authorities that trust in Notation's way. Where none of those that are asked
 * does, the registry is not asked either.
 */
export const notationStation: Station = {
  async collect(repository, digest, { signal, reserve, image, asked }) {
    const name = `${canonicalRegistry(image.registry)}/${image.repository}`;
    const trusting = asked.flatMap((authority) => trustOf(authority, name));
    if (trusting.length === 0) return { bytes: 0, verify: () => nothing };
    const evidence = await collectNotation(repository, digest, { signal, reserve });
    return {
      bytes: evidence.items.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
      verify: (subject, now) => verifyInTurns(evidence, subject, trusting, now),
    };
  },
};

/** What an authority believes about a repository. */
interface Trusting {
  readonly authority: string;
  /** Undefined where its trust policy does not speak of the repository. */
  readonly statement: ScopedStatement | undefined;
}

function trustOf({ name: authority, notation }: Authority, repository: string): Trusting[] {
  return notation === undefined ? [] : [{ authority, statement: statementFor(notation, repository) }];
}

async function verifyInTurns(
  { items, skipped }: NotationEvidence,
  subject: Descriptor,
  trusting: readonly Trusting[],
  now: Date,
): Promise<Attributed> {
  const results: Attributed[] = [{ ...nothing, rejected: skipped }];
  for (const [index, item] of items.entries()) {
    if (index % slice === slice - 1) await setImmediate();
    results.push(settle(trusting.map((one) => judge(item, subject, one, now))));
  }
  return mergeResults(results);
}

function judge(
  item: NotationEvidence['items'][number],
  subject: Descriptor,
  { authority, statement }: Trusting,
  now: Date,
): Attributed {
  if (statement === undefined) {
    const code = 'NOTATION_POLICY_MISSING';
    const message = `the trust policy of ${authority} has no statement about this repository`;
    return { ...nothing, rejected: [{ source: item.source, code, message }] };
  }
  const verdict = verifyNotation(item, subject, statement, now);
  if (!verdict.ok) return { ...nothing, rejected: [verdict.rejection] };
  // No level that is accepted in a trust configuration takes one that is not.
  if (!verdict.genuine) return nothing;
  return { ...nothing, signatures: [{ ...verdict.signature, authorities: [authority] }] };
}

/** What one authority refuses and another accepts is not refused; what all refuse for one reason is told once. */
function settle(results: readonly Attributed[]): Attributed {
  const { signatures, rejected } = mergeResults(results);
  if (signatures.length > 0) return { ...nothing, signatures };
  const told = new Map(rejected.map((rejection) => [`${rejection.code} ${rejection.message}`, rejection]));
  return { ...nothing, rejected: [...told.values()] };
}
