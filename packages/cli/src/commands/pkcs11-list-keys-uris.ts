import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { managedKeys } from '../keys/managed-key.ts';
import type { Run } from '../program/spec.ts';
import type { pkcs11ListKeysUris } from '../specs/pkcs11.ts';

/** Prints what `cosign pkcs11-tool list-keys-uris` prints, but never a PIN; `-o json` the same as data. */
export const run: Run<typeof pkcs11ListKeysUris.flags> = async ({ flags, terminal, signal }) => {
  const slot = flags['slot-id'];
  if (slot === undefined || slot < 0) {
    throw cliErrors.error('USAGE', {
      message: 'it is not said which token is meant',
      expected: '--slot-id NUMBER, as pratique pkcs11-tool list-tokens prints it',
    });
  }
  const { listKeys, context } = await managedKeys(terminal, signal);
  const keys = await listKeys(flags['module-path'], slot, flags.pin, context);
  if (flags.output === 'json') {
    const data = keys.map(({ label, id, uri }) => ({ label, id: Buffer.from(id).toString('hex'), uri }));
    terminal.out(`${JSON.stringify(data, null, 2)}\n`);
    return 0;
  }
  const module = flags['module-path'] ?? terminal.env['COSIGN_PKCS11_MODULE_PATH'] ?? '';
  terminal.out(`\nListing URIs of keys in slot '${slot}' of PKCS11 module '${printable(module)}'\n`);
  for (const [index, { label, id, uri }] of keys.entries()) {
    terminal.out(`Object ${index}\n`);
    if (label !== '') terminal.out(`\tLabel: ${printable(label)}\n`);
    if (id.byteLength > 0) terminal.out(`\tID: ${Buffer.from(id).toString('hex')}\n`);
    terminal.out(`\tURI: ${uri}\n`);
  }
  return 0;
};
