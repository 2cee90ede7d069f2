import { PratiqueError } from '@pratique/errors';

/** Opens what a step needs that can be left out: where that fails, whoever did not mean the step learns how. */
export async function optionalStep<T>(open: () => T | Promise<T>, otherwise: string): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    const { code, kind, message, expected, found, remedy, cause } = error;
    const entry = { kind, title: message, remedy: `${remedy} ${otherwise}` };
    throw new PratiqueError(code, entry, { message, expected, found, cause });
  }
}
