import { type NameAttribute, oids, parseName } from '@pratique/crypto';

/** Names of attributes (RFC 4514 §3), and the number of street and postal code that go with them in practice. */
export const attributeNames: Readonly<Record<string, string>> = {
  [oids.commonName]: 'CN',
  [oids.serialNumber]: 'SERIALNUMBER',
  [oids.country]: 'C',
  [oids.locality]: 'L',
  [oids.stateOrProvince]: 'ST',
  [oids.streetAddress]: 'STREET',
  [oids.organization]: 'O',
  [oids.organizationalUnit]: 'OU',
  [oids.postalCode]: 'POSTALCODE',
};

/** A Name for people, as RFC 4514 writes it: the last attribute first. @throws DER_INVALID, CERTIFICATE_INVALID */
export function formatName(der: Uint8Array): string {
  return parseName(der)
    .toReversed()
    .map((set) => set.map(formatAttribute).join('+'))
    .join(',');
}

function formatAttribute({ oid, value }: NameAttribute): string {
  const name = attributeNames[oid] ?? oid;
  if (value === null) return `${name}=?`;
  const escaped = value.replace(/[,+"\\<>;]/g, '\\$&').replace(/^[ #]| $/g, '\\$&');
  return `${name}=${escaped}`;
}
