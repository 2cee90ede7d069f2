/** Distinguished names (`pkix.Name`). */
import { RegoArray, type Value } from '../../values/index.ts';
import { children, DerError, type Element, inside, oidOf, tag, textOf } from './der.ts';
import { oid, record, slice } from './go-values.ts';

/** Attributes with a member of their own, by the last arc of 2.5.4.x. */
const listed: Readonly<Record<number, string>> = {
  6: 'Country',
  10: 'Organization',
  11: 'OrganizationalUnit',
  7: 'Locality',
  8: 'Province',
  9: 'StreetAddress',
  17: 'PostalCode',
};

/** A name as the object OPA shows. */
export function nameValue(element: Element): Value {
  const members: Record<string, string[]> = {};
  for (const key of Object.values(listed)) members[key] = [];
  const names: Value[] = [];
  let commonName = '';
  let serialNumber = '';
  for (const set of children(element)) {
    if (set.tag !== tag.set) throw new DerError('x509: invalid RDNSequence');
    for (const attribute of children(set)) {
      if (attribute.tag !== tag.sequence) throw new DerError('x509: invalid RDNSequence: invalid attribute');
      const reader = inside(attribute);
      const type = oidOf(reader.next(tag.oid));
      const value = textOf(reader.next());
      names.push(record({ Type: oid(type), Value: value }));
      if (type.length !== 4 || type.slice(0, 3).join('.') !== '2.5.4') continue;
      if (type[3] === 3) commonName = value;
      else if (type[3] === 5) serialNumber = value;
      else members[listed[type[3]!] ?? '']?.push(value);
    }
  }
  return record({
    ...Object.fromEntries(Object.entries(members).map(([key, values]) => [key, slice(values)])),
    CommonName: commonName,
    SerialNumber: serialNumber,
    Names: names.length === 0 ? null : new RegoArray(names),
    ExtraNames: null,
  });
}
