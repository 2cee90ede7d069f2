import type { FlagSpec } from '../program/spec.ts';

/** A flag of cosign or opa that is not done here, and why. */
export function refusedFlag<const Kind extends FlagSpec['kind']>(kind: Kind, refused: string) {
  return { kind, hidden: true, refused, summary: refused } as const;
}

/** A flag of cosign or opa that asks for what is so in any case, or for a step that is not taken. */
export function needlessFlag<const Kind extends FlagSpec['kind']>(kind: Kind, summary: string) {
  return { kind, hidden: true, summary } as const;
}
