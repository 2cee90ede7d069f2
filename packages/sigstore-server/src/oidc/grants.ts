import { createHash, randomBytes, randomInt } from 'node:crypto';

const codeMs = 60_000;
const deviceMs = 600_000;
const intervalMs = 5000;
/** Grants under way at one time, of each kind: asking is free for everybody. */
const maxGrants = 10_000;
/** Wrong user codes of one person in the time that a device waits: whoever knows a secret could try them all. */
const maxMisses = 20;
/** No vowels: no words. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';

/** Who logged in, and what is to stand in the token. */
export interface Login {
  readonly email: string;
  readonly clientId: string;
  readonly nonce: string | null;
}

interface Code extends Login {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly expires: number;
}

interface Device {
  readonly clientId: string;
  readonly userCode: string;
  /** Null for clients that send none. */
  readonly challenge: string | null;
  readonly expires: number;
  nextPoll: number;
  email: string | null;
}

/** Errors of RFC 6749 §5.2 and RFC 8628 §3.5. */
export type GrantError = 'invalid_grant' | 'authorization_pending' | 'slow_down' | 'expired_token';

/**
 * Logins under way: authorization codes (RFC 6749 §4.1 with PKCE, RFC 7636) and device codes (RFC 8628). In memory: a
 * restart ends them, and whoever was in the middle begins again.
 */
export class Grants {
  readonly #codes = new Map<string, Code>();
  readonly #devices = new Map<string, Device>();
  /** By the address of those who typed wrong codes. */
  readonly #misses = new Map<string, { count: number; readonly expires: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A code for somebody who logged in. It is good once, for a minute. */
  createCode(login: Login & { readonly redirectUri: string; readonly challenge: string }): string {
    const code = random();
    this.#makeRoom(this.#codes);
    this.#codes.set(code, { ...login, expires: this.#now() + codeMs });
    return code;
  }

  /** The login behind a code, for the client that asked for it: the same redirect, and the verifier of its challenge. */
  redeemCode(code: string, clientId: string, redirectUri: string, verifier: string): Login | GrantError {
    const found = this.#codes.get(code);
    // Once, whether it is used rightly or not.
    this.#codes.delete(code);
    if (found === undefined || found.expires < this.#now()) return 'invalid_grant';
    if (found.clientId !== clientId || found.redirectUri !== redirectUri) return 'invalid_grant';
    return provesChallenge(found.challenge, verifier) ? found : 'invalid_grant';
  }

  /** Codes for a device without a browser, and for its user to type elsewhere. */
  createDevice(clientId: string, challenge: string | null) {
    const deviceCode = random();
    const userCode = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('');
    this.#makeRoom(this.#devices);
    const expires = this.#now() + deviceMs;
    const nextPoll = this.#now();
    this.#devices.set(deviceCode, { clientId, userCode, challenge, expires, nextPoll, email: null });
    return {
      deviceCode,
      userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}`,
      expiresIn: deviceMs / 1000,
      interval: intervalMs / 1000,
    };
  }

  /**
   * Lets the device with this user code have a token of `email`; false when there is none that waits, or after too many
   * wrong codes (RFC 8628 §5.1).
   */
  approve(userCode: string, email: string): boolean {
    const before = this.#misses.get(email);
    const misses =
      before === undefined || before.expires < this.#now()
        ? { count: 0, expires: this.#now() + deviceMs }
        : before;
    this.#misses.set(email, misses);
    if (misses.count >= maxMisses) return false;
    const typed = userCode.toUpperCase().replace(/[^A-Z]/g, '');
    for (const device of this.#devices.values()) {
      if (device.userCode !== typed || device.email !== null || device.expires < this.#now()) continue;
      device.email = email;
      return true;
    }
    misses.count++;
    return false;
  }

  redeemDevice(deviceCode: string, clientId: string, verifier: string | null): Login | GrantError {
    const device = this.#devices.get(deviceCode);
    if (device === undefined || device.clientId !== clientId) return 'invalid_grant';
    if (device.expires < this.#now()) {
      this.#devices.delete(deviceCode);
      return 'expired_token';
    }
    if (device.challenge !== null && !provesChallenge(device.challenge, verifier ?? ''))
      return 'invalid_grant';
    if (device.email === null) {
      const early = this.#now() < device.nextPoll;
      device.nextPoll = this.#now() + intervalMs;
      return early ? 'slow_down' : 'authorization_pending';
    }
    this.#devices.delete(deviceCode);
    return { email: device.email, clientId, nonce: null };
  }

  /** Forgets what is over, and the oldest when it is still too much. */
  #makeRoom(grants: Map<string, { readonly expires: number }>): void {
    if (grants.size < maxGrants) return;
    for (const [code, { expires }] of grants) if (expires < this.#now()) grants.delete(code);
    while (grants.size >= maxGrants) grants.delete(grants.keys().next().value!);
  }
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

/** RFC 7636 §4.6, S256 only. */
function provesChallenge(challenge: string, verifier: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}
