import { type Certificate, parseCertificate, type SigningKey } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { bytesOf } from '../testing/forge.ts';
import { artifact } from '../testing/keyless/row.ts';
import { anchorsOf, makeAuthority } from '../testing/virtual/certificates.ts';
import {
  authorityOptions,
  keys,
  signingTime,
  signMessage,
  timestampAuthorityOptions,
  trust,
} from '../testing/virtual-sigstore.ts';
import { verifyBundle } from '../verify/bundle.ts';
import { prepareTrust } from './prepare.ts';
import type { Trust } from './trust.ts';

/** The same trust with certificates of which nothing is remembered yet. */
function fresh(): Trust {
  const read = (certificates: readonly Certificate[]) => certificates.map(({ der }) => parseCertificate(der));
  return {
    ...trust,
    authorities: trust.authorities.map((authority) => ({
      ...authority,
      anchors: read(authority.anchors),
      intermediates: read(authority.intermediates),
    })),
  };
}

const bundle = bytesOf(signMessage(artifact));
const verify = (believed: Trust) => verifyBundle(bundle, { bytes: artifact }, believed, signingTime);

test('what is prepared is verified as before', () => {
  const prepared = fresh();
  prepareTrust(prepared, signingTime);
  expect(verify(prepared)).toEqual(verify(fresh()));
  expect(verify(prepared).ok).toBe(true);
});

test.each([
  ['authorities', authorityOptions],
  ['timestampAuthorities', timestampAuthorityOptions],
] as const)('an intermediate that no anchor of %s signed stays refused', (name, options) => {
  const { anchors } = anchorsOf(makeAuthority(options));
  const afterPreparing = (rootKey: SigningKey) => {
    const { intermediates } = anchorsOf(makeAuthority({ ...options, rootKey }));
    const believed: Trust = { ...trust, [name]: [{ ...trust[name][0], anchors, intermediates }] };
    prepareTrust(believed, signingTime);
    return verify(believed).ok;
  };
  expect(afterPreparing(options.rootKey)).toBe(true);
  expect(afterPreparing(keys.stranger)).toBe(false);
});

test('where nobody is trusted there is nothing to do', () => {
  expect(() => prepareTrust({ keys: [], logs: [] }, signingTime)).not.toThrow();
});
