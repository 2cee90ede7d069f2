import { printable } from '@pratique/errors';
import { invalid, type Path } from '../problems.ts';
import type { Objects, Placed } from './objects.ts';
import type { CipAuthority, ClusterImagePolicy } from './schema.ts';

/** The PEM text that `data` is, or that the one key of the Secret `secretRef` holds. @throws TRUST_INVALID */
export function textOf(
  { source }: Placed<ClusterImagePolicy>,
  at: Path,
  { data, secretRef }: NonNullable<CipAuthority['key']>,
  { texts }: Objects,
): string {
  if (data !== undefined) return data;
  const name = secretRef?.name ?? '';
  const secret = texts.get(`Secret/${name}`);
  const [text, another] = [...(secret?.values() ?? [])];
  if (text !== undefined && another === undefined) return text;
  throw invalid(
    source,
    [...at, 'secretRef'],
    `there is no Secret ${printable(name)} with one key in these files`,
    {
      expected: 'data: the text itself; or the Secret beside the policy',
      found: secret === undefined ? 'no Secret of that name' : `${secret.size} keys`,
    },
  );
}
