import { type IdentityProvider, providerFailed } from './provider.ts';

/** Where Kubernetes projects a service account's token with the audience `sigstore` by Cosign's convention. */
const path = '/var/run/sigstore/cosign/oidc-token';

/** A token that somebody keeps fresh in a file. */
export const filesystem: IdentityProvider = {
  name: 'filesystem',
  isOffered: ({ exists }) => exists(path),
  async request({ readFile }) {
    const bytes = readFile(path);
    if (bytes === null) throw providerFailed('the file system', `${path} cannot be read`);
    return new TextDecoder().decode(bytes);
  },
};
