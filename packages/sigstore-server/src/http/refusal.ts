import { PratiqueError } from '@pratique/errors';

/** A request that is refused: an answer, not a fault. The message goes to the client and holds no secret. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 421 | 422 | 429 | 503;

  constructor(status: Refusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** Runs what parses a client's bytes: what it finds wrong is the client's mistake. */
export function fromClient<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PratiqueError) throw new Refusal(400, error.message);
    throw error;
  }
}
