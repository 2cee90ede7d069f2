import { PratiqueError, printable } from '@pratique/errors';
import {
  type KnownRole,
  type ReleasedTag,
  releasedTags,
  releaseRoles,
  requireTag,
  signersOf,
  type TrustedRepository,
} from '@pratique/notary';
import { parseReference } from '@pratique/oci';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { trustInspect } from '../specs/content-trust.ts';
import { openContentTrust } from '../trust/content-trust.ts';

/** What is known of one image that was asked about. */
interface Inspected {
  readonly name: string;
  readonly trusted: TrustedRepository;
  readonly tags: readonly ReleasedTag[];
}

export const run: Run<typeof trustInspect.flags> = async ({ args, flags, terminal, signal }) => {
  const inspected: Inspected[] = [];
  for (const name of args) {
    const reference = parseReference(name);
    const trusted = await openContentTrust(reference, flags, terminal, signal);
    const { tag } = reference;
    inspected.push({
      name,
      trusted,
      tags: tag === undefined ? believedTags(trusted) : [requireTag(trusted, tag)],
    });
  }
  if (flags.output === 'json') terminal.out(`${JSON.stringify(inspected.map(toDocker), null, 2)}\n`);
  else for (const one of inspected) print(one, terminal);
  const problems = inspected.flatMap(({ trusted }) => [...trusted.problems]);
  for (const [role, { error }] of problems)
    terminal.err(`${error.code}: ${printable(role)} is not believed: ${error.message}\n`);
  return problems.length === 0 ? exit.ok : exit.operational;
};

/** Every tag, but for those that a role might have signed which is not believed: that is said beside them. */
function believedTags(trusted: TrustedRepository): readonly ReleasedTag[] {
  try {
    return byName(releasedTags(trusted));
  } catch (error) {
    if (error instanceof PratiqueError && [...trusted.problems.values()].some((one) => one.error === error))
      return [];
    throw error;
  }
}

const order = new Intl.Collator('en', { numeric: true });

function byName(tags: readonly ReleasedTag[]): readonly ReleasedTag[] {
  return tags.toSorted((a, b) => order.compare(a.tag, b.tag));
}

/** People call signers by what follows `targets/`; what nobody else agreed with is the owner's. */
const signerName = (role: string) => role.replace(/^targets\//, '');
const ownerName = 'Repo Admin';

function signersShown({ trusted }: Inspected): readonly KnownRole[] {
  return trusted.delegations
    .filter(({ name }) => !releaseRoles.includes(name))
    .toSorted((a, b) => order.compare(a.name, b.name));
}

function administrators({ trusted }: Inspected): readonly KnownRole[] {
  const targets = trusted.roles.get('targets');
  return [
    { name: 'Root', keyIds: trusted.root.certificateIds },
    { name: 'Repository', keyIds: targets?.keyIds ?? [] },
  ];
}

/** The document that `docker trust inspect` prints of an image. */
function toDocker(inspected: Inspected) {
  const { name, trusted, tags } = inspected;
  const keysOf = ({ name: role, keyIds }: KnownRole) => ({
    Name: signerName(role),
    Keys: keyIds.toSorted().map((id) => ({ ID: id })),
  });
  return {
    Name: name,
    SignedTags: tags.map((tag) => {
      const signers = signersOf(trusted, tag).map((role) => signerName(role.name));
      return {
        SignedTag: tag.tag,
        Digest: tag.digest.slice('sha256:'.length),
        Signers: signers.length === 0 ? [ownerName] : signers.toSorted(),
      };
    }),
    Signers: signersShown(inspected).map(keysOf),
    AdministrativeKeys: administrators(inspected).map(keysOf),
  };
}

function print(inspected: Inspected, terminal: Terminal): void {
  const { name, trusted, tags } = inspected;
  const rows = tags.map((tag) => {
    const signers = signersOf(trusted, tag).map((role) => signerName(role.name));
    return [tag.tag, tag.digest, tag.role.name, signers.join(', ') || `(${ownerName})`];
  });
  const keys = [
    ...signersShown(inspected).map((role) => ({ ...role, name: signerName(role.name) })),
    ...administrators(inspected),
  ];
  const { version } = trusted.root;
  terminal.out(
    [
      printable(name),
      ...table(['TAG', 'DIGEST', 'ROLE', 'SIGNERS'], rows),
      '',
      ...table(
        ['SIGNER', 'KEYS'],
        keys.map(({ name: signer, keyIds }) => [signer, keyIds.join(', ')]),
      ),
      '',
      `root version ${version}, good until ${trusted.root.expires.toISOString()}; the server vouches for it until ${trusted.fresh.toISOString()}`,
      '',
    ]
      .map((line) => `${line}\n`)
      .join(''),
  );
}

/** Columns as wide as what is in them; what is in them may be from anybody. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head, ...rows.map((row) => row.map((cell) => printable(cell, 500)))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
}
