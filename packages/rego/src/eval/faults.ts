import type { Location } from '../ast/types.ts';
import { locate, RegoError } from '../errors.ts';

/** OPA's words for conflicts. */
export const MESSAGES = {
  objectKeys: 'object keys must be unique',
  complete: 'complete rules must not produce multiple outputs',
  function: 'functions must not produce multiple outputs for same inputs',
} as const;

export function conflict(message: string, location: Location): RegoError {
  return new RegoError([{ code: 'eval_conflict_error', message, location: locate(location) }]);
}
