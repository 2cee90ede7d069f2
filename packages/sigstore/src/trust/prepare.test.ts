import { type Certificate, generateSigningKey, parseCertificate } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { bytesOf } from '../testing/forge.ts';
import { artifact } from '../testing/keyless/row.ts';
import { anchorsOf, makeAuthority } from '../testing/virtual/certificates.ts';
import {
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

test.each(['authorities', 'timestampAuthorities'] as const)(
  'an intermediate that no anchor of %s signed stays refused',
  (name) => {
    const forged = makeAuthority({ ...timestampAuthorityOptions, rootKey: generateSigningKey() });
    const [authority] = trust[name];
    const anchors = anchorsOf(
      makeAuthority({ ...timestampAuthorityOptions, rootKey: keys.timestampRoot }),
    ).anchors;
    const believed = {
      ...trust,
      [name]: [{ ...authority, anchors, intermediates: anchorsOf(forged).intermediates }],
    } as Trust;
    prepareTrust(believed, signingTime);
    expect(verify(believed).ok).toBe(false);
  },
);

test('where nobody is trusted there is nothing to do', () => {
  expect(() => prepareTrust({ keys: [], logs: [] }, signingTime)).not.toThrow();
});
