import {
  createRegistryClient,
  type Digest,
  formatReference,
  kubernetesKeychain,
  parseReference,
  type Reference,
  type RegistryClient,
  type RegistryOptions,
  type RegistryRepository,
} from '@pratique/oci';
import type { NotaryAccess } from '@pratique/policy';
import { cliErrors } from '../errors.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { readAuthorities, readKeyPair } from '../program/tls-files.ts';
import type { registryFlags } from '../specs/shared.ts';

export type RegistryFlags = FlagValues<typeof registryFlags>;

/** The credentials that the `--registry-…` flags name; empty where they are in Docker's and Podman's files. */
function registryCredentials(
  flags: RegistryFlags,
  terminal: Terminal,
): Pick<RegistryOptions, 'credentials' | 'keychain'> {
  const username = flags['registry-username'];
  const password = flags['registry-password'];
  const token = flags['registry-token'];
  if ((username === undefined) !== (password === undefined)) {
    throw cliErrors.error('USAGE', {
      message: 'a user name and a password go together',
      expected: '--registry-username and --registry-password',
      found: username === undefined ? 'only --registry-password' : 'only --registry-username',
    });
  }
  if (token !== undefined) return { credentials: { registryToken: token } };
  if (username !== undefined && password !== undefined) return { credentials: { username, password } };
  return flags['k8s-keychain'] ? { keychain: kubernetesKeychain(terminal.env) } : {};
}

/** The registry client that the `--registry-…` flags ask for. */
export function openClient(flags: RegistryFlags, terminal: Terminal): RegistryClient {
  const credentials = registryCredentials(flags, terminal);
  const caFile = flags['registry-cacert'];
  const serverName = flags['registry-server-name'];
  const clientCertificate = readKeyPair(
    { cert: flags['registry-client-cert'], key: flags['registry-client-key'] },
    { cert: 'registry-client-cert', key: 'registry-client-key' },
    terminal,
  );
  return createRegistryClient({
    ...credentials,
    allowHttp: flags['allow-http-registry'],
    insecure: flags['allow-insecure-registry'],
    ...(caFile === undefined ? {} : { ca: readAuthorities(caFile, terminal) }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(serverName === undefined ? {} : { serverName }),
    environment: { ...terminal.env },
  });
}

/** How a Notary server is reached: it takes the credentials of the registry, and its certificate is of the same authorities. */
export function notaryAccess(flags: RegistryFlags, terminal: Terminal): NotaryAccess {
  const { credentials, keychain } = registryCredentials(flags, terminal);
  const ca = flags['registry-cacert'];
  return {
    environment: { ...terminal.env },
    keychain: credentials === undefined ? keychain : { resolve: async () => credentials },
    ca: ca === undefined ? undefined : readAuthorities(ca, terminal),
  };
}

/** An image on a registry as a command names it. */
export interface NamedImage {
  readonly reference: Reference;
  readonly repository: RegistryRepository;
  /** Tag or digest to ask the registry for. */
  readonly version: string;
  /** Where its signatures are: COSIGN_REPOSITORY, else beside it. */
  readonly signatures: RegistryRepository;
}

/** Opens the repository of an image reference; without tag and digest it is `latest`, as everywhere. */
export function openImage(client: RegistryClient, text: string, terminal: Terminal): NamedImage {
  const reference = parseReference(text);
  const repository = client.repository(reference);
  const elsewhere = terminal.env['COSIGN_REPOSITORY'];
  return {
    reference,
    repository,
    version: reference.digest ?? reference.tag ?? 'latest',
    signatures: elsewhere ? client.repository(parseReference(elsewhere)) : repository,
  };
}

/** The digest that an image has: the one it is named by, of which nobody is asked, or that of its tag. */
export async function digestOf(
  { reference, repository, version }: NamedImage,
  signal: AbortSignal,
): Promise<Digest> {
  return reference.digest ?? (await repository.resolve(version, { signal })).digest;
}

/** `registry/repository@digest`: the name that cannot move. */
export function pinned(reference: Reference, digest: Reference['digest']): string {
  const { registry, repository } = reference;
  return formatReference({ registry, repository, ...(digest === undefined ? {} : { digest }) });
}
