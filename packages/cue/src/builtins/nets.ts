import { isIP, isIPv4, isIPv6 } from 'node:net';
import { type Place, unsupported } from '../syntax/source.ts';
import { Kind } from '../values/scalar.ts';
import { test, text } from './define.ts';
import type { Package } from './types.ts';

/** What an address may be to CUE: a text, or a list of its bytes, which has no answer here. */
const address = (is: (value: string) => boolean) =>
  test([Kind.top], ([value], at) => {
    if (value!.kind === 'list') throw unsupported(at, 'an address as a list');
    if (value!.kind !== 'string') return false;
    if (value!.value.includes('%')) throw unsupported(at, 'an address with a zone');
    return is(value!.value);
  });

function isPrefix(value: string): boolean {
  const found = /^([^/%]+)\/(0|[1-9]\d{0,2})$/.exec(value);
  if (found === null) return false;
  const version = isIP(found[1]!);
  return version !== 0 && Number(found[2]) <= (version === 4 ? 32 : 128);
}

/** Names as hosts have them; what else IDNA has is not decided here. */
function isName(value: string, at: Place): boolean {
  if (value === '' || /[^\0-\x7f]/.test(value)) return false;
  const labels = value.split('.');
  const plain = labels.every((label) => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label));
  if (!plain || value.length > 253 || labels.some((label) => label.slice(2, 4) === '--'))
    throw unsupported(at, `a name as ${JSON.stringify(value)}`);
  return true;
}

const absolute =
  /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[A-Za-z0-9.-]+(?::\d+)?(?:\/[\w.~/@:-]*)?(?:\?[\w.~/@:=&-]*)?(?:#[\w.~/-]*)?$/;
const relative = /^[\w.~/-]*$/;

/** Go reads nearly everything as a URL: what is plainly one is, and the rest is not decided here. */
function isUrl(value: string, mustBeAbsolute: boolean, at: Place): boolean {
  if (absolute.test(value)) return true;
  if (!relative.test(value)) throw unsupported(at, `a URL as ${JSON.stringify(value)}`);
  return !mustBeAbsolute;
}

/** Package `net`. */
export const nets: Package = new Map([
  ['IP', address((value) => isIP(value) !== 0)],
  ['IPv4', address(isIPv4)],
  ['IPv6', address(isIPv6)],
  [
    'IPCIDR',
    test([Kind.top], ([value], at) => {
      if (value!.kind !== 'string') throw unsupported(at, 'a prefix that is no text');
      return isPrefix(value!.value);
    }),
  ],
  ['FQDN', test([Kind.string], ([value], at) => isName(text(value), at))],
  ['URL', test([Kind.string], ([value], at) => isUrl(text(value), false, at))],
  ['AbsURL', test([Kind.string], ([value], at) => isUrl(text(value), true, at))],
]);
