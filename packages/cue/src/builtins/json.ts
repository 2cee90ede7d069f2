import { Kind } from '../values/scalar.ts';
import { test, text } from './define.ts';
import type { Package } from './types.ts';

/** Package `encoding/json`: what has a schema or makes a value of a text is in `eval/`. */
export const json: Package = new Map([
  [
    'Valid',
    test([Kind.string], ([value]) => {
      try {
        JSON.parse(text(value));
        return true;
      } catch {
        return false;
      }
    }),
  ],
]);
