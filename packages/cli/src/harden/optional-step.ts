import { PratiqueError } from '@pratique/errors';

/** Opens what a step needs that can be left out: where that fails, whoever did not mean the step learns how. */
export async function optionalStep<T>(open: () => T | Promise<T>, otherwise: string): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw error.retold({ remedy: `${error.remedy} ${otherwise}` });
  }
}
