/** Where the trust data of one repository is. Nothing it hands out is believed. */
export interface TrustSource {
  /** For messages: the address of the server. */
  readonly name: string;
  /** `root.json`, `2.root.json`, `targets/releases.<sha256>.json`; undefined where the server says that there is none. */
  fetch(file: string, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}
