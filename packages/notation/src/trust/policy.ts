import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { notationErrors } from '../errors.ts';
import { type DistinguishedName, isSubset, parseDistinguishedName } from './distinguished-name.ts';
import { type Action, type CheckName, type Level, type LevelName, levelNames, levelOf } from './level.ts';
import type { VerifyTimestamp } from './statement.ts';

export const storeTypes = ['ca', 'signingAuthority', 'tsa'] as const;
export type StoreType = (typeof storeTypes)[number];

/** A statement as it is written: its trust stores by name. */
export interface PolicyStatement {
  readonly name: string;
  /** `*`, or repositories: `registry.example/team/app`. */
  readonly registryScopes: readonly string[];
  readonly level: Level;
  readonly verifyTimestamp: VerifyTimestamp;
  readonly trustStores: readonly { readonly type: StoreType; readonly name: string }[];
  readonly identities: '*' | readonly DistinguishedName[];
}

const maxBytes = 4 * 1024 * 1024;
const checks: readonly string[] = [
  'authenticity',
  'authenticTimestamp',
  'expiry',
  'revocation',
] satisfies CheckName[];
const actions: readonly string[] = ['enforce', 'log', 'skip'] satisfies Action[];

/**
 * Reads a trust policy for OCI artifacts, `trustpolicy.oci.json` or `trustpolicy.json` (trust-store-trust-policy.md,
 * version 1.0). Members that are not known are refused: a misspelt one must not weaken what is asked for.
 *
 * @throws NOTATION_POLICY_INVALID
 */
export function parseTrustPolicy(bytes: Uint8Array): readonly PolicyStatement[] {
  let document: JsonValue;
  try {
    document = parseJson(bytes, 'the trust policy', { maxBytes });
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw invalid(error.message);
  }
  const { version, trustPolicies } = members(document, 'the trust policy', ['version', 'trustPolicies']);
  if (version !== '1.0')
    throw invalid('its version is not 1.0', '1.0', printable(JSON.stringify(version ?? null)));
  if (!Array.isArray(trustPolicies) || trustPolicies.length === 0) throw invalid('it has no trustPolicies');
  const statements = trustPolicies.map(readStatement);
  checkUnique(
    statements.map(({ name }) => name),
    'the name',
  );
  checkUnique(
    statements.flatMap(({ registryScopes }) => registryScopes),
    'the registry scope',
  );
  return statements;
}

/** The statement about a repository: the one that names it, else the one with `*` (trust-store-trust-policy.md, "Selecting a trust policy"). */
export function statementFor<Statement extends { readonly registryScopes: readonly string[] }>(
  statements: readonly Statement[],
  repository: string,
): Statement | undefined {
  const scoped = (scope: string) => statements.find(({ registryScopes }) => registryScopes.includes(scope));
  return scoped(repository) ?? scoped('*');
}

function readStatement(given: JsonValue): PolicyStatement {
  const statement = members(given, 'a statement', [
    'name',
    'registryScopes',
    'signatureVerification',
    'trustStores',
    'trustedIdentities',
  ]);
  const { name } = statement;
  if (typeof name !== 'string' || name === '') throw invalid('a statement has no name');
  try {
    const { level, verifyTimestamp } = readVerification(statement.signatureVerification);
    const stores = strings(statement.trustStores, 'trustStores');
    const identities = strings(statement.trustedIdentities, 'trustedIdentities');
    if (level.name === 'skip' && stores.length + identities.length > 0)
      throw invalid('it skips verification, and has trust stores or trusted identities');
    if (level.name !== 'skip' && (stores.length === 0 || identities.length === 0))
      throw invalid('it has no trust stores or no trusted identities');
    return {
      name,
      registryScopes: readScopes(strings(statement.registryScopes, 'registryScopes')),
      level,
      verifyTimestamp,
      trustStores: stores.map(readStoreName),
      identities: level.name === 'skip' ? [] : parseTrustedIdentities(identities),
    };
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw notationErrors.error('NOTATION_POLICY_INVALID', {
      message: `statement ${printable(name)}: ${error.message}`,
      ...(error.expected === undefined ? {} : { expected: error.expected }),
      ...(error.found === undefined ? {} : { found: error.found }),
    });
  }
}

function readVerification(given: JsonValue | undefined): Pick<PolicyStatement, 'level' | 'verifyTimestamp'> {
  const verification = members(given, 'signatureVerification', ['level', 'override', 'verifyTimestamp']);
  const { level, override = {}, verifyTimestamp = 'always' } = verification;
  if (!levelNames.includes(level as LevelName))
    throw invalid('its level is not known', levelNames.join(', '), printable(JSON.stringify(level ?? null)));
  if (verifyTimestamp !== 'always' && verifyTimestamp !== 'afterCertExpiry')
    throw invalid('its verifyTimestamp is not known', 'always or afterCertExpiry');
  const changed = members(override, 'override', checks);
  const unknown = Object.values(changed).find((action) => !actions.includes(action as string));
  if (unknown !== undefined)
    throw invalid('an override is not an action', actions.join(', '), printable(JSON.stringify(unknown)));
  return { level: levelOf(level as LevelName, changed as Partial<Level['actions']>), verifyTimestamp };
}

const storeName = /^[a-zA-Z0-9_.-]+$/;

function readStoreName(text: string): PolicyStatement['trustStores'][number] {
  const at = text.indexOf(':');
  const [type, name] = [text.slice(0, at), text.slice(at + 1)];
  if (!storeTypes.includes(type as StoreType) || !storeName.test(name) || /^\.+$/.test(name))
    throw invalid(
      'a trust store is not known',
      `${storeTypes.join(' or ')}, ":" and its name`,
      printable(text),
    );
  return { type: type as StoreType, name };
}

/**
 * Identities as they are written: `*` alone, or `x509.subject:` and a distinguished name. Those of another kind are for
 * plugins, and prove nothing here.
 *
 * @throws NOTATION_POLICY_INVALID
 */
export function parseTrustedIdentities(given: readonly string[]): '*' | readonly DistinguishedName[] {
  if (given.includes('*')) {
    if (given.length > 1) throw invalid('it trusts any identity and names others');
    return '*';
  }
  const names = given.flatMap((text) => {
    const at = text.indexOf(':');
    if (at < 0) throw invalid('a trusted identity is of no kind', 'x509.subject: …, or *', printable(text));
    return text.slice(0, at) === 'x509.subject' ? [parseDistinguishedName(text.slice(at + 1))] : [];
  });
  const overlap = names.some((one, at) => names.some((other, index) => at !== index && isSubset(one, other)));
  if (overlap) throw invalid('one of its trusted identities is part of another one');
  return names;
}

const scope = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?\/[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/;

function readScopes(scopes: readonly string[]): readonly string[] {
  if (scopes.length === 0) throw invalid('it has no registry scopes');
  if (scopes.includes('*') && scopes.length > 1) throw invalid('it has the scope * and others');
  const wrong = scopes.find((one) => one !== '*' && !scope.test(one));
  if (wrong !== undefined)
    throw invalid('a registry scope is no repository', 'registry.example/team/app, or *', printable(wrong));
  return scopes;
}

function checkUnique(names: readonly string[], what: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`${what} ${printable(twice)} stands in it twice`);
}

function strings(given: JsonValue | undefined, name: string): readonly string[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given) || !given.every((one) => typeof one === 'string'))
    throw invalid(`${name} is no list of texts`);
  return given;
}

function members(given: JsonValue | undefined, what: string, known: readonly string[]): JsonObject {
  if (!isJsonObject(given)) throw invalid(`${what} is not an object`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw invalid(`${what} has the unknown member ${printable(unknown)}`, known.join(', '));
  return given;
}

function invalid(message: string, expected?: string, found?: string) {
  return notationErrors.error('NOTATION_POLICY_INVALID', {
    message: `the trust policy cannot be used: ${message}`,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  });
}
