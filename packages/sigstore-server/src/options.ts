import type { WitnessPolicy } from '@pratique/crypto';
import type { IssuerConfiguration } from './oidc/issuers.ts';
import type { OutsideKeys } from './store/outside-keys.ts';

/** The transparency logs of a private Sigstore. */
export const logNames = ['rekor', 'rekor-v2', 'ctlog'] as const;
export type LogName = (typeof logNames)[number];

export interface SigstoreServerOptions {
  /** `HOST:PORT`; port 0 takes any free one. IPv6 hosts stand in brackets. */
  readonly listen: string;
  /** Where everything is kept; made when it is not there. */
  readonly directory: string;
  /**
   * The URL clients reach the server under, without a slash at the end, where that is another than the address it
   * listens on. It stands in tokens, certificates and trust files: one that changes makes the issuer another one.
   */
  readonly url?: string;
  /**
   * Names under which a server on loopback may be asked, besides those in `listen` and `url`, addresses and `localhost`: any
   * other `Host` is answered 421, since it may be the name of a web page (DNS rebinding).
   */
  readonly allowedHosts?: readonly string[];
  /** Encrypts the keys in the directory. Given at the first start, it is needed at every one after. */
  readonly passphrase?: string;
  /**
   * Keys that are elsewhere, in a token or a key service: of the certificate authority (`fulcio-root`, `fulcio`) and of the
   * timestamp authority (`tsa-root`, `tsa`), ECDSA or RSA; of the logs, ECDSA P-256 (`rekor`, `ctlog`; `rekor-v2` also
   * Ed25519). Given at the first start, or at the first after a rotation, each is needed at every one after, as long as it
   * is in use.
   */
  readonly outsideKeys?: OutsideKeys;
  /** E-mail addresses of those who get a secret for the embedded issuer, beyond those who have one. */
  readonly people?: readonly string[];
  /** Issuers elsewhere whose tokens get certificates. */
  readonly issuers?: IssuerConfiguration;
  /**
   * Writes (POST) that one client address may send a second, twice as many at once; no limit by default. Behind a proxy
   * all clients have the proxy’s address, and the limit belongs there.
   */
  readonly rateLimit?: number;
  /** Who is asked to cosign checkpoints; those without a URL are not. Nobody by default. */
  readonly witnesses?: WitnessPolicy;
  /**
   * Of which logs; by default of Rekor v2, whose entries then come back with the cosignatures. Those of the others are on
   * the checkpoints beside their tiles: what clients of Rekor v1 and RFC 6962 get has no place for them.
   */
  readonly witnessed?: readonly LogName[];
  /** One call a request: never with a token, a header or a query in it. */
  readonly log?: (entry: AccessLogEntry) => void;
}

export interface AccessLogEntry {
  readonly method: string;
  /** Without the query: print it with `printable`. */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  /** What went wrong inside the server, for answers of 500. */
  readonly fault?: unknown;
}

export interface SigstoreServer {
  readonly url: string;
  /** Stands in tokens and certificates as the issuer. */
  readonly issuer: string;
  /** Files with what the TUF repository publishes, for clients that take files. */
  readonly trustedRootFile: string;
  readonly signingConfigFile: string;
  /** The same with Rekor v2 in it. */
  readonly signingConfigRekorV2File: string;
  /**
   * What witnesses have to know of each log: its verifier keys (C2SP `signed-note`), those of now and those to come; after
   * its origin and a space where that is not the key’s name.
   */
  readonly logVerifierKeys: Readonly<Record<LogName, readonly string[]>>;
  /** The file with the secrets of the people. */
  readonly peopleFile: string;
  /** An identity token of the embedded issuer, for whoever runs the server inside a process. */
  issueToken(email: string): Promise<string>;
  /** Finishes the requests in flight, publishes the tiles, and gives the directory up. */
  close(): Promise<void>;
}
