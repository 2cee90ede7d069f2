import { type Claim, newPredicate, parsePredicateType, predicateTypeNames } from '@pratique/sigstore';
import { readInput } from '../blob/artifact.ts';
import { cliErrors } from '../errors.ts';
import { naming } from '../program/parse-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { claimFlags } from '../specs/shared.ts';

/** What `--predicate` with `--type`, or `--statement`, says. */
export function readClaim(
  { predicate, statement, type }: FlagValues<typeof claimFlags>,
  terminal: Terminal,
  command: string,
): Claim {
  if ((predicate === undefined) === (statement === undefined)) {
    throw cliErrors.error('USAGE', {
      message: `pratique ${command} needs to know what is said`,
      expected: '--predicate FILE with --type TYPE, or --statement FILE',
      found: predicate === undefined ? 'neither' : 'both',
    });
  }
  if (statement !== undefined) return { statement: readInput(statement, terminal, 'document') };
  const name = wantedName(type);
  const content = readInput(predicate!, terminal, 'document');
  return naming(predicate!, () => newPredicate(name, content, new Date()));
}

/** The predicate type that `--type` asks for, as a URI. */
export function wantedPredicateType(text: string): string {
  return parsePredicateType(wantedName(text))!;
}

function wantedName(text: string): string {
  if (parsePredicateType(text) !== null) return text;
  throw cliErrors.error('USAGE', {
    message: 'the type of attestation is not one that is known',
    expected: `${predicateTypeNames.join(', ')} or a URI`,
    found: text.slice(0, 200),
  });
}
