import type { CalledImage } from '../trust/match.ts';

/** An image that is written with its name alone. */
export function called(name: string): CalledImage {
  return { name, reference: `${name}:latest` };
}
