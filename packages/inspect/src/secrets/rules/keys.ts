import { inAnyCase, type SecretRule, words } from '../rule.ts';

/** The first line of a key's text, with what is before it: line breaks as they are, or as programs and JSON write them. */
const body =
  /(?:\\+[nr]|["'+\s,])*(?:[A-Za-z-]{1,30}: [^\n\\]{1,100}(?:\\+[nr]|\n)(?:\\+[nr]|["'+\s,])*){0,6}(?<secret>[A-Za-z0-9+/]{48})/;

const pem = (label: string): RegExp => new RegExp(`-----BEGIN ${label}-----${body.source}`, 'y');

/** Random bytes, but for a header that every key of its kind has: what is the same all over is none. */
const isKeyText = (text: string): boolean => new Set(text).size >= 8;

/** Private keys, by how they are written down (RFC 7468, RFC 1421, RFC 9580, OpenSSH's PROTOCOL.key, age). */
export const keyRules: readonly SecretRule[] = [
  {
    id: 'private-key',
    title: 'private key',
    severity: 'high',
    words: words('-----BEGIN '),
    pattern: pem(
      '(?!ENCRYPTED )(?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?(?!-----\\s*Proc-Type: 4,ENCRYPTED)',
    ),
    after: 1024,
    isGenuine: isKeyText,
  },
  {
    id: 'private-key-encrypted',
    title: 'private key that is encrypted with a password',
    severity: 'medium',
    words: words('-----BEGIN '),
    pattern: pem(
      '(?:ENCRYPTED (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY|(?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?=-----\\s*Proc-Type: 4,ENCRYPTED))',
    ),
    after: 1024,
    isGenuine: isKeyText,
  },
  {
    id: 'age-secret-key',
    title: 'secret key of age',
    severity: 'high',
    words: words('AGE-SECRET-KEY-1', 'AGE-SECRET-KEY-PQ-1'),
    pattern: /AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58}(?![0-9A-Z])/y,
    inBinaries: true,
  },
  {
    id: 'putty-private-key',
    title: 'private key of PuTTY',
    severity: 'high',
    words: words('PuTTY-User-Key-File-'),
    pattern:
      /PuTTY-User-Key-File-[23]: [^\n]{1,80}\n[\s\S]{1,3000}?Private-Lines: \d+\r?\n(?<secret>[A-Za-z0-9+/]{32})/y,
    after: 4096,
  },
  {
    id: 'gcp-service-account',
    title: 'key file of a Google Cloud service account',
    severity: 'critical',
    words: inAnyCase('service_account'),
    pattern:
      /"type"\s{0,4}:\s{0,4}"service_account"[\s\S]{1,900}?"private_key"\s{0,4}:\s{0,4}"(?<secret>-----BEGIN [A-Z ]{0,12}PRIVATE KEY-----\\n[A-Za-z0-9+/]{48})/g,
    before: 32,
    after: 1200,
    isGenuine: isKeyText,
  },
];
