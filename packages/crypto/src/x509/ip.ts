import { isIPv4 } from 'node:net';

/** The 4 or 16 bytes of an IP address in text form. The text must be one (`net.isIP`). */
export function parseIp(text: string): Uint8Array {
  if (isIPv4(text)) return Uint8Array.from(text.split('.').map(Number));
  const bytes = new Uint8Array(16);
  const address = text.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    return `${((+a << 8) | +b).toString(16)}:${((+c << 8) | +d).toString(16)}`;
  });
  const [head = '', tail] = address.split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const view = new DataView(bytes.buffer);
  for (const [i, group] of groups(head).entries()) view.setUint16(i * 2, group);
  const last = tail === undefined ? [] : groups(tail);
  for (const [i, group] of last.entries()) view.setUint16(16 - 2 * (last.length - i), group);
  return bytes;
}

/** The text of 4 or 16 address bytes; IPv6 in full, without `::`, so that it has one form. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.byteLength === 4) return bytes.join('.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2).toString(16)).join(':');
}
