import { printable } from '@pratique/errors';
import { readNamedFile } from '@pratique/storage';
import { keysErrors } from '../errors.ts';
import type { KeyContext } from '../managed-key.ts';
import { ck, returnNames } from './constants.ts';
import { failed, type Module } from './module.ts';
import type { PinSource, TokenUri } from './uri.ts';

/** A token in a slot (CK_TOKEN_INFO). Texts without the spaces they are padded with. */
export interface Token {
  readonly slotId: number;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly loginRequired: boolean;
}

const maxSlots = 256;
const maxPinFileBytes = 4096;

/** Every token that is present. One that cannot be read is left out, as cosign does. */
export function tokensOf(module: Module): Token[] {
  const count = [0];
  module.must('C_GetSlotList', 1, null, count);
  const slots: number[] = new Array(Math.min(Number(count[0]), maxSlots)).fill(0);
  if (slots.length === 0) return [];
  count[0] = slots.length;
  module.must('C_GetSlotList', 1, slots, count);
  return slots.slice(0, Number(count[0])).flatMap((slot) => {
    const token = readToken(module, Number(slot));
    return token === undefined ? [] : [token];
  });
}

function readToken(module: Module, slotId: number): Token | undefined {
  // Four texts, flags, ten more numbers, versions and a time: at most 208 bytes.
  const info = Buffer.alloc(256);
  if (module.call('C_GetTokenInfo', slotId, info) !== 0) return undefined;
  const text = (start: number, end: number) => info.toString('utf8', start, end).replace(/[ \0]+$/, '');
  return {
    slotId,
    label: text(0, 32),
    manufacturer: text(32, 64),
    model: text(64, 80),
    serial: text(80, 96),
    loginRequired: (info[96]! & ck.loginRequired) !== 0,
  };
}

/** The one token that a URI names. @throws PKCS11_TOKEN_NOT_FOUND, KEY_AMBIGUOUS */
export function findToken(module: Module, uri: TokenUri): Token {
  const all = tokensOf(module);
  const fits = (wanted: string | undefined, is: string) => wanted === undefined || wanted === is;
  const found = all.filter(
    (token) =>
      (uri.slotId === undefined || uri.slotId === token.slotId) &&
      fits(uri.token, token.label) &&
      fits(uri.serial, token.serial) &&
      fits(uri.model, token.model) &&
      fits(uri.manufacturer, token.manufacturer),
  );
  const [token] = found;
  const list = (tokens: readonly Token[]) =>
    printable(
      tokens.map(({ label, slotId }) => `${label || '(no label)'} in slot ${slotId}`).join(', '),
      300,
    );
  if (token === undefined) {
    throw keysErrors.error('PKCS11_TOKEN_NOT_FOUND', {
      message: `the PKCS#11 module ${printable(module.path)} has no such token`,
      expected: wantedToken(uri),
      found: all.length === 0 ? 'no token' : list(all),
    });
  }
  if (found.length > 1) {
    throw keysErrors.error('KEY_AMBIGUOUS', {
      message: 'the PKCS#11 URI fits more than one token',
      expected: 'one; say which with serial or slot-id',
      found: list(found),
    });
  }
  return token;
}

function wantedToken({ token, serial, slotId, model, manufacturer }: TokenUri): string {
  const named = { token, serial, 'slot-id': slotId, model, manufacturer };
  return Object.entries(named)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${printable(String(value), 64)}`)
    .join(', ');
}

/** A session with a token, logged in where it must be. */
export interface Session {
  readonly module: Module;
  readonly token: Token;
  readonly handle: number;
  close(): void;
}

/** How far a session must get. `public` logs in only with a PIN that is there anyway. */
export type Access = 'public' | 'private' | 'write';

/**
 * Opens a session. Its PIN: the URI's, else COSIGN_PKCS11_PIN, else, where the token wants one, a person is asked.
 *
 * @throws PKCS11_PIN_MISSING, PKCS11_PIN_REFUSED, PKCS11_FAILED, KEY_REFERENCE_INVALID
 */
export async function openSession(
  module: Module,
  token: Token,
  access: Access,
  pin: PinSource | undefined,
  context: KeyContext,
): Promise<Session> {
  const given = givenPin(pin, context.environment);
  const flags = ck.serialSession | (access === 'write' ? ck.writableSession : 0);
  const handle = [0];
  module.must('C_OpenSession', token.slotId, flags, null, null, handle);
  const session = {
    module,
    token,
    handle: Number(handle[0]),
    close: () => void module.call('C_CloseSession', Number(handle[0])),
  };
  try {
    if (token.loginRequired && (access !== 'public' || given !== undefined))
      logIn(session, given ?? (await askedPin(token, context)));
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

function givenPin(source: PinSource | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  if (source?.kind === 'value') return source.value;
  if (source === undefined) return environment['COSIGN_PKCS11_PIN'] || undefined;
  try {
    return new TextDecoder().decode(readNamedFile(source.path, maxPinFileBytes)).split(/\r?\n/, 1)[0]!;
  } catch (cause) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: `the file of pin-source, ${printable(source.path)}, cannot be read`,
      cause,
    });
  }
}

async function askedPin(token: Token, { askPin }: KeyContext): Promise<string> {
  if (askPin !== undefined) return await askPin(token.label);
  throw keysErrors.error('PKCS11_PIN_MISSING', {
    message: `the token ${printable(token.label)} wants a PIN`,
    expected: 'COSIGN_PKCS11_PIN, or pin-source or pin-value in the URI',
  });
}

function logIn({ module, handle, token }: Omit<Session, 'close'>, pin: string): void {
  const bytes = Buffer.from(pin, 'utf8');
  const code = module.call('C_Login', handle, ck.userPin, bytes, bytes.byteLength);
  bytes.fill(0);
  const name = returnNames[code];
  // Another key of this token, in this process.
  if (code === 0 || name === 'CKR_USER_ALREADY_LOGGED_IN') return;
  if (name?.startsWith('CKR_PIN_') !== true && name !== 'CKR_USER_PIN_NOT_INITIALIZED')
    throw failed('C_Login', code);
  throw keysErrors.error('PKCS11_PIN_REFUSED', {
    message: `the token ${printable(token.label)} refused the PIN`,
    found: name,
    remedy:
      name === 'CKR_PIN_LOCKED'
        ? 'The token is locked after too many wrong PINs; its security officer can set a new one.'
        : undefined,
  });
}
