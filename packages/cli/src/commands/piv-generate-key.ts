import { formatPublicKey } from '@pratique/crypto';
import type { KeyPolicy } from '@pratique/keys';
import { parseManagementKey } from '../keys/management-key.ts';
import { attestationAuthorities, withPivToken } from '../keys/piv-token.ts';
import { showAttestation } from '../keys/show-attestation.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { pivGenerateKey } from '../specs/piv.ts';

/** Prints the public half of the key, then its attestation, as cosign does. */
export const run: Run<typeof pivGenerateKey.flags> = async ({ flags, terminal, signal }) => {
  const given = parseManagementKey(flags['management-key']);
  const isRandom = flags['random-management-key'];
  const questions = [
    ...(isRandom ? ['gets a random management key, which nobody will know'] : []),
    `gets a new key in the slot ${flags.slot || 'signature'}; the one that is there is gone`,
  ];
  const done = await withPivToken(flags, terminal, signal, questions, async (token, keys) => {
    const slot = keys.slotNamed(flags.slot || 'signature');
    const believed = attestationAuthorities(flags['attestation-roots'], terminal, keys.yubicoAuthorities);
    const managementKey = given ?? keys.defaultManagementKey;
    const publicKey = await token.generateKey(managementKey, slot, {
      pin: (flags['pin-policy'] as KeyPolicy['pin']) || slot.policy.pin,
      touch: (flags['touch-policy'] as KeyPolicy['touch']) || slot.policy.touch,
    });
    terminal.err('Generated public key\n');
    terminal.out(`${formatPublicKey(publicKey)}\n`);
    // Not before: without the old one a key that could not be made could not be made later either.
    if (isRandom) await token.setManagementKey(managementKey, keys.randomManagementKey());
    showAttestation(await token.attestation(slot, believed, publicKey), terminal);
    return true;
  });
  return done ? 0 : exit.operational;
};
