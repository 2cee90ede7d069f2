import { readServiceAccount } from '@pratique/oci';
import { keysErrors } from '../errors.ts';
import { type KeyService, openKeyService } from '../http/service.ts';
import type { KeyContext } from '../managed-key.ts';
import { readKubeconfig } from './kubeconfig.ts';

/** What the API server is called in messages. */
export const kubernetes = 'Kubernetes';

/**
 * Connects to the API server: by the kubeconfig where there is one, as kubectl and cosign do, else as the service account
 * of the Pod this runs in.
 *
 * @throws KEY_SERVICE_CONFIG, OCI_CREDENTIALS_UNREADABLE
 */
export async function connectKubernetes({ environment, signal }: KeyContext): Promise<KeyService> {
  const access = readKubeconfig(environment) ?? (await inCluster(environment));
  const { token, ca, clientCertificate, serverName } = access;
  return openKeyService({
    name: kubernetes,
    url: access.url,
    authorization:
      token === undefined
        ? { headers: {}, secrets: [] }
        : { headers: { authorization: `Bearer ${token}` }, secrets: [token] },
    connection: {
      // A cluster's authority alone: the token must not reach whoever has some other certificate for that address.
      ...(ca === undefined ? {} : { ca, onlyCa: true }),
      ...(clientCertificate === undefined ? {} : { clientCertificate }),
      ...(serverName === undefined ? {} : { serverName }),
    },
    environment,
    signal,
    answers: [404, 409],
  });
}

async function inCluster(environment: NodeJS.ProcessEnv) {
  if (!environment['KUBERNETES_SERVICE_HOST']) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message:
        'it is not said which cluster is meant: there is no kubeconfig, and this does not run in a cluster',
      expected: 'KUBECONFIG, or ~/.kube/config',
    });
  }
  const account = await readServiceAccount(environment);
  return { ...account, clientCertificate: undefined, serverName: undefined };
}
