/** What a registry or its token service accepts. At most one way is used: `registryToken`, then `identityToken`, then name and password. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  /** OAuth2 refresh token, exchanged at the token service. */
  readonly identityToken?: string;
  /** Bearer token, sent to the registry as it is. */
  readonly registryToken?: string;
}

/** Finds credentials. */
export interface Keychain {
  /**
   * @param registry host with port, `index.docker.io` for Docker Hub
   * @param repository path, so that repositories of one registry can have different credentials
   * @returns undefined for anonymous access
   * @throws OCI_CREDENTIALS_UNREADABLE
   */
  resolve(registry: string, repository: string): Promise<Credentials | undefined>;
}

/** No credentials, ever. */
export const anonymous: Keychain = { resolve: async () => undefined };
