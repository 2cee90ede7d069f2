import { printable } from '@pratique/errors';
import { isLoopback } from './redirect.ts';

/**
 * Why the address of a service is none to send secrets to, and to believe: plain HTTP is for this machine only. In words that
 * follow "the address …"; undefined where nothing is wrong with it.
 */
export function addressProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'is not an http or https URL';
  if (url.username !== '' || url.password !== '') return 'holds credentials';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return 'is plain HTTP to another machine';
  return undefined;
}

/** An address as it may be shown: whatever stands before an @ may be a password. */
export function shownAddress(text: string): string {
  return printable(text.replace(/\/\/[^/]*@/, '//…@'));
}
