/** What else is needed where a file is kept, though nothing in the file says so. */
export interface Rule {
  readonly name: string;
  /** Paths that set it off, relative to the root. */
  readonly when: RegExp;
  /** Paths to keep where they exist; `/**` at the end: with all below. `$1` stands for the first group of `when`. */
  readonly keep: readonly string[];
}

/** Where programs look for time zones. Kept whole for a program that names it: which zone it asks for is not known. */
export const timeZones = 'usr/share/zoneinfo';

const lib = '(?:usr/)?lib(?:64)?(?:/[\\w-]+-linux-\\w+)?';

/**
 * Files that programs find by convention: name service, certificates, time zones, and the libraries of interpreted
 * languages, of which no analysis can tell the parts that are used, so that they are kept whole.
 */
export const rules: readonly Rule[] = [
  {
    name: 'glibc: name service, locale, loader',
    when: new RegExp(`^(${lib})/libc\\.so\\.6$`),
    keep: [
      '$1/libnss_files.so.2',
      '$1/libnss_dns.so.2',
      '$1/libnss_compat.so.2',
      '$1/libresolv.so.2',
      'etc/nsswitch.conf',
      'etc/host.conf',
      'etc/gai.conf',
      'etc/ld.so.cache',
      'etc/ld.so.conf',
      'etc/ld.so.conf.d/**',
      'usr/lib/locale/C.utf8/**',
      'usr/lib/locale/C.UTF-8/**',
    ],
  },
  {
    name: 'conversion of character sets',
    when: /^(?:usr\/)?bin\/iconv$/,
    keep: ['usr/lib/x86_64-linux-gnu/gconv/**', 'usr/lib/aarch64-linux-gnu/gconv/**'],
  },
  {
    name: 'TLS: certificates, configuration, providers',
    when: new RegExp(`^(${lib})/lib(?:ssl|crypto|gnutls|nss3|mbedtls)\\.so(?:\\.[\\d.]+)?$`),
    keep: [
      'etc/ssl/**',
      'etc/pki/**',
      'etc/ca-certificates.conf',
      'usr/share/ca-certificates/**',
      'usr/local/share/ca-certificates/**',
      'usr/lib/ssl/**',
      '$1/ossl-modules/**',
      '$1/engines-3/**',
      '$1/engines-1.1/**',
      'etc/gnutls/**',
    ],
  },
  {
    name: 'Python: its whole library',
    when: /^usr(\/local)?\/bin\/python(\d)(?:\.\d+)?$/,
    keep: [
      'usr$1/lib/python3*/**',
      'usr/lib/python3*/**',
      'usr/share/python3*/**',
      'etc/python3*/**',
      `${timeZones}/**`,
    ],
  },
  {
    name: 'Perl: its whole library',
    when: /^usr(?:\/local)?\/bin\/perl(?:[\d.]+)?$/,
    keep: [
      'usr/lib/*/perl*/**',
      'usr/lib/perl*/**',
      'usr/share/perl*/**',
      'usr/local/lib/*/perl*/**',
      'usr/local/share/perl*/**',
      'usr/local/lib/perl*/**',
      'etc/perl/**',
    ],
  },
  {
    name: 'Ruby: its whole library',
    when: /^usr(?:\/local)?\/bin\/ruby(?:[\d.]+)?$/,
    keep: [
      'usr/lib/ruby/**',
      'usr/lib/*/ruby/**',
      'usr/local/lib/ruby/**',
      'usr/local/bundle/**',
      'usr/share/rubygems-integration/**',
      'var/lib/gems/**',
      `${timeZones}/**`,
    ],
  },
  {
    name: 'Node: its modules',
    when: /^usr(?:\/local)?\/bin\/node(?:js)?$/,
    keep: [
      'usr/lib/node_modules/**',
      'usr/local/lib/node_modules/**',
      'usr/share/nodejs/**',
      'usr/share/node_modules/**',
    ],
  },
  {
    name: 'Java: the whole runtime',
    when: /^(.+)\/(?:jre\/)?bin\/java$/,
    keep: ['$1/**', 'etc/java*/**', 'usr/share/java/**'],
  },
  {
    name: 'nginx: modules, configuration, places it writes to',
    when: /^usr\/sbin\/nginx$/,
    keep: [
      'etc/nginx/**',
      'usr/lib/nginx/**',
      'usr/share/nginx/**',
      'var/lib/nginx/**',
      'var/log/nginx',
      'var/www/**',
    ],
  },
];

/** What every image keeps: names of users, times, releases, and places that must be there. */
export const always: readonly string[] = [
  'etc/passwd',
  'etc/group',
  'etc/shadow',
  'etc/gshadow',
  'etc/os-release',
  'usr/lib/os-release',
  'etc/debian_version',
  'etc/alpine-release',
  'etc/hosts',
  'etc/hostname',
  'etc/resolv.conf',
  'etc/protocols',
  'etc/services',
  'etc/localtime',
  'etc/timezone',
  'etc/mime.types',
  'tmp',
  'run',
  'var/tmp',
  'var/run',
  'root',
  'home',
  'dev',
  'proc',
  'sys',
];
