import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Grants } from './grants.ts';

const verifier = 'v'.repeat(43);
const challenge = createHash('sha256').update(verifier).digest('base64url');
const redirectUri = 'http://localhost:1/callback';
const login = { email: 'a@b.test', clientId: 'sigstore', nonce: 'n', redirectUri, challenge };

function at(start = 0) {
  const clock = { now: start };
  return { clock, grants: new Grants(() => clock.now) };
}

test('a code is good once, for a minute, for its client, redirect and verifier', () => {
  const { clock, grants } = at();
  const redeem = (...change: Partial<Record<'client' | 'redirect' | 'verifier', string>>[]) => {
    const { client = 'sigstore', redirect = redirectUri, verifier: proof = verifier } = change[0] ?? {};
    return grants.redeemCode(code, client, redirect, proof);
  };
  let code = grants.createCode(login);
  expect(redeem()).toMatchObject({ email: 'a@b.test', nonce: 'n' });
  expect(redeem()).toBe('invalid_grant');
  for (const change of [
    { client: 'other' },
    { redirect: `${redirectUri}/x` },
    { verifier: 'w'.repeat(43) },
    { verifier: '' },
    { verifier: challenge },
  ]) {
    code = grants.createCode(login);
    expect(redeem(change)).toBe('invalid_grant');
    // A wrong try spends the code.
    expect(redeem()).toBe('invalid_grant');
  }
  code = grants.createCode(login);
  clock.now += 60_001;
  expect(redeem()).toBe('invalid_grant');
});

test('a device waits until its user code is approved, once, and is told to poll slower', () => {
  const { clock, grants } = at();
  const { deviceCode, userCode } = grants.createDevice('sigstore', challenge);
  const poll = (proof: string | null = verifier) => grants.redeemDevice(deviceCode, 'sigstore', proof);
  expect(poll()).toBe('authorization_pending');
  expect(poll()).toBe('slow_down');
  clock.now += 5000;
  expect(poll()).toBe('authorization_pending');
  expect(grants.approve('AAAA-AAAA', 'eve@b.test')).toBe(false);
  expect(grants.approve(userCode.toLowerCase().replace('-', ' '), 'a@b.test')).toBe(true);
  expect(grants.approve(userCode, 'eve@b.test')).toBe(false);
  expect(poll(null)).toBe('invalid_grant');
  expect(grants.redeemDevice(deviceCode, 'other', verifier)).toBe('invalid_grant');
  expect(poll()).toMatchObject({ email: 'a@b.test' });
  expect(poll()).toBe('invalid_grant');
});

test('a device that waited ten minutes gets nothing, approved or not', () => {
  const { clock, grants } = at();
  const { deviceCode, userCode } = grants.createDevice('sigstore', null);
  clock.now += 600_001;
  expect(grants.approve(userCode, 'a@b.test')).toBe(false);
  expect(grants.redeemDevice(deviceCode, 'sigstore', null)).toBe('expired_token');
});

test('nobody tries user codes until one fits a device of somebody else', () => {
  const { clock, grants } = at();
  const { userCode } = grants.createDevice('sigstore', null);
  for (let i = 0; i < 20; i++) expect(grants.approve('AAAA-AAAA', 'eve@b.test')).toBe(false);
  expect(grants.approve(userCode, 'eve@b.test')).toBe(false);
  expect(grants.approve(userCode, 'a@b.test')).toBe(true);
  clock.now += 600_001;
  expect(grants.approve(grants.createDevice('sigstore', null).userCode, 'eve@b.test')).toBe(true);
});
