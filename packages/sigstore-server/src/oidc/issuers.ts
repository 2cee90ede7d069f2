import { isIP } from 'node:net';
import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { sigstoreServerErrors } from '../errors.ts';
import { type CiProvider, ciProviders, parseCiProvider } from './ci-provider.ts';
import { fromFulcioConfiguration } from './fulcio-configuration.ts';
import { TemplateError } from './template.ts';

/** An issuer whose tokens get certificates, as it is configured. */
export interface IssuerOptions {
  /** Exactly what stands in `iss`; its keys come from the discovery document below it. */
  readonly url?: string;
  /**
   * Instead of `url`, for many issuers of one operator: `*` stands for one or more of `-_a-zA-Z0-9`, so for no dot and
   * no slash. The last two labels of the host are not patterns.
   */
  readonly urlPattern?: string;
  /**
   * `email`: verified e-mail addresses. `uri`: the `sub` is a URI that begins with `subjectPrefix`. `spiffe`: it is a
   * SPIFFE ID of `trustDomain`. `username`: it is a name in `subjectDomain`. `kubernetes`: a service account. The
   * others are CI systems; `ci-provider` says by `templates` what becomes of its claims.
   */
  readonly type: IssuerType;
  /** Default `sigstore`. */
  readonly audience?: string;
  readonly subjectPrefix?: string;
  readonly trustDomain?: string;
  readonly subjectDomain?: string;
  /** For `email`: where the issuer that stands in the certificate is in the claims: `$.a.b`. */
  readonly issuerClaim?: string;
  /** As an entry of `ci-issuer-metadata` in Fulcio’s configuration. */
  readonly templates?: JsonObject;
}

const types = [
  'email',
  'uri',
  'spiffe',
  'username',
  'kubernetes',
  'github-workflow',
  'gitlab-pipeline',
  'buildkite-job',
  'ci-provider',
] as const;
type IssuerType = (typeof types)[number];

/** A list, or Fulcio’s identity configuration (`oidc-issuers`, `meta-issuers`, `ci-issuer-metadata`). */
export type IssuerConfiguration = readonly IssuerOptions[] | JsonObject;

/** An issuer whose configuration was checked. */
export interface Issuer {
  /** The URL or pattern, to be shown. */
  readonly url: string;
  readonly type: IssuerType;
  readonly audience: string;
  readonly subjectPrefix: string;
  readonly trustDomain: string;
  readonly subjectDomain: string;
  /** Names of members, outermost first; none: the issuer itself. */
  readonly issuerClaim: readonly string[];
  readonly provider: CiProvider | null;
  matches(iss: string): boolean;
}

const members = [
  'url',
  'urlPattern',
  'type',
  'audience',
  'subjectPrefix',
  'trustDomain',
  'subjectDomain',
  'issuerClaim',
  'templates',
];
const maxIssuers = 100;
const domain = /^(?=.{1,255}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** What a type needs besides, and the form it has. No other type may have it. */
const needs: Readonly<Record<string, readonly [IssuerType, RegExp]>> = {
  subjectPrefix: ['uri', /^[a-z][a-z0-9+.-]*:\/\/[^/]+\//],
  trustDomain: ['spiffe', domain],
  subjectDomain: ['username', domain],
};

/**
 * Checks a configuration of issuers, read from a file.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID
 */
export function parseIssuers(value: unknown): Issuer[] {
  const fulcio = isJsonObject(value) && ('oidc-issuers' in value || 'meta-issuers' in value);
  const list = fulcio ? fromFulcioConfiguration(value) : value;
  if (!Array.isArray(list) || list.length > maxIssuers) {
    throw invalid(`the issuers are not a list of at most ${maxIssuers}, nor Fulcio’s configuration`);
  }
  const issuers = list.map(parseIssuer);
  if (new Set(issuers.map(({ url }) => url)).size < issuers.length) {
    throw invalid('an issuer stands twice in the list');
  }
  return issuers;
}

function parseIssuer(value: unknown): Issuer {
  if (!isJsonObject(value)) throw invalid('an issuer is not an object');
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) throw invalid(`an issuer has the unknown member ${printable(unknown, 40)}`);
  const { type, templates } = value;
  const text = (name: string): string => {
    const found = value[name];
    if (found === undefined) return '';
    if (typeof found !== 'string' || found === '') throw invalid(`${name} is not text`);
    return found;
  };
  if (!isIssuerType(type)) throw invalid(`the type of an issuer is not one of ${types.join(', ')}`);
  for (const [name, [owner, form]] of Object.entries(needs)) {
    if (type === owner ? !form.test(text(name)) : text(name) !== '') {
      throw invalid(`${name} belongs to type ${owner}, which needs it, of the form ${form.source}`);
    }
  }
  const issuerClaim = text('issuerClaim');
  if (issuerClaim !== '' && (type !== 'email' || !/^\$(\.[A-Za-z0-9_-]+){1,4}$/.test(issuerClaim))) {
    throw invalid('issuerClaim is $.name.name and belongs to type email');
  }
  if ((templates !== undefined) !== (type === 'ci-provider')) {
    throw invalid('templates belong to type ci-provider, which needs them');
  }
  const { url, matches } = parseAddress(text('url'), text('urlPattern'));
  return {
    url,
    matches,
    type,
    audience: text('audience') || 'sigstore',
    subjectPrefix: text('subjectPrefix'),
    trustDomain: text('trustDomain'),
    subjectDomain: text('subjectDomain'),
    issuerClaim: issuerClaim.split('.').slice(1),
    provider: providerOf(type, url, templates),
  };
}

function providerOf(type: IssuerType, url: string, templates: unknown): CiProvider | null {
  try {
    if (type === 'ci-provider') return parseCiProvider(templates as JsonObject);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw invalid(`the templates of ${printable(url, 100)} cannot be used: ${error.message}`);
  }
  const known = Object.hasOwn(ciProviders, type) ? ciProviders[type]! : null;
  // A GitLab is its own issuer.
  if (type !== 'gitlab-pipeline' || known === null) return known;
  return { ...known, defaults: new Map([...known.defaults, ['url', url.replace(/\/$/, '')]]) };
}

function parseAddress(url: string, pattern: string): Pick<Issuer, 'url' | 'matches'> {
  if ((url === '') === (pattern === '')) throw invalid('an issuer has either url or urlPattern');
  if (url !== '') {
    if (!isIssuerUrl(url)) {
      throw invalid(
        'the url of an issuer is not https:// without query and fragment (http:// on loopback only)',
      );
    }
    return { url, matches: (iss) => iss === url };
  }
  if (
    !isIssuerUrl(pattern.replaceAll('*', 'x')) ||
    !/^https:\/\/([^/]+\.)?[^/.*]+\.[^/.*]+(\/|$)/.test(pattern)
  ) {
    throw invalid('urlPattern is not https:// with a host whose last two labels are no pattern');
  }
  // Anchored, and without a dot or slash in what the star stands for: the host is the operator's (GHSA-59jp-pj84-45mr).
  const expression = new RegExp(
    `^${pattern
      .split('*')
      .map((piece) => piece.replace(/[.?+^$[\](){}|\\/]/g, '\\$&'))
      .join('[-_a-zA-Z0-9]+')}$`,
  );
  return { url: pattern, matches: (iss) => iss.length <= 2048 && expression.test(iss) && isIssuerUrl(iss) };
}

function isIssuerType(value: unknown): value is IssuerType {
  return types.some((type) => type === value);
}

/** HTTPS, or plain HTTP to this machine; no user, query or fragment; no pattern. */
function isIssuerUrl(text: string): boolean {
  if (text.length > 2048 || !URL.canParse(text) || text.includes('*')) return false;
  const url = new URL(text);
  if (url.username || url.password || url.search || url.hash) return false;
  const loopback =
    url.hostname === 'localhost' || (isIP(url.hostname) === 4 && url.hostname.startsWith('127.'));
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}

function invalid(message: string) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', { message });
}
