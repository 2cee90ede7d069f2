/** Strips at random, and what none of them may do: what the tests of dpkg's and of rpm's packages share. */
import { profiles, type StripOptions } from '../../../packages/harden/src/index.ts';
import type { LayerEntry } from '../../../packages/oci/src/index.ts';
import type { Oracle } from './oracle.ts';

/** What a strip left, by path. */
export type Left = ReadonlyMap<string, LayerEntry>;

/** Programs and libraries that are left without something the loader went through for them. */
export function lostLibraries({ loads }: Oracle, left: Left): readonly string[] {
  return [...loads].flatMap(([file, needs]) =>
    left.has(file)
      ? [...needs].filter((path) => !left.has(path)).map((path) => `${file} would lack ${path}`)
      : [],
  );
}

/** Something to run, and what to keep beside it. */
export function request(
  random: () => number,
  { programs, files }: Oracle,
): { command: string[]; options: StripOptions } {
  const one = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const keep = Array.from({ length: Math.floor(random() * 4) }, () => {
    const path = `/${one(files)}`;
    return random() < 0.3 ? path.replace(/\/[^/]*$/, '/**') : path;
  });
  return {
    command: [`/${one(programs)}`],
    options: { profile: one(profiles), mode: one(['package', 'file'] as const), keep },
  };
}

/** mulberry32: the same numbers on every machine. */
export function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
