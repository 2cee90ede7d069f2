import { printable } from '@pratique/errors';
import { managedKeys } from '../keys/managed-key.ts';
import type { Run } from '../program/spec.ts';
import type { pkcs11ListTokens } from '../specs/pkcs11.ts';

/** Prints what `cosign pkcs11-tool list-tokens` prints; `-o json` the same as data. */
export const run: Run<typeof pkcs11ListTokens.flags> = async ({ flags, terminal }) => {
  const { listTokens, context } = await managedKeys(terminal);
  const tokens = listTokens(flags['module-path'], context);
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify(tokens, null, 2)}\n`);
    return 0;
  }
  const module = flags['module-path'] ?? terminal.env['COSIGN_PKCS11_MODULE_PATH'] ?? '';
  terminal.out(`\nListing tokens of PKCS11 module '${printable(module)}'\n`);
  for (const { slotId, label, manufacturer, model, serial } of tokens) {
    terminal.out(
      `Token in slot ${slotId}\n\tLabel: ${printable(label)}\n\tManufacturer: ${printable(manufacturer)}\n\tModel: ${printable(model)}\n\tS/N: ${printable(serial)}\n\n`,
    );
  }
  return 0;
};
