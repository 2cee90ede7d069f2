import { attestationAuthorities, withPivToken } from '../keys/piv-token.ts';
import { attestationJson, showAttestation } from '../keys/show-attestation.ts';
import type { Run } from '../program/spec.ts';
import type { pivAttestation } from '../specs/piv.ts';

/** Prints what `cosign piv-tool attestation` prints, JSON too on standard output. */
export const run: Run<typeof pivAttestation.flags> = async ({ flags, terminal, signal }) => {
  await withPivToken(flags, terminal, signal, [], async (token, { slotNamed, yubicoAuthorities }) => {
    const slot = slotNamed(flags.slot || 'signature');
    const believed = attestationAuthorities(flags['attestation-roots'], terminal, yubicoAuthorities);
    const attestation = await token.attestation(slot, believed);
    if (flags.output === 'json') terminal.out(`${JSON.stringify(attestationJson(attestation, slot))}\n`);
    else showAttestation(attestation, terminal);
  });
  return 0;
};
