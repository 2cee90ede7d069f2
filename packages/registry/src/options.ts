import { type Digest, maxManifestBytes } from '@pratique/oci';

/** Bounds on what one client can make the server hold or wait for. Sizes are bytes, times milliseconds. */
export interface RegistryLimits {
  /** Largest manifest, answered 413 beyond it. Default 4 MiB, which is also the most there can be. */
  readonly manifestBytes: number;
  /** Largest blob. Default 64 GiB. */
  readonly blobBytes: number;
  /** Connections at the same time; one more costs the address that has most of them one. Default 2048. */
  readonly connections: number;
  /**
   * Bytes that manifests that come and pieces of blobs that come or go may take in memory together, beyond the first 64
   * KiB of each: a manifest that goes beyond it is answered 429, a blob goes in smaller pieces. Default 128 MiB.
   */
  readonly memoryBytes: number;
  /** Uploads begun and not finished at any one time. Default 1000. */
  readonly openUploads: number;
  /** An upload nobody touched for this long is dropped with its bytes. Default 1 hour. */
  readonly uploadIdleMs: number;
  /** Time to send the request line and headers. Default 10 seconds. */
  readonly headersMs: number;
  /** A connection on which no byte moves for this long is closed. Default 60 seconds. */
  readonly idleMs: number;
  /** Time to send one whole request, body included. Default 1 hour. */
  readonly requestMs: number;
  /** How long `close()` waits for requests in flight before it cuts them. Default 10 seconds. */
  readonly closeMs: number;
}

export const defaultLimits: RegistryLimits = {
  manifestBytes: maxManifestBytes,
  blobBytes: 64 * 1024 ** 3,
  connections: 2048,
  memoryBytes: 128 * 1024 ** 2,
  openUploads: 1000,
  uploadIdleMs: 3_600_000,
  headersMs: 10_000,
  idleMs: 60_000,
  requestMs: 3_600_000,
  closeMs: 10_000,
};

/** One line of the access log. */
export interface AccessLogEntry {
  readonly method: string;
  /** Path and query as received: print it with `printable`. */
  readonly url: string;
  readonly status: number;
  readonly milliseconds: number;
  /** What went wrong inside the server, for answers of 500 and above. */
  readonly fault?: unknown;
}

/** A manifest that has just been stored durably. */
export interface PushEvent {
  readonly repository: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** The tags the push set; empty for a push by digest alone. */
  readonly tags: readonly string[];
}

export type RegistryAction = 'pull' | 'push' | 'delete' | 'list';

/** What an `Authenticator` is asked about one request. */
export interface AccessRequest {
  /** The `Authorization` header as received. Never log it. */
  readonly authorization: string | undefined;
  readonly action: RegistryAction;
  /** Absent for `/v2/` and `/v2/_catalog`. */
  readonly repository: string | undefined;
}

/** `unauthenticated` is answered 401 with the challenge, `denied` 403. */
export type AccessDecision = 'allowed' | 'unauthenticated' | 'denied';

export interface Authenticator {
  /** The `WWW-Authenticate` header: `Basic realm="…"`, or `Bearer realm="https://…/token",service="…"`. */
  readonly challenge: string;
  decide(request: AccessRequest): AccessDecision | Promise<AccessDecision>;
}

export interface RegistryOptions {
  /** `HOST:PORT`; port 0 takes any free one. IPv6 hosts stand in brackets. */
  readonly listen: string;
  /** Where the data lives. Without it the data is in a temporary directory that `close()` removes. */
  readonly directory?: string;
  /**
   * Names under which a server on loopback may be asked without TLS, besides that in `listen`, addresses and `localhost`: any
   * other `Host` is answered 421, since it may be the name of a web page (DNS rebinding).
   */
  readonly allowedHosts?: readonly string[];
  /** PEM. Without it the server speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly auth?: Authenticator;
  /** Answers everything that writes with 405. */
  readonly readOnly?: boolean;
  readonly limits?: Partial<RegistryLimits>;
  readonly onPush?: (event: PushEvent) => void;
  readonly log?: (entry: AccessLogEntry) => void;
}

/** What `collectGarbage` removed. */
export interface GarbageReport {
  readonly blobs: number;
  /** Disk space given back; a blob that other repositories still hold gives none. */
  readonly bytes: number;
  /** Repositories left as they are because a manifest in them could not be read. */
  readonly skipped: readonly string[];
}

export interface Registry {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** `127.0.0.1:5000`, as it stands before the first slash of an image reference. */
  readonly address: string;
  /**
   * Removes blobs that no manifest of their repository names and that nobody has asked about for `graceMs`
   * (default 1 hour). Safe while clients push: a push that raced it gets MANIFEST_BLOB_UNKNOWN, never a broken image.
   */
  collectGarbage(options?: { readonly graceMs?: number }): Promise<GarbageReport>;
  /** Finishes the requests in flight (at most `limits.closeMs`), then closes every connection. */
  close(): Promise<void>;
}
