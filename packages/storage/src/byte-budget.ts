/**
 * So much of each share is not counted: what is small is taken however much else there is, and the number of connections
 * bounds it.
 */
const freeBytes = 64 * 1024;

/** Bytes that all requests under way may hold in memory together. */
export class ByteBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** A share of nothing yet, for one request. */
  share(): BudgetShare {
    let [held, counted] = [0, 0];
    return {
      take: (bytes) => {
        const more = Math.max(0, held + bytes - freeBytes) - counted;
        if (more > this.#left) return false;
        this.#left -= more;
        counted += more;
        held += bytes;
        return true;
      },
      give: (bytes) => {
        held = Math.max(0, held - bytes);
        const less = counted - Math.max(0, held - freeBytes);
        this.#left += less;
        counted -= less;
      },
      release: () => {
        this.#left += counted;
        [held, counted] = [0, 0];
      },
    };
  }
}

/** What one request holds. */
export interface BudgetShare {
  /** Takes more; false, and nothing taken, where not so much is left. */
  take(bytes: number): boolean;
  /** Gives some back. */
  give(bytes: number): void;
  /** Gives everything back. */
  release(): void;
}
