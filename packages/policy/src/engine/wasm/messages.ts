/** What the thread is started with. */
export interface ThreadData {
  readonly wasm: Uint8Array;
  /** `data`, as JSON text. */
  readonly data: string;
  /** Pages of 64 KiB. */
  readonly maxPages: number;
}

export interface Question {
  readonly id: number;
  readonly entrypoints: readonly string[];
  /** `input`, as JSON text. */
  readonly input: string;
}

/** The value of one entry point as JSON text, null where it is undefined; or why there is none. */
export type EntrypointAnswer = { readonly value: string | null } | { readonly error: string };

/** What the thread says: first that it is ready (or never will be), then one answer for each question. */
export type Report =
  | { readonly kind: 'ready'; readonly entrypoints: readonly string[] }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answers: readonly EntrypointAnswer[] };
