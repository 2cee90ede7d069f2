/** Signing and verifying with a key and no transparency log, by either program, with the flags of cosign. */
import type { Context, KeyPair } from './context.ts';
import type { Format } from './forge.ts';
import type { RunOptions } from './process.ts';

export type Signer = 'cosign' | 'pratique';

/** Exit codes of `cosign verify`, and ours. */
export const NO_SIGNATURE = 10;
export const NO_SUCH_TAG = 11;
export const NONE_MATCHES = 12;
export const FAULT = 1;

/** Flags of `sign` and `attest`. */
export const SIGN_FLAGS = [
  '--tlog-upload=false',
  '--use-signing-config=false',
  '--allow-http-registry',
  '-y',
];

/** Signs with the flags a cosign user without a transparency log types. */
export async function sign(
  context: Context,
  signer: Signer,
  format: Format,
  key: KeyPair,
  reference: string,
  more: readonly string[] = [],
  options: RunOptions = {},
): Promise<void> {
  const bundle = `--new-bundle-format=${format === 'bundle'}`;
  const args = ['sign', '--key', key.privateKey, ...SIGN_FLAGS, bundle, ...more, reference];
  await context.ok(signer, args, options);
}

export function verifyArguments(key: KeyPair, reference: string, ...more: string[]): string[] {
  return [
    'verify',
    '--key',
    key.publicKey,
    '--insecure-ignore-tlog',
    '--allow-http-registry',
    ...more,
    reference,
  ];
}
