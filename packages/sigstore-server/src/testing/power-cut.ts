import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Inode, Operation } from './disk-recorder.ts';

/** Numbers from 0 up to 1, always the same for a seed. */
export type Random = () => number;

/**
 * Writes to `target` what a disk may hold after the power went at `moment`: everything that was synced by then, and of the
 * rest any part. What is not promised is not assumed: names and contents go separately and in no order, and a write may
 * be there in part, or as zeros. Only a rename is one step.
 *
 * @param alone with it, of what was not synced this operation is all there is: the worst that can be for what it relies on
 */
export function leaveAfterPowerCut(
  root: Inode,
  operations: readonly Operation[],
  moment: number,
  random: Random,
  target: string,
  alone?: Operation,
): void {
  const begun = operations.filter(({ begin }) => begin < moment);
  const syncs = begun.filter((one) => one.what === 'sync');
  const isSafe = (operation: Operation) => {
    if (operation.end >= moment) return false;
    if (operation.what === 'write' && operation.through) return true;
    const kept = 'parent' in operation ? operation.parent : operation.inode;
    return syncs.some(({ inode, begin, end }) => inode === kept && begin > operation.end && end < moment);
  };
  const contents = new Map<Inode, Uint8Array>();
  const names = new Map<Inode, Map<string, Inode>>();
  const namesIn = (inode: Inode) => {
    if (!names.has(inode)) names.set(inode, new Map());
    return names.get(inode)!;
  };
  // In some cuts nearly everything got there, in some nearly nothing.
  const luck = random();
  for (const operation of begun) {
    const isKept = isSafe(operation) || (alone === undefined ? random() < luck : operation === alone);
    if (!isKept) continue;
    switch (operation.what) {
      case 'write': {
        const whole = isSafe(operation) || random() < 0.5;
        const bytes = whole ? operation.bytes : torn(operation.bytes, random);
        contents.set(operation.inode, written(contents.get(operation.inode), operation.offset, bytes));
        break;
      }
      case 'truncate':
        contents.set(
          operation.inode,
          (contents.get(operation.inode) ?? new Uint8Array()).slice(0, operation.length),
        );
        break;
      case 'link':
        namesIn(operation.parent).set(operation.name, operation.inode);
        break;
      case 'unlink':
        namesIn(operation.parent).delete(operation.name);
        break;
      case 'move':
        if (namesIn(operation.from).get(operation.old) === operation.inode)
          namesIn(operation.from).delete(operation.old);
        namesIn(operation.parent).set(operation.name, operation.inode);
    }
  }
  const put = (inode: Inode, path: string) => {
    if (inode.kind === 'file') {
      writeFileSync(path, contents.get(inode) ?? new Uint8Array());
      return;
    }
    mkdirSync(path, { recursive: true });
    for (const [name, inside] of namesIn(inode)) put(inside, join(path, name));
  };
  put(root, target);
}

/** A beginning of the bytes, as such or followed by zeros. */
function torn(bytes: Uint8Array, random: Random): Uint8Array {
  const length = Math.floor(random() * bytes.byteLength);
  if (random() < 0.5) return bytes.subarray(0, length);
  const padded = new Uint8Array(bytes.byteLength);
  padded.set(bytes.subarray(0, length));
  return padded;
}

function written(before: Uint8Array | undefined, offset: number, bytes: Uint8Array): Uint8Array {
  const after = new Uint8Array(Math.max(before?.byteLength ?? 0, offset + bytes.byteLength));
  if (before !== undefined) after.set(before);
  after.set(bytes, offset);
  return after;
}
