/**
 * Go's `net/url`: `uri.*`, `urlquery.*`, `providers.aws.sign_req` and certificate fields show what that parser gives,
 * which differs from the WHATWG parser of the platform (no normalisation, opaque URLs, raw paths, its error texts).
 * All functions work on byte strings (see {@link byteString}); percent-decoding may give bytes that are not UTF-8.
 */

import { rethrowOverflow } from '../../stack.ts';
import { quote } from './quote.ts';
import { byteString, textOfByteString } from './utf8.ts';

type Component = 'path' | 'segment' | 'host' | 'zone' | 'userinfo' | 'query' | 'fragment';

/** A parsed URL; all texts decoded from bytes, `raw…` as written. */
export interface GoUrl {
  readonly scheme: string;
  readonly opaque: string;
  readonly userinfo: { readonly username: string; readonly password: string | undefined } | undefined;
  readonly host: string;
  readonly path: string;
  /** The path as written where it is not the canonical encoding of `path`, else empty. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly fragment: string;
  readonly rawFragment: string;
  readonly forceQuery: boolean;
  readonly omitHost: boolean;
}

/** A URL which Go's parser refuses; the message is Go's. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
}

/** `url.Parse`. Throws {@link UrlError} with Go's text, e.g. `parse "a b:": first path segment in URL cannot contain colon`. */
export function parseUrl(text: string): GoUrl {
  const raw = byteString(text);
  const hash = raw.indexOf('#');
  const main = hash < 0 ? raw : raw.slice(0, hash);
  const rawFragment = hash < 0 ? '' : raw.slice(hash + 1);
  const parsed = inContext(main, () => parseReference(main));
  if (rawFragment === '') return parsed;
  const fragment = inContext(raw, () => percentDecode(rawFragment, 'fragment'));
  return {
    ...parsed,
    fragment: textOfByteString(fragment),
    rawFragment: percentEncode(fragment, 'fragment') === rawFragment ? '' : textOfByteString(rawFragment),
  };
}

function inContext<T>(shown: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UrlError)
      throw new UrlError(`parse ${quote(textOfByteString(shown))}: ${error.message}`);
    throw error;
  }
}

function parseReference(raw: string): GoUrl {
  if (/[\u0000-\u001f\u007f]/.test(raw)) throw new UrlError('net/url: invalid control character in URL');
  const empty = {
    scheme: '',
    opaque: '',
    userinfo: undefined,
    host: '',
    path: '',
    rawPath: '',
    rawQuery: '',
    fragment: '',
    rawFragment: '',
    forceQuery: false,
    omitHost: false,
  };
  if (raw === '*') return { ...empty, path: '*' };
  if (raw.startsWith(':')) throw new UrlError('missing protocol scheme');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(raw)?.[1] ?? '';
  let rest = scheme === '' ? raw : raw.slice(scheme.length + 1);
  const mark = rest.indexOf('?');
  const forceQuery = mark >= 0 && mark === rest.length - 1;
  const rawQuery = textOfByteString(mark < 0 ? '' : rest.slice(mark + 1));
  if (mark >= 0) rest = rest.slice(0, mark);
  const base = { ...empty, scheme: scheme.toLowerCase(), rawQuery, forceQuery };
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...base, opaque: textOfByteString(rest) };
    if (rest.split('/', 1)[0]!.includes(':')) {
      throw new UrlError('first path segment in URL cannot contain colon');
    }
  }
  let authority = {};
  if (rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'))) {
    const slash = rest.indexOf('/', 2);
    authority = parseAuthority(base.scheme, slash < 0 ? rest.slice(2) : rest.slice(2, slash));
    rest = slash < 0 ? '' : rest.slice(slash);
  } else if (scheme !== '' && rest.startsWith('/')) {
    authority = { omitHost: true };
  }
  const path = percentDecode(rest, 'path');
  const rawPath = percentEncode(path, 'path') === rest ? '' : textOfByteString(rest);
  return { ...base, ...authority, path: textOfByteString(path), rawPath };
}

function parseAuthority(scheme: string, authority: string): Pick<GoUrl, 'userinfo' | 'host'> {
  const at = authority.lastIndexOf('@');
  const host = textOfByteString(parseHost(scheme, authority.slice(at + 1)));
  if (at < 0) return { host, userinfo: undefined };
  const text = authority.slice(0, at);
  if (/[^A-Za-z0-9\-._:~!$&'()*+,;=%@]/.test(text)) throw new UrlError('net/url: invalid userinfo');
  const colon = text.indexOf(':');
  const username = textOfByteString(percentDecode(colon < 0 ? text : text.slice(0, colon), 'userinfo'));
  const password = colon < 0 ? undefined : textOfByteString(percentDecode(text.slice(colon + 1), 'userinfo'));
  return { host, userinfo: { username, password } };
}

function parseHost(scheme: string, host: string): string {
  const open = host.lastIndexOf('[');
  if (open > 0) throw new UrlError('invalid IP-literal');
  if (open === 0) return parseIpLiteral(host);
  const first = host.indexOf(':');
  if (first >= 0) {
    const http = scheme === 'http' || scheme === 'https';
    const port = host.slice(http ? first : host.lastIndexOf(':'));
    checkPort(port);
  }
  return percentDecode(host, 'host');
}

function parseIpLiteral(host: string): string {
  const close = host.lastIndexOf(']');
  if (close < 0) throw new UrlError("missing ']' in host");
  const port = host.slice(close + 1);
  checkPort(port);
  const inner = host.slice(1, close);
  const zone = inner.indexOf('%25');
  const address =
    zone < 0
      ? percentDecode(inner, 'host')
      : percentDecode(inner.slice(0, zone), 'host') + percentDecode(inner.slice(zone), 'zone');
  const bare = address.split('%', 1)[0]!;
  if (/^[0-9.]+$/.test(bare)) throw new UrlError('invalid IP-literal');
  if (!isIpv6(bare) || address.endsWith('%')) {
    throw new UrlError(`invalid host: ParseAddr(${quote(textOfByteString(address))}): unable to parse IP`);
  }
  return `[${address}]${port}`;
}

function isIpv6(text: string): boolean {
  try {
    return new URL(`http://[${text}]/`).host !== '' && text.includes(':');
  } catch (error) {
    rethrowOverflow(error);
    return false;
  }
}

function checkPort(port: string): void {
  if (!/^(?::[0-9]*)?$/.test(port)) {
    throw new UrlError(`invalid port ${quote(textOfByteString(port))} after host`);
  }
}

/** `URL.Hostname`: the host without port and without the brackets of an IPv6 literal. */
export function hostname(url: GoUrl): string {
  const { host } = url;
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  const colon = host.lastIndexOf(':');
  return colon >= 0 && /^[0-9]*$/.test(host.slice(colon + 1)) ? host.slice(0, colon) : host;
}

/** `URL.Port`: the decimal digits after the host, or empty. */
export function port(url: GoUrl): string {
  return /:([0-9]*)$/.exec(url.host.replace(/^\[.*\]/, ''))?.[1] ?? '';
}

/** `URL.EscapedPath`. */
export function escapedPath(url: GoUrl): string {
  const raw = byteString(url.rawPath);
  if (raw !== '' && !/[^A-Za-z0-9\-_.~!$&'()*+,;=:@/[\]%]/.test(raw)) {
    try {
      if (percentDecode(raw, 'path') === byteString(url.path)) return url.rawPath;
    } catch (error) {
      rethrowOverflow(error);
      // Not a valid encoding of the path: encode the path anew.
    }
  }
  return url.path === '*' ? '*' : percentEncode(byteString(url.path), 'path');
}

/** `URL.String` (used for the URIs in certificates). */
export function formatUrl(url: GoUrl): string {
  let out = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque !== '') out += url.opaque;
  else {
    if (url.scheme !== '' || url.host !== '' || url.userinfo !== undefined) {
      if (!(url.omitHost && url.host === '' && url.userinfo === undefined)) {
        if (url.host !== '' || url.path !== '' || url.userinfo !== undefined) out += '//';
        if (url.userinfo !== undefined) out += `${formatUserinfo(url.userinfo)}@`;
        if (url.host !== '') out += percentEncode(byteString(url.host), 'host');
      }
    }
    const path = escapedPath(url);
    if (path !== '' && !path.startsWith('/') && url.host !== '') out += '/';
    if (out === '' && path.split('/', 1)[0]!.includes(':')) out += './';
    out += path;
  }
  if (url.forceQuery || url.rawQuery !== '') out += `?${url.rawQuery}`;
  if (url.fragment !== '')
    out += `#${url.rawFragment || percentEncode(byteString(url.fragment), 'fragment')}`;
  return out;
}

function formatUserinfo(userinfo: NonNullable<GoUrl['userinfo']>): string {
  const name = percentEncode(byteString(userinfo.username), 'userinfo');
  return userinfo.password === undefined
    ? name
    : `${name}:${percentEncode(byteString(userinfo.password), 'userinfo')}`;
}

/** `url.QueryEscape`: spaces become `+`, everything but unreserved characters `%XX`. */
export function queryEscape(text: string): string {
  return percentEncode(byteString(text), 'query');
}

/** `url.QueryUnescape`. Throws {@link UrlError} on a bad escape. */
export function queryUnescape(text: string): string {
  return textOfByteString(percentDecode(byteString(text), 'query'));
}

const keptInHost = /[!$&'()*+,;=:[\]<>"]/;
const kept: Readonly<Record<Component, RegExp>> = {
  path: /[$&+,/:;=@]/,
  segment: /[$&+:=@]/,
  host: keptInHost,
  zone: keptInHost,
  userinfo: /[$&+,;=]/,
  query: /(?!)/,
  fragment: /[$&+,/:;=?@!()*]/,
};

function shouldEscape(byte: string, component: Component): boolean {
  return !/[A-Za-z0-9\-_.~]/.test(byte) && !kept[component].test(byte);
}

function percentEncode(bytes: string, component: Component): string {
  let out = '';
  for (const byte of bytes) {
    if (!shouldEscape(byte, component)) out += byte;
    else if (byte === ' ' && component === 'query') out += '+';
    else out += `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function percentDecode(bytes: string, component: Component): string {
  const inHost = component === 'host' || component === 'zone';
  let out = '';
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === '%') {
      const digits = bytes.slice(i + 1, i + 3);
      const escapeText = bytes.slice(i, i + 3);
      const refuse = () => new UrlError(`invalid URL escape ${quote(textOfByteString(escapeText))}`);
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) throw refuse();
      const code = Number.parseInt(digits, 16);
      // Host names may only carry non-ASCII bytes escaped (RFC 6874 zones: also a space and what a host allows).
      if (component === 'host' && code < 0x80 && escapeText !== '%25') throw refuse();
      const decoded = String.fromCharCode(code);
      if (component === 'zone' && escapeText !== '%25' && code !== 0x20 && shouldEscape(decoded, 'host')) {
        throw refuse();
      }
      out += decoded;
      i += 2;
    } else if (byte === '+' && component === 'query') out += ' ';
    else if (inHost && byte.charCodeAt(0) < 0x80 && shouldEscape(byte, component)) {
      throw new UrlError(`invalid character ${quote(byte)} in host name`);
    } else out += byte;
  }
  return out;
}
