import { hardenErrors } from '../errors.ts';

/**
 * The fault for a dependency that no repository can meet.
 *
 * @param text the dependency as it is written
 * @param needer the package that has it; null where it was asked for by name
 */
export function dependencyUnmet(text: string, needer: string | null, found = 'none') {
  return hardenErrors.error('DEPENDENCY_UNMET', {
    message: needer === null ? `no source has ${text}` : `${needer} needs ${text}, which no source has`,
    expected: text,
    found,
  });
}
