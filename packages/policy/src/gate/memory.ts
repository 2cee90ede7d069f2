/** Bytes of evidence that may be in memory at once, whoever is asked about. */
export class MemoryBudget {
  readonly #capacity: number;
  readonly #waiting: { readonly bytes: number; readonly grant: () => void }[] = [];
  #used = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Waits for its turn until there is room; one alone may have more than there is. To be given back with `release`.
   *
   * @throws the reason of `signal`
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        bytes,
        grant: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        this.#grant();
        reject(signal.reason);
      };
      this.#waiting.push(waiter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Takes without waiting, for who holds some already: two who hold and wait would wait for each other. */
  takeMore(bytes: number): void {
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
    this.#grant();
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#capacity;
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#used += next.bytes;
      next.grant();
    }
  }
}

/** What an image with a few signatures has. So little never waits, or those who fill the memory would hold up everybody. */
const littleBytes = 256 * 1024;

/** What one lookup holds of a budget. */
export class MemoryShare {
  readonly #budget: MemoryBudget;
  readonly #signal: AbortSignal;
  #first: Promise<void> | undefined;
  #held = 0;
  #closed = false;

  /** @param signal ends waiting */
  constructor(budget: MemoryBudget, signal: AbortSignal) {
    this.#budget = budget;
    this.#signal = signal;
  }

  /** @throws the reason of the signal */
  async reserve(bytes: number): Promise<void> {
    if (bytes <= littleBytes) {
      this.#budget.takeMore(bytes);
    } else if (this.#first === undefined) {
      this.#first = this.#budget.take(bytes, this.#signal);
      await this.#first;
    } else {
      await this.#first;
      this.#budget.takeMore(bytes);
    }
    if (this.#closed) this.#budget.release(bytes);
    else this.#held += bytes;
    this.#signal.throwIfAborted();
  }

  /** Gives everything back, and what is granted later at once. */
  close(): void {
    this.#closed = true;
    this.#budget.release(this.#held);
    this.#held = 0;
  }
}
