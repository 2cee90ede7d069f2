import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(10 * 256);
let used = pool.length;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A UUID version 7 (RFC 9562 §5.7) for the millisecond `now`: sorts by time, and is unguessable within one. */
export function newDecisionId(now: number): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = (index: number): string => hex[pool[used + index]!]!;
  const time = Math.trunc(now).toString(16).padStart(12, '0').slice(-12);
  const version = hex[0x70 | (pool[used]! & 0x0f)]!;
  const variant = hex[0x80 | (pool[used + 2]! & 0x3f)]!;
  let node = '';
  for (let index = 4; index < 10; index++) node += random(index);
  const id = `${time.slice(0, 8)}-${time.slice(8)}-${version}${random(1)}-${variant}${random(3)}-${node}`;
  used += 10;
  return id;
}
