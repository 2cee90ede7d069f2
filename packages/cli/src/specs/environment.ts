/** A variable that commands honour. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly does: string;
  readonly expects: string;
  readonly sensitive?: boolean;
}

/** Variables of cosign, docker and others that are honoured here. Every flag has one as well: PRATIQUE_<FLAG>. */
export const environmentVariables: readonly EnvironmentVariable[] = [
  {
    name: 'COSIGN_PASSWORD',
    does: 'opens and protects private key files',
    expects: 'a password',
    sensitive: true,
  },
  {
    name: 'COSIGN_REPOSITORY',
    does: 'is where signatures are kept, instead of beside the image',
    expects: 'a repository',
  },
  {
    name: 'COSIGN_DOCKER_MEDIA_TYPES',
    does: 'has tags of signatures begin as images of Docker’s media types, for registries without those of OCI',
    expects: '1 or true',
  },
  {
    name: 'COSIGN_MAX_ATTACHMENT_SIZE',
    does: 'is how much of one signature or attestation is read; larger ones are passed over',
    expects: 'a size, such as 128MiB; else 32MiB',
  },
  { name: 'SIGSTORE_ID_TOKEN', does: 'says who signs', expects: 'an OpenID Connect token', sensitive: true },
  {
    name: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    does: 'asks GitHub for a token that says who signs',
    expects: 'set by GitHub Actions',
    sensitive: true,
  },
  {
    name: 'ACTIONS_ID_TOKEN_REQUEST_URL',
    does: 'is where GitHub is asked for that token',
    expects: 'set by GitHub Actions',
  },
  {
    name: 'BUILDKITE_AGENT_ACCESS_TOKEN',
    does: 'asks Buildkite for a token that says who signs',
    expects: 'set by the Buildkite agent',
    sensitive: true,
  },
  {
    name: 'BUILDKITE_JOB_ID',
    does: 'is the job that the token of Buildkite is for',
    expects: 'set by the Buildkite agent',
  },
  {
    name: 'BUILDKITE_AGENT_ENDPOINT',
    does: 'is where Buildkite is asked for that token',
    expects: 'a URL; else https://agent.buildkite.com/v3',
  },
  {
    name: 'SPIFFE_ENDPOINT_SOCKET',
    does: 'is where SPIFFE gives a token that says who signs',
    expects: 'unix:///PATH, or a path',
  },
  {
    name: 'GOOGLE_SERVICE_ACCOUNT_NAME',
    does: 'is the service account that signs, on Google Cloud',
    expects: 'an e-mail address',
  },
  {
    name: 'GCE_METADATA_HOST',
    does: 'is the metadata server that gives a token on Google Cloud',
    expects: 'a host; else that of the machine',
  },
  {
    name: 'COSIGN_PKCS11_MODULE_PATH',
    does: 'is the module of pkcs11: keys whose URI names none',
    expects: 'a file',
  },
  {
    name: 'COSIGN_PKCS11_PIN',
    does: 'opens the token of pkcs11: keys',
    expects: 'a PIN',
    sensitive: true,
  },
  {
    name: 'PRATIQUE_PIV_PIN',
    does: 'opens the PIV token of --sk and piv: keys',
    expects: 'a PIN',
    sensitive: true,
  },
  {
    name: 'PCSCLITE_CSOCK_NAME',
    does: 'is where pcscd is, which speaks with PIV tokens',
    expects: 'a socket; else /run/pcscd/pcscd.comm',
  },
  {
    name: 'KUBECONFIG',
    does: 'says which cluster k8s:// keys are in',
    expects: 'a file; else ~/.kube/config, or the Pod’s own',
  },
  {
    name: 'VAULT_ADDR',
    does: 'is where hashivault:// keys are',
    expects: 'a URL; else BAO_ADDR',
  },
  {
    name: 'VAULT_TOKEN',
    does: 'lets hashivault:// keys be used',
    expects: 'a token; else BAO_TOKEN, else in ~/.vault-token',
    sensitive: true,
  },
  { name: 'VAULT_NAMESPACE', does: 'is the namespace of hashivault:// keys', expects: 'a path' },
  {
    name: 'VAULT_KEY_PREFIX',
    does: 'is the version of hashivault:// keys to verify with',
    expects: 'vault:v2: for version 2; else the newest',
  },
  {
    name: 'VAULT_CACERT',
    does: 'says which certificates Vault may have',
    expects: 'a file of PEM certificates',
  },
  {
    name: 'VAULT_CLIENT_CERT',
    does: 'is shown to Vault, with VAULT_CLIENT_KEY',
    expects: 'a file with a PEM certificate',
  },
  {
    name: 'VAULT_CLIENT_KEY',
    does: 'is the key of VAULT_CLIENT_CERT',
    expects: 'a file with a PEM private key',
  },
  {
    name: 'VAULT_TLS_SERVER_NAME',
    does: 'is the name that Vault’s certificate must be for',
    expects: 'a host name; else that of VAULT_ADDR',
  },
  {
    name: 'TRANSIT_SECRET_ENGINE_PATH',
    does: 'is where Vault’s transit engine is mounted',
    expects: 'a path; else transit',
  },
  {
    name: 'AWS_REGION',
    does: 'is where awskms:// keys are that are not named by an ARN',
    expects: 'a region; else AWS_DEFAULT_REGION, or that of the profile',
  },
  {
    name: 'AWS_PROFILE',
    does: 'names who uses awskms:// keys, in ~/.aws/config and ~/.aws/credentials',
    expects: 'a profile; else default',
  },
  {
    name: 'AWS_ACCESS_KEY_ID',
    does: 'says who uses awskms:// keys, before AWS_PROFILE',
    expects:
      'an access key ID; else AWS_WEB_IDENTITY_TOKEN_FILE, a profile, or what AWS gives containers and machines',
  },
  {
    name: 'AWS_SECRET_ACCESS_KEY',
    does: 'lets awskms:// keys be used',
    expects: 'a secret access key',
    sensitive: true,
  },
  {
    name: 'AWS_SESSION_TOKEN',
    does: 'lets awskms:// keys be used, with credentials for some time',
    expects: 'a token',
    sensitive: true,
  },
  {
    name: 'AWS_ENDPOINT_URL_KMS',
    does: 'is where AWS KMS is, instead of in the region',
    expects: 'a URL; else AWS_ENDPOINT_URL',
  },
  {
    name: 'GOOGLE_APPLICATION_CREDENTIALS',
    does: 'holds the credentials for gcpkms:// keys',
    expects: 'a file; else that of gcloud auth application-default login, or what Google gives machines',
  },
  { name: 'AZURE_TENANT_ID', does: 'is where who uses azurekms:// keys logs in', expects: 'a tenant' },
  {
    name: 'AZURE_CLIENT_ID',
    does: 'says who uses azurekms:// keys',
    expects: 'the ID of an application or of a managed identity',
  },
  {
    name: 'AZURE_CLIENT_SECRET',
    does: 'lets azurekms:// keys be used',
    expects: 'a secret; else AZURE_FEDERATED_TOKEN_FILE, or a managed identity',
    sensitive: true,
  },
  {
    name: 'GITLAB_TOKEN',
    does: 'lets gitlab:// keys be made and used',
    expects: 'an access token with the scope api',
    sensitive: true,
  },
  { name: 'GITLAB_HOST', does: 'is where gitlab:// keys are', expects: 'a URL; else https://gitlab.com' },
  {
    name: 'GITHUB_TOKEN',
    does: 'lets key pairs be made in secrets of GitHub',
    expects: 'an access token that may write secrets of Actions',
    sensitive: true,
  },
  {
    name: 'GITHUB_HOST',
    does: 'is where github:// is',
    expects: 'the URL of an Enterprise server; else github.com',
  },
  {
    name: 'TUF_ROOT',
    does: 'is where trusted roots are kept',
    expects: 'a directory; else ~/.sigstore/root',
  },
  { name: 'TUF_MIRROR', does: 'is the TUF repository of the Sigstore in use', expects: 'a URL' },
  { name: 'TUF_ROOT_JSON', does: 'is the root that TUF_MIRROR is believed on', expects: 'a file' },
  {
    name: 'SIGSTORE_ROOT_FILE',
    does: 'names the certificate authorities of signers, where --trusted-root is not given',
    expects: 'a file of PEM certificates',
  },
  {
    name: 'SIGSTORE_CT_LOG_PUBLIC_KEY_FILE',
    does: 'names the certificate log, where --trusted-root is not given',
    expects: 'a file with a public key',
  },
  {
    name: 'SIGSTORE_REKOR_PUBLIC_KEY',
    does: 'names the transparency log, where --trusted-root is not given',
    expects: 'a file with a public key',
  },
  {
    name: 'SIGSTORE_TSA_CERTIFICATE_FILE',
    does: 'names the timestamp authority, where --trusted-root is not given',
    expects: 'a file of PEM certificates',
  },
  { name: 'DOCKER_CONFIG', does: 'holds credentials for registries', expects: 'a directory; else ~/.docker' },
  {
    name: 'REGISTRY_AUTH_FILE',
    does: 'holds credentials for registries, before DOCKER_CONFIG',
    expects: 'a file',
  },
  { name: 'HTTPS_PROXY', does: 'is the proxy for https', expects: 'a URL', sensitive: true },
  { name: 'HTTP_PROXY', does: 'is the proxy for plain http', expects: 'a URL', sensitive: true },
  { name: 'NO_PROXY', does: 'names hosts that are reached without a proxy', expects: 'a list of hosts' },
  {
    name: 'SOURCE_DATE_EPOCH',
    does: 'is the time that is written where one is',
    expects: 'seconds since 1970',
  },
  {
    name: 'PRATIQUE_CACHE',
    does: 'is where what can be had again is kept: layers, advisories, policies',
    expects: 'a directory; else pratique in XDG_CACHE_HOME or ~/.cache',
  },
  { name: 'NO_COLOR', does: 'switches colours off', expects: 'anything' },
];
