import { dirname, join } from 'node:path';
import type { Certificate } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import {
  levelOf,
  loadStatement,
  parseTrustedIdentities,
  parseTrustPolicy,
  readTrustedCertificates,
} from '@pratique/notation';
import { readFile, type TrustFiles } from './material.ts';
import { invalid, type Path, type Source } from './problems.ts';
import { canonicalRegistry } from './registry-name.ts';
import type { TrustFile } from './schema.ts';
import type { Authority, ScopedStatement } from './types.ts';

type NotationFile = NonNullable<TrustFile['authorities'][string]['notation']>;
type Statements = NonNullable<Authority['notation']>;

/**
 * Whom an authority's `notation` trusts: what is written there, or what a trust policy and a trust store of Notation say.
 * Trust stores are folders, and are read where they are.
 *
 * @throws TRUST_INVALID, TRUST_UNREADABLE
 */
export function readNotation(source: Source, at: Path, given: NotationFile, files: TrustFiles): Statements {
  try {
    return 'trustPolicy' in given
      ? readPolicy(source, at, given, files)
      : [readWritten(source, at, given, files)];
  } catch (cause) {
    if (!(cause instanceof PratiqueError) || !cause.code.startsWith('NOTATION_')) throw cause;
    const { expected, found } = cause;
    throw invalid(source, at, cause.message, {
      ...(expected === undefined ? {} : { expected }),
      ...(found === undefined ? {} : { found }),
      cause,
    });
  }
}

function readPolicy(
  source: Source,
  at: Path,
  { trustPolicy, trustStore }: Extract<NotationFile, { trustPolicy: string }>,
  files: TrustFiles,
): Statements {
  const written = parseTrustPolicy(readFile(source, [...at, 'trustPolicy'], trustPolicy, files));
  const store =
    trustStore === undefined
      ? join(dirname(files.resolve(trustPolicy)), 'truststore')
      : files.resolve(trustStore);
  const statements = written.map((statement): ScopedStatement => {
    if (statement.level.actions.authenticity !== 'enforce') {
      throw invalid(
        source,
        [...at, 'trustPolicy'],
        `statement ${printable(statement.name)} does not enforce authenticity, so that anybody’s signature would do`,
        {
          expected: 'the level strict or permissive; images that need no signature are exempt',
          found: statement.level.name,
        },
      );
    }
    const registryScopes = statement.registryScopes.map(canonicalScope);
    return { ...loadStatement(statement, store), registryScopes };
  });
  // A policy has at least one.
  return statements as unknown as Statements;
}

/** Repositories are compared with their registry in its one spelling, as everywhere. */
function canonicalScope(scope: string): string {
  const slash = scope.indexOf('/');
  return slash < 0 ? scope : canonicalRegistry(scope.slice(0, slash)) + scope.slice(slash);
}

function readWritten(
  source: Source,
  at: Path,
  given: Extract<NotationFile, { trustedIdentities: unknown }>,
  files: TrustFiles,
): ScopedStatement {
  const { trustStores, trustedIdentities, signatureVerification } = given;
  const { level = 'strict', override = {}, verifyTimestamp = 'always' } = signatureVerification;
  const store = (type: keyof typeof trustStores): readonly Certificate[] =>
    (trustStores[type] ?? []).flatMap((path, index) =>
      readTrustedCertificates(readFile(source, [...at, 'trustStores', type, index], path, files), type, path),
    );
  return {
    name: String(at[1]),
    registryScopes: ['*'],
    level: levelOf(
      level,
      Object.fromEntries(Object.entries(override).filter(([, action]) => action !== undefined)),
    ),
    verifyTimestamp,
    stores: { ca: store('ca'), signingAuthority: store('signingAuthority'), tsa: store('tsa') },
    identities: parseTrustedIdentities(trustedIdentities),
  };
}
