/** IP addresses and ranges in certificates. */
import type { Value } from '../../values/index.ts';
import { formatAddress } from '../net/ip.ts';
import { DerError } from './der.ts';
import { bytes, record, unsigned } from './go-values.ts';

/** An iPAddress of four or sixteen bytes. */
export function formatNetworkAddress(content: Uint8Array): string {
  if (content.length === 4) return formatAddress({ bits: 32, value: unsigned(content) });
  if (content.length !== 16) throw new DerError(`x509: cannot parse IP address of length ${content.length}`);
  const value = unsigned(content);
  return value >> 32n === 0xffffn
    ? formatAddress({ bits: 32, value: value & 0xffffffffn })
    : formatAddress({ bits: 128, value });
}

/** An address and its mask, as a `net.IPNet`. */
export function networkValue(content: Uint8Array): Value {
  const half = content.length / 2;
  return record({ IP: formatNetworkAddress(content.subarray(0, half)), Mask: bytes(content.subarray(half)) });
}
