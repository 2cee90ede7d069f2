import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTokenUri, parseTokenUri } from './uri.ts';

const invalid = expect.objectContaining({ code: 'KEY_REFERENCE_INVALID' });
const module = '?module-path=/usr/lib/m.so';
const parse = (uri: string, environment: NodeJS.ProcessEnv = {}) => parseTokenUri(uri, environment);

describe('what a PKCS#11 URI names', () => {
  test('every attribute, percent-decoded', () => {
    expect(
      parse(
        'pkcs11:token=my%20token;manufacturer=M;model=X;serial=12;slot-id=7;object=a%3bb;id=%00%a1z;type=private?module-path=/m.so&pin-value=12%2634',
      ),
    ).toEqual({
      modulePath: '/m.so',
      token: 'my token',
      manufacturer: 'M',
      model: 'X',
      serial: '12',
      slotId: 7,
      object: 'a;b',
      id: Uint8Array.of(0, 0xa1, 0x7a),
      pin: { kind: 'value', value: '12&34' },
    });
  });

  test.each([
    ['pin-source=file:/etc/pin', '/etc/pin'],
    ['pin-source=file:///etc/pin', '/etc/pin'],
    ['pin-source=/etc/pin', '/etc/pin'],
  ])('%s is a file with the PIN', (query, path) => {
    expect(parse(`pkcs11:token=t;object=o${module}&${query}`).pin).toEqual({ kind: 'file', path });
  });

  test('the module of COSIGN_PKCS11_MODULE_PATH counts where the URI names none', () => {
    const environment = { COSIGN_PKCS11_MODULE_PATH: '/other.so' };
    expect(parse('pkcs11:token=t;object=o', environment).modulePath).toBe('/other.so');
    expect(parse(`pkcs11:token=t;object=o${module}`, environment).modulePath).toBe('/usr/lib/m.so');
  });
});

describe('is refused, and the PIN in it is not repeated', () => {
  test.each([
    ['a URI of another scheme', `file:token=t;object=o${module}`],
    ['no token', `pkcs11:object=o${module}`],
    ['an empty token', `pkcs11:token=;object=o${module}`],
    ['no key', `pkcs11:token=t${module}`],
    ['no module', 'pkcs11:token=t;object=o'],
    ['a module by name', 'pkcs11:token=t;object=o?module-path=softhsm'],
    ['an attribute nobody knows', `pkcs11:token=t;object=o;library-manufacturer=x${module}`],
    ['an attribute without a value', `pkcs11:token=t;object${module}`],
    ['an attribute twice', `pkcs11:token=t;token=u;object=o${module}`],
    ['a query attribute nobody knows', `pkcs11:token=t;object=o${module}&x=1`],
    ['an object that is no private key', `pkcs11:token=t;object=o;type=cert${module}`],
    ['a slot that is no number', `pkcs11:slot-id=x1;object=o${module}`],
    ['a negative slot', `pkcs11:slot-id=-1;object=o${module}`],
    ['a broken escape', `pkcs11:token=%4;object=o${module}`],
    ['a label that is no UTF-8', `pkcs11:token=%ff;object=o${module}`],
    ['a space', `pkcs11:token=a b;object=o${module}`],
    ['a PIN from a program', `pkcs11:token=t;object=o${module}&pin-source=|cat%20/etc/pin`],
    ['a PIN from the web', `pkcs11:token=t;object=o${module}&pin-source=https://example.com/pin`],
    ['a PIN twice', `pkcs11:token=t;object=o${module}&pin-value=s3cr3t&pin-source=/etc/pin`],
    ['a fragment', `pkcs11:token=t;object=o${module}&pin-value=s3cr3t#x`],
    ['a URI without end', `pkcs11:token=${'t'.repeat(5000)};object=o${module}`],
  ])('%s', (_, uri) => {
    let error: unknown;
    try {
      parse(uri);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toEqual(invalid);
    expect(JSON.stringify(error) + String((error as Error).message)).not.toContain('s3cr3t');
  });

  test('whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (path, query) => {
        try {
          parse(`pkcs11:${path}?${query}`);
        } catch (error) {
          expect(error).toEqual(invalid);
        }
      }),
    );
  });
});

test('what is listed is what is read', () => {
  const name = fc
    .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
    .filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(
      name,
      name,
      fc.uint8Array({ minLength: 1, maxLength: 20 }),
      fc.nat(),
      (token, object, id, slotId) => {
        const uri = formatTokenUri({ modulePath: '/a b/m;.so', token, slotId, id, object });
        expect(parse(uri)).toMatchObject({ modulePath: '/a b/m;.so', token, object, slotId, id });
      },
    ),
  );
});
