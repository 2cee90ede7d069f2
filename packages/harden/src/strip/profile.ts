/** How far a strip goes. `keep-shell` leaves shells; `minimal` does not; `distroless` also takes what the distribution holds essential. */
export type Profile = 'keep-shell' | 'minimal' | 'distroless';

export const profiles = ['keep-shell', 'minimal', 'distroless'] as const satisfies readonly Profile[];

/** Kinds of packages that an image is better without, by the names distributions give them. */
const kinds: Readonly<Record<string, RegExp>> = {
  'package manager':
    /^(apt|apt-utils|aptitude|dpkg|dpkg-dev|debconf.*|libapt-.*|libapt-inst.*|gpgv|gnupg.*|debian-archive-keyring|ubuntu-keyring|apk-tools|alpine-keys|rpm(-.*)?|python3-rpm|dnf5?|(dnf5?|yum)-.*|python3-(dnf|libdnf|hawkey).*|libdnf.*|microdnf|yum|tdnf|zypper|libzypp|libsolv|librepo|librhsm|libmodulemd|subscription-manager.*|(fedora|redhat|centos-stream|centos|rocky|almalinux|oraclelinux|openEuler|azurelinux|mariner)-(repos.*|gpg-keys)|adduser|usrmerge|sqv|sensible-utils|e2fsprogs|logsave|mount|sysvinit-utils|init-system-helpers|ucf)$/,
  'network tool':
    /^(curl|curl-minimal|wget|wget2.*|nmap-ncat|bind-utils|iputils|iproute(-.*)?|openssh|netcat.*|nc|socat|telnet|inetutils-.*|iputils-.*|iproute2|net-tools|openssh-.*|rsync|tcpdump|nmap|dnsutils|bind9-.*|ssl_client)$/,
  compiler:
    /^(gcc(-[\d.]+)?|g\+\+(-[\d.]+)?|cpp(-[\d.]+)?|clang.*|make|binutils.*|build-essential|linux-libc-dev|libc6-dev|libc-dev-bin|perl-modules-.*-dev|gcc-c\+\+|kernel-headers|glibc-headers.*|.*-dev|.*-devel)$/,
  shell: /^(bash|dash|busybox.*|zsh|ksh|mksh|fish|tcsh|csh)$/,
};

/** Why a profile does not want a package, whatever depends on it; null where it has nothing against it. */
export function unwanted(name: string, profile: Profile): string | null {
  for (const [kind, names] of Object.entries(kinds)) {
    if (kind === 'shell' && profile === 'keep-shell') continue;
    if (names.test(name)) return kind;
  }
  return null;
}

/** Files that no program needs, wherever they come from. Paths relative to the root. */
const junk: readonly (readonly [kind: string, path: RegExp])[] = [
  ['documentation', /^usr\/(?:local\/)?share\/(?:man|info|lintian|doc-base|linda|bug|gtk-doc|help)\//],
  ['documentation', /^usr\/(?:local\/)?share\/doc\/(?!.*\/copyright$)/],
  ['translation', /^usr\/(?:local\/)?share\/locale\//],
  ['cache', /^var\/cache\/|^var\/lib\/apt\/lists\/|^root\/\.cache\/|^home\/[^/]+\/\.cache\//],
  ['cache', /^var\/lib\/dpkg\/(?:available|status|diversions|statoverride)-old$|^var\/cache\/debconf\//],
  ['log', /^var\/log\/.+/],
  ['temporary file', /^(?:var\/)?tmp\/.+/],
  ['compiled Python', /^usr\/.*\/__pycache__\//],
  ['key of a host', /^etc\/ssh\/ssh_host_.*_key(?:\.pub)?$/],
  ['identity of a machine', /^(?:etc|var\/lib\/dbus)\/machine-id$/],
];

/** What kind of file that no program needs a path is; null for all others. */
export function junkKind(path: string): string | null {
  return junk.find(([, pattern]) => pattern.test(path))?.[0] ?? null;
}
