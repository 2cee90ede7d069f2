import type { SecretRule } from '../rule.ts';
import { cloudRules } from './cloud.ts';
import { keyRules } from './keys.ts';
import { namedRules } from './named.ts';
import { tokenRules } from './tokens.ts';

/** Every kind of secret that is looked for. */
export const secretRules: readonly SecretRule[] = [...keyRules, ...tokenRules, ...cloudRules, ...namedRules];
