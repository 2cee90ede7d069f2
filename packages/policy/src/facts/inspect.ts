import { createRequire } from 'node:module';

/** What reads packages and compares versions: large, and most images are decided without it. */
export const inspect = () =>
  createRequire(import.meta.url)('@pratique/inspect') as typeof import('@pratique/inspect');
