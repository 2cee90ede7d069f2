import { expect } from 'vitest';

/** What a promise is rejected with, which must show none of `secrets`. */
export async function failure(
  of: Promise<unknown>,
  secrets: readonly string[],
): Promise<Error & { code: string }> {
  const error = await of.then(
    () => undefined,
    (thrown: unknown) => thrown as Error & { code: string },
  );
  expect(error).toBeInstanceOf(Error);
  const shown = JSON.stringify(error) + String(error);
  for (const secret of secrets) expect(shown).not.toContain(secret);
  return error!;
}
