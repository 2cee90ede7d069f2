/** One measurement beside its peer's. */
export interface Row {
  readonly what: string;
  readonly ours: number;
  readonly peer: number;
  /** Of `ours` and `peer`: `ms`, `reviews/s`, `MB/s`. */
  readonly unit: string;
  /** How many times better ours is than the peer's; 1 is equal, above 1 is better. */
  readonly ratio: number;
  /** The ratio to reach, where there is a goal. */
  readonly goal?: number;
  readonly peerName: string;
  /** Per cent of the whole, where it is a step of something. */
  readonly share?: number;
}
