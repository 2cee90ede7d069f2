import { isPlaceholder } from '../placeholder.ts';
import { inAnyCase, type SecretRule, words } from '../rule.ts';

/** Between a name and its value: `=`, `:` and what programs, YAML, JSON and shells write for them. */
const assigned = String.raw`["']?\s{0,4}(?:=>|:=|[=:])\s{0,4}["']?`;

/** Passwords in examples and on machines of developers. */
const everybodys =
  /^(?:my[_-]?)?(?:secret[_-]?)?(?:pass(?:w(?:or)?d)?|pw|pwd|secret|postgres|root|admin|user|mysql|guest|foo|bar|test)\d{0,4}$|^\.+$/i;

/** Secrets of clouds that tell what they are by their name, or by what is in the middle of them. */
export const cloudRules: readonly SecretRule[] = [
  {
    id: 'aws-secret-access-key',
    title: 'AWS secret access key',
    severity: 'critical',
    words: inAnyCase(
      'secret_access_key',
      'secretaccesskey',
      'secret_key',
      'secretkey',
      'secret-access-key',
      'aws_secret',
      'aws_sec_key',
    ),
    pattern: new RegExp(
      `(?:aws.{0,20})?sec(?:ret)?[_-]?(?:access)?[_-]?key${assigned}(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])`,
      'gi',
    ),
    before: 32,
    // Forty characters of base64 have letters of both cases; hexadecimal ones are the hash of something.
    isGenuine: (secret) =>
      /[A-Z]/.test(secret) && /[a-z]/.test(secret) && /[\d+/]/.test(secret) && !/EXAMPLE/.test(secret),
  },
  {
    id: 'azure-storage-account-key',
    title: 'key of an Azure storage account',
    severity: 'critical',
    words: inAnyCase('accountkey'),
    pattern: /AccountKey\s{0,4}=\s{0,4}(?<secret>[A-Za-z0-9+/]{86}==)/iy,
  },
  {
    id: 'azure-sas-token',
    title: 'Azure shared access signature',
    severity: 'high',
    words: words('sig=', 'sv=2'),
    pattern:
      /sv=\d{4}-\d{2}-\d{2}(?:[&;][a-z]{1,8}=[^&;\s'"]{0,120}){1,12}?[&;]sig=(?<secret>[A-Za-z0-9%+/=]{40,120})/g,
    before: 400,
    after: 512,
  },
  {
    id: 'azure-entra-client-secret',
    title: 'client secret of Microsoft Entra',
    severity: 'critical',
    words: words('7Q~', '8Q~'),
    pattern: /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/g,
    before: 8,
  },
  {
    id: 'azure-service-key',
    title: 'key of an Azure service',
    severity: 'critical',
    words: words('JQQJ99'),
    // 84 characters in which Microsoft's identifiable keys name their kind, after 52 that are random.
    pattern: /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{52}JQQJ99[A-Za-z0-9+/]{26}(?![A-Za-z0-9+/])/g,
    before: 64,
    inBinaries: true,
  },
  {
    id: 'azure-devops-pat',
    title: 'personal access token of Azure DevOps',
    severity: 'critical',
    words: inAnyCase('azure_devops', 'azuredevops', 'azure-devops', 'ado_pat', 'ado_token', 'ado-pat'),
    pattern: new RegExp(
      `(?:azure[_-]?devops|ado)[_-]?(?:pat|token|personal.?access.?token)${assigned}(?<secret>[a-z2-7]{52})(?![a-z0-9])`,
      'iy',
    ),
  },
  {
    id: 'azure-container-registry-password',
    title: 'password of an Azure container registry',
    severity: 'critical',
    words: inAnyCase('azurecr.io'),
    pattern: new RegExp(
      `azurecr\\.io[^\\n]{0,100}(?:password|pwd)${assigned}(?<secret>[A-Za-z0-9+/]{32})(?![A-Za-z0-9+/])`,
      'iy',
    ),
  },
  {
    id: 'azure-app-config-connection-string',
    title: 'connection string of Azure App Configuration',
    severity: 'high',
    words: inAnyCase('.azconfig.io'),
    pattern:
      /\.azconfig\.io\s{0,4};\s{0,4}Id\s{0,4}=\s{0,4}[A-Za-z0-9+/=:-]{1,80}\s{0,4};\s{0,4}Secret\s{0,4}=\s{0,4}(?<secret>[A-Za-z0-9+/=~]{32,88})/iy,
  },
  {
    id: 'docker-config',
    title: 'credentials of Docker in a manifest of Kubernetes',
    severity: 'high',
    words: inAnyCase('.dockerconfigjson', '.dockercfg'),
    pattern:
      /\.docker(?:configjson|cfg)["']?:\s{0,4}[|>]?-?\s{0,8}["']?(?<secret>e[wy][A-Za-z0-9+/=]{16,2000})/iy,
    after: 2100,
  },
  {
    id: 'database-url',
    title: 'address of a database with a password in it',
    severity: 'medium',
    words: words(
      'postgres://',
      'postgresql://',
      'mysql://',
      'mariadb://',
      'mongodb://',
      'mongodb+srv://',
      'redis://',
      'rediss://',
      'amqp://',
      'amqps://',
    ),
    pattern:
      /[a-z+]{4,12}:\/\/[^\s:/@"'`<>$%{}]{0,60}:(?<secret>[^\s:/@"'`<>$%{}]{4,100})@[A-Za-z0-9.-]{1,200}/y,
    isGenuine: (secret) => !isPlaceholder(secret) && !everybodys.test(secret),
  },
  {
    id: 'maven-settings-password',
    title: "password in Maven's settings",
    severity: 'medium',
    words: inAnyCase('<password>', '<passphrase>', '<master>'),
    pattern: /<(password|passphrase|master)>\s{0,40}(?<secret>[^<\s{$][^<{]{1,200}?)\s{0,40}<\/\1>/iy,
    path: /(?:^|\/)settings(?:-security)?\.xml$/,
  },
];
