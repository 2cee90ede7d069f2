/** Credentials that are good until a time, in milliseconds since 1970; undefined where it is not known. */
export interface Expiring {
  readonly expires: number | undefined;
}

const marginMs = 2 * 60_000;

/** Gets credentials when they are first asked for, and anew before they expire: a key may be held open for weeks. */
export function renewed<Credentials extends Expiring>(
  get: () => Promise<Credentials>,
): () => Promise<Credentials> {
  let held: Credentials | undefined;
  return async () => {
    if (held !== undefined && (held.expires === undefined || held.expires - marginMs > Date.now()))
      return held;
    held = await get();
    return held;
  };
}
