/** The extensions of certificates which Go reads (RFC 5280 section 4.2), as members of its `x509.Certificate`. */
import type { Value } from '../../values/index.ts';
import { formatUrl, type GoUrl, parseUrl, UrlError } from '../go/url.ts';
import {
  bitsOf,
  booleanOf,
  children,
  context,
  DerError,
  type Element,
  inside,
  integerOf,
  oidOf,
  tag,
} from './der.ts';
import { bytes, oid, record, slice } from './go-values.ts';
import { formatNetworkAddress, networkValue } from './network.ts';

export interface Extension {
  readonly id: string;
  readonly arcs: readonly number[];
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export function parseExtensions(element: Element): readonly Extension[] {
  return children(element).map((extension) => {
    if (extension.tag !== tag.sequence) throw new DerError('x509: malformed extension');
    const reader = inside(extension);
    const arcs = oidOf(reader.next(tag.oid));
    const flag = reader.optional(tag.boolean);
    const critical = flag !== undefined && booleanOf(flag);
    return { id: arcs.join('.'), arcs, critical, value: reader.next(tag.octetString).content };
  });
}

export function extensionsValue(extensions: readonly Extension[]): Value {
  return slice(
    extensions.map((extension) =>
      record({ Id: oid(extension.arcs), Critical: extension.critical, Value: bytes(extension.value) }),
    ),
  );
}

export interface AlternativeNames {
  readonly dns: readonly string[];
  readonly emails: readonly string[];
  readonly addresses: readonly string[];
  readonly uris: readonly GoUrl[];
}

const noNames: AlternativeNames = { dns: [], emails: [], addresses: [], uris: [] };

export function alternativeNames(extensions: readonly Extension[]): AlternativeNames {
  const extension = extensions.find(({ id }) => id === '2.5.29.17');
  if (extension === undefined) return noNames;
  const names = children(content(extension));
  const texts = (number: number) => names.filter((name) => name.tag === context(number)).map(ascii);
  return {
    dns: texts(2),
    emails: texts(1),
    addresses: names
      .filter((name) => name.tag === context(7))
      .map((name) => formatNetworkAddress(name.content)),
    uris: texts(6).map(parseUri),
  };
}

function parseUri(text: string): GoUrl {
  try {
    return parseUrl(text);
  } catch (error) {
    if (error instanceof UrlError) throw new DerError(`x509: cannot parse URI "${text}": ${error.message}`);
    throw error;
  }
}

export function uriValue(url: GoUrl): Value {
  return record({
    Scheme: url.scheme,
    Opaque: url.opaque,
    User: url.userinfo === undefined ? null : record({}),
    Host: url.host,
    Path: url.path,
    RawPath: url.rawPath,
    OmitHost: url.omitHost,
    ForceQuery: url.forceQuery,
    RawQuery: url.rawQuery,
    Fragment: url.fragment,
    RawFragment: url.rawFragment,
  });
}

export function alternativeNameMembers(names: AlternativeNames): Record<string, Value> {
  return {
    DNSNames: slice(names.dns),
    EmailAddresses: slice(names.emails),
    IPAddresses: slice(names.addresses),
    URIs: slice(names.uris.map(uriValue)),
  };
}

export function uriStrings(names: AlternativeNames): Value {
  return slice(names.uris.map(formatUrl));
}

/** The one element an extension's value is. */
function content(extension: Extension, expected: number = tag.sequence): Element {
  const reader = inside({ tag: 0, raw: extension.value, content: extension.value });
  const element = reader.next(expected);
  if (!reader.done) throw new DerError(`x509: invalid extension ${extension.id}`);
  return element;
}

function ascii(element: Element): string {
  const text = Buffer.from(element.content).toString('latin1');
  if (/[^\u0000-\u007f]/.test(text)) throw new DerError('x509: SAN dNSName is malformed');
  return text;
}

/** `x509.ExtKeyUsage` by object identifier. */
export const extendedKeyUsages: Readonly<Record<string, number>> = {
  '2.5.29.37.0': 0,
  '1.3.6.1.5.5.7.3.1': 1,
  '1.3.6.1.5.5.7.3.2': 2,
  '1.3.6.1.5.5.7.3.3': 3,
  '1.3.6.1.5.5.7.3.4': 4,
  '1.3.6.1.5.5.7.3.5': 5,
  '1.3.6.1.5.5.7.3.6': 6,
  '1.3.6.1.5.5.7.3.7': 7,
  '1.3.6.1.5.5.7.3.8': 8,
  '1.3.6.1.5.5.7.3.9': 9,
  '1.3.6.1.4.1.311.10.3.3': 10,
  '2.16.840.1.113730.4.1': 11,
  '1.3.6.1.4.1.311.2.1.22': 12,
  '1.3.6.1.4.1.311.61.1.1': 13,
};

/** What the extensions say that chain building needs. */
export interface Constraints {
  readonly basic: {
    readonly present: boolean;
    readonly ca: boolean;
    readonly pathLength: number | undefined;
  };
  readonly keyUsage: number;
  readonly extendedKeyUsage: readonly number[];
  readonly unknownKeyUsage: readonly (readonly number[])[];
  readonly unhandledCritical: readonly (readonly number[])[];
}

const handled: ReadonlySet<string> = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.30',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.35',
  '2.5.29.36',
  '2.5.29.37',
  '2.5.29.54',
  '1.3.6.1.5.5.7.1.1',
]);

export function constraints(extensions: readonly Extension[]): Constraints {
  const find = (id: string) => extensions.find((extension) => extension.id === id);
  const usages = find('2.5.29.37');
  const ids = usages === undefined ? [] : children(content(usages)).map(oidOf);
  const known = (arcs: readonly number[]) => extendedKeyUsages[arcs.join('.')];
  return {
    basic: basicConstraints(find('2.5.29.19')),
    keyUsage: keyUsage(find('2.5.29.15')),
    extendedKeyUsage: ids.map(known).filter((usage) => usage !== undefined),
    unknownKeyUsage: ids.filter((arcs) => known(arcs) === undefined),
    unhandledCritical: extensions
      .filter(({ critical, id }) => critical && !handled.has(id))
      .map(({ arcs }) => arcs),
  };
}

function basicConstraints(extension: Extension | undefined): Constraints['basic'] {
  if (extension === undefined) return { present: false, ca: false, pathLength: undefined };
  const reader = inside(content(extension));
  const flag = reader.optional(tag.boolean);
  const ca = flag !== undefined && booleanOf(flag);
  const length = reader.optional(tag.integer);
  return { present: true, ca, pathLength: length === undefined ? undefined : Number(integerOf(length)) };
}

/** Bit 0 is digitalSignature. */
function keyUsage(extension: Extension | undefined): number {
  if (extension === undefined) return 0;
  const { bytes: bits } = bitsOf(content(extension, tag.bitString));
  let usage = 0;
  for (let i = 0; i < 9; i++) if (((bits[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0) usage |= 1 << i;
  return usage;
}

/** The members which only show what an extension says. */
export function extensionMembers(extensions: readonly Extension[]): Record<string, Value> {
  const find = (id: string) => extensions.find((extension) => extension.id === id);
  const subjectKey = find('2.5.29.14');
  const authorityKey = find('2.5.29.35');
  const keyId = authorityKey === undefined ? undefined : inside(content(authorityKey)).optional(context(0));
  const policies = find('2.5.29.32');
  const policyIds =
    policies === undefined
      ? []
      : children(content(policies)).map((policy) => oidOf(inside(policy).next(tag.oid)));
  return {
    SubjectKeyId: subjectKey === undefined ? null : bytes(content(subjectKey, tag.octetString).content),
    AuthorityKeyId: keyId === undefined ? null : bytes(keyId.content),
    ...accessMembers(find('1.3.6.1.5.5.7.1.1')),
    CRLDistributionPoints: slice(distributionPoints(find('2.5.29.31'))),
    PolicyIdentifiers: slice(policyIds.map(oid)),
    Policies: slice(policyIds.map((arcs) => arcs.join('.'))),
    ...nameConstraintMembers(find('2.5.29.30')),
    ...policyConstraintMembers(find('2.5.29.36'), find('2.5.29.54')),
    PolicyMappings: policyMappings(find('2.5.29.33')),
  };
}

function accessMembers(extension: Extension | undefined): Record<string, Value> {
  const found: Record<string, string[]> = { OCSPServer: [], IssuingCertificateURL: [] };
  for (const description of extension === undefined ? [] : children(content(extension))) {
    const reader = inside(description);
    const method = oidOf(reader.next(tag.oid)).join('.');
    const location = reader.next();
    if (location.tag !== context(6)) continue;
    if (method === '1.3.6.1.5.5.7.48.1') found.OCSPServer!.push(ascii(location));
    if (method === '1.3.6.1.5.5.7.48.2') found.IssuingCertificateURL!.push(ascii(location));
  }
  return { OCSPServer: slice(found.OCSPServer!), IssuingCertificateURL: slice(found.IssuingCertificateURL!) };
}

function distributionPoints(extension: Extension | undefined): readonly string[] {
  if (extension === undefined) return [];
  return children(content(extension)).flatMap((point) => {
    const name = inside(point).optional(context(0, true));
    const full = name === undefined ? undefined : inside(name).optional(context(0, true));
    return full === undefined
      ? []
      : children(full)
          .filter((uri) => uri.tag === context(6))
          .map(ascii);
  });
}

function nameConstraintMembers(extension: Extension | undefined): Record<string, Value> {
  const reader = extension === undefined ? undefined : inside(content(extension));
  return {
    PermittedDNSDomainsCritical: extension?.critical ?? false,
    ...subtrees('Permitted', reader?.optional(context(0, true))),
    ...subtrees('Excluded', reader?.optional(context(1, true))),
  };
}

function subtrees(prefix: string, element: Element | undefined): Record<string, Value> {
  const names = element === undefined ? [] : children(element).map((subtree) => inside(subtree).next());
  const texts = (number: number) => slice(names.filter((name) => name.tag === context(number)).map(ascii));
  return {
    [`${prefix}DNSDomains`]: texts(2),
    [`${prefix}EmailAddresses`]: texts(1),
    [`${prefix}URIDomains`]: texts(6),
    [`${prefix}IPRanges`]: slice(
      names.filter((name) => name.tag === context(7)).map((name) => networkValue(name.content)),
    ),
  };
}

function policyConstraintMembers(
  policies: Extension | undefined,
  inhibitAny: Extension | undefined,
): Record<string, Value> {
  const reader = policies === undefined ? undefined : inside(content(policies));
  const explicit = reader?.optional(context(0));
  const mapping = reader?.optional(context(1));
  const anyPolicy = inhibitAny === undefined ? undefined : content(inhibitAny, tag.integer);
  const members = (name: string, element: Element | undefined) => {
    const value = element === undefined ? undefined : Number(integerOf(element));
    return { [name]: value ?? 0, [`${name}Zero`]: value === 0 };
  };
  return {
    ...members('RequireExplicitPolicy', explicit),
    ...members('InhibitPolicyMapping', mapping),
    ...members('InhibitAnyPolicy', anyPolicy),
  };
}

function policyMappings(extension: Extension | undefined): Value {
  if (extension === undefined) return null;
  return slice(
    children(content(extension)).map((mapping) => {
      const [issuer, subject] = children(mapping).map((element) => oidOf(element).join('.'));
      return record({ IssuerDomainPolicy: issuer ?? '', SubjectDomainPolicy: subject ?? '' });
    }),
  );
}
