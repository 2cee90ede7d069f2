import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { type HardenSettings, hardenErrors, type PolicyVerdict } from '@pratique/harden';
import type { BuiltImage, Reference } from '@pratique/oci';
import {
  createRegoEngine,
  type Finding,
  loadPolicies,
  type PolicyEngine,
  parseTrust,
  type Statement,
  type Trust,
  unsignedFacts,
} from '@pratique/policy';
import { readFile } from '../program/read-file.ts';

/** The policies a hardened image must comply with before anything of it is signed or pushed. */
export interface OpenPolicies {
  readonly trust: Trust;
  readonly engine: PolicyEngine;
}

/**
 * The policies that come with Pratique, with the parameters of the settings, and those the settings name, relative to
 * `folder`.
 *
 * @throws POLICY_INVALID, POLICY_UNREADABLE, TRUST_INVALID
 */
export function openPolicies({ policy }: HardenSettings, folder: string): OpenPolicies {
  const { files, parameters, data } = policy;
  const trust = parseTrust(
    JSON.stringify({ apiVersion: 'pratique.dev/v1', kind: 'Trust', parameters, data }, null, 2),
    'policy',
    { resolve: (path) => resolve(folder, path), read: (path) => readFile(path, folder) },
  );
  const policies = loadPolicies(files.map((path) => resolve(folder, path)));
  return { trust, engine: createRegoEngine({ trust, policies }) };
}

/** What the policies say of an image that was built and is not signed yet. */
export async function judge(
  { trust, engine }: OpenPolicies,
  reference: Reference,
  image: BuiltImage,
  statements: readonly Statement[],
): Promise<PolicyVerdict> {
  const facts = unsignedFacts(trust, reference, image, statements, new Date());
  const { deny, warn } = await engine.evaluate('image', { image: facts });
  return { digest: engine.digest, denials: deny.map(said), warnings: warn.map(said) };
}

function said({ policy, code, message, expected, found, remedy }: Finding): PolicyVerdict['denials'][number] {
  return { policy, code, message, expected, found, remedy };
}

/** @throws HARDEN_POLICY_DENIED which says every rule that refused, and what to do about the first */
export function refuseDenied({ denials }: PolicyVerdict): void {
  const [first] = denials;
  if (first === undefined) return;
  const told = denials.map(({ policy, code, message }) => `${code} (${policy}): ${message}`);
  throw hardenErrors.error('HARDEN_POLICY_DENIED', {
    message: printable(told.join('; '), 2000),
    ...(first.expected === null ? {} : { expected: printable(first.expected, 300) }),
    ...(first.found === null ? {} : { found: printable(first.found, 300) }),
    ...(first.remedy === null ? {} : { remedy: printable(first.remedy, 600) }),
  });
}
