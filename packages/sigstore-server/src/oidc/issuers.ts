import { isIP } from 'node:net';
import { isJsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { sigstoreServerErrors } from '../errors.ts';

/**
 * An issuer whose tokens get certificates. `email`: verified e-mail addresses. `uri`: the `sub` is a URI that begins
 * with `subjectPrefix`. `github-workflow`: GitHub Actions, whose workflow becomes the name. `kubernetes`: service accounts.
 */
export interface IssuerOptions {
  /** Exactly what stands in `iss`; its keys come from the discovery document below it. */
  readonly url: string;
  readonly type: 'email' | 'uri' | 'github-workflow' | 'kubernetes';
  /** Default `sigstore`. */
  readonly audience?: string;
  /** For `uri` only, and there required. */
  readonly subjectPrefix?: string;
}

const types: readonly string[] = ['email', 'uri', 'github-workflow', 'kubernetes'];
const members = ['url', 'type', 'audience', 'subjectPrefix'];

/**
 * Checks a list of issuers read from a file.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID
 */
export function parseIssuers(value: unknown): IssuerOptions[] {
  if (!Array.isArray(value) || value.length > 100) throw invalid('the issuers are not a list of at most 100');
  const issuers = value.map(parseIssuer);
  const urls = new Set(issuers.map(({ url }) => url));
  if (urls.size < issuers.length) throw invalid('an issuer stands twice in the list');
  return issuers;
}

function parseIssuer(value: unknown): IssuerOptions {
  if (!isJsonObject(value)) throw invalid('an issuer is not an object');
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) throw invalid(`an issuer has the unknown member ${printable(unknown, 40)}`);
  const { url, type, audience, subjectPrefix } = value as Readonly<Record<string, unknown>>;
  if (typeof url !== 'string' || !isIssuerUrl(url)) {
    throw invalid(
      'the url of an issuer is not https:// without query and fragment (http:// on loopback only)',
    );
  }
  if (typeof type !== 'string' || !types.includes(type))
    throw invalid(`the type of an issuer is not one of ${types.join(', ')}`);
  if (audience !== undefined && (typeof audience !== 'string' || audience === ''))
    throw invalid('audience is not text');
  if (
    (type === 'uri') !==
    (typeof subjectPrefix === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/]+\//.test(subjectPrefix))
  ) {
    throw invalid('subjectPrefix is scheme://host/ and belongs to type uri, which needs it');
  }
  return value as unknown as IssuerOptions;
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
