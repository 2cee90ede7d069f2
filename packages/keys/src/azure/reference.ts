import { printable } from '@pratique/errors';
import { isLoopback } from '@pratique/oci';
import { keysErrors } from '../errors.ts';

/** A key of Azure Key Vault or a Managed HSM, as a reference names it. */
export interface AzureKey {
  readonly host: string;
  readonly name: string;
  /** Undefined for the newest. */
  readonly version: string | undefined;
  /** Whom tokens for the vault are for. */
  readonly resource: string;
}

/** Domains of vaults, which are the audience of tokens for them, too. */
const domains = [
  'vault.azure.net',
  'managedhsm.azure.net',
  'vault.usgovcloudapi.net',
  'managedhsm.usgovcloudapi.net',
  'vault.azure.cn',
  'managedhsm.azure.cn',
];

/**
 * Reads `azurekms://VAULT_HOST/KEY[/VERSION]`. The host is in a domain of Azure's vaults, or this machine: a token for one vault
 * is good for all that its bearer may use, and is shown to nobody else.
 *
 * @throws KEY_REFERENCE_INVALID
 */
export function parseAzureKey(reference: string): AzureKey {
  const [, named, name, version] =
    /^azurekms:\/\/([A-Za-z0-9.-]{1,255}(?::\d{1,5})?)\/([A-Za-z0-9-]{1,127})(?:\/([a-z0-9]{1,64})?)?$/.exec(
      reference,
    ) ?? [];
  const host = named?.toLowerCase().replace(/:443$/, '') ?? '';
  const isHost = URL.canParse(`https://${host}`) && new URL(`https://${host}`).host === host;
  const domain = domains.find((suffix) => new RegExp(`^[a-z0-9-]{1,127}\\.${suffix}$`).test(host));
  const local = isHost && isLoopback(new URL(`https://${host}`).hostname);
  if (name === undefined || !isHost || (domain === undefined && !local)) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'the key in Azure Key Vault is not named as it has to be',
      expected: `azurekms://VAULT.${domains[0]}/KEY or …/KEY/VERSION; also of ${domains.slice(1).join(', ')}`,
      found: printable(reference, 160),
    });
  }
  return { host, name, version, resource: `https://${domain ?? domains[0]}` };
}
