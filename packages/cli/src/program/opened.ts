interface Closeable {
  close(): void | Promise<void>;
}

/** What a command has opened; all of it is closed at its end, what was opened last first. */
export class Opened {
  readonly #all: Closeable[] = [];

  add<T extends Closeable>(one: T): T {
    this.#all.push(one);
    return one;
  }

  /** Closes everything, also where something of it cannot be. @throws what could not be closed first */
  async close(): Promise<void> {
    const one = this.#all.pop();
    if (one === undefined) return;
    try {
      await one.close();
    } finally {
      await this.close();
    }
  }
}
