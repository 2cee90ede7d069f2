import { PratiqueError } from '@pratique/errors';
import { pinOfAuthorities, pinOfKeys, type RootPin, serverAddress } from '@pratique/notary';
import { readFile, type TrustFiles } from './material.ts';
import { invalid, type Path, type Source } from './problems.ts';
import type { TrustFile } from './schema.ts';
import type { ContentTrust } from './types.ts';

type ContentTrustFile = NonNullable<TrustFile['authorities'][string]['contentTrust']>;

/**
 * Which root and which roles of Docker Content Trust an authority trusts.
 *
 * @throws TRUST_INVALID, TRUST_UNREADABLE
 */
export function readContentTrust(
  source: Source,
  at: Path,
  given: ContentTrustFile,
  files: TrustFiles,
): ContentTrust {
  const { server, roles, state } = given;
  try {
    if (server !== undefined) serverAddress(server);
    return {
      server: server ?? null,
      root: readPin(source, at, given, files),
      roles,
      state: state === undefined ? null : files.resolve(state),
    };
  } catch (cause) {
    if (!(cause instanceof PratiqueError) || !cause.code.startsWith('NOTARY_')) throw cause;
    const { expected, found } = cause;
    throw invalid(source, at, cause.message, {
      ...(expected === undefined ? {} : { expected }),
      ...(found === undefined ? {} : { found }),
      cause,
    });
  }
}

/** The schema has seen that there is exactly one. */
function readPin(
  source: Source,
  at: Path,
  { rootKeys, rootFile, rootAuthorities }: ContentTrustFile,
  files: TrustFiles,
): RootPin {
  if (rootKeys !== undefined) return pinOfKeys(rootKeys);
  const member = rootFile === undefined ? 'rootAuthorities' : 'rootFile';
  const bytes = readFile(source, [...at, member], rootFile ?? rootAuthorities!, files);
  return rootFile === undefined ? pinOfAuthorities(new TextDecoder().decode(bytes)) : { kind: 'root', bytes };
}
