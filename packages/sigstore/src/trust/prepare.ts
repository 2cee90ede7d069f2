import { isSignedBy } from '@pratique/crypto';
import { isWithin, type Trust } from './trust.ts';

/**
 * Checks ahead the signatures between the certificates of the authorities that are trusted at `now`. Their answers are
 * remembered with the certificates, and so nothing changes but how long the first verification takes: for whoever has
 * to wait for the evidence anyway. Never throws.
 */
export function prepareTrust({ authorities = [], timestampAuthorities = [] }: Trust, now: Date): void {
  const chains = [
    ...authorities.map((authority) => ({ authority, leaf: null })),
    ...timestampAuthorities.map((authority) => ({ authority, leaf: authority.leaf })),
  ];
  for (const { authority, leaf } of chains) {
    if (!isWithin(now, authority)) continue;
    const chain = [...(leaf === null ? [] : [leaf]), ...authority.intermediates, ...authority.anchors];
    for (const [i, issuer] of chain.slice(1).entries()) isSignedBy(chain[i]!, issuer);
  }
}
