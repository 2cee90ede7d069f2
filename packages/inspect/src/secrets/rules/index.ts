import type { SecretRule } from '../rule.ts';
import { cloudRules } from './cloud.ts';
import { keyRules } from './keys.ts';
import { namedRules } from './named.ts';
import { tokenRules } from './tokens.ts';

/** Every kind of secret that is looked for. */
export const secretRules: readonly SecretRule[] = [...keyRules, ...tokenRules, ...cloudRules, ...namedRules];

/** Stands in the place of secrets where a file was not searched to its end. */
export const notSearched: Pick<SecretRule, 'id' | 'title' | 'severity'> = {
  id: 'not-searched',
  title: 'file that was searched in part: too much of it begins like a secret',
  severity: 'medium',
};
