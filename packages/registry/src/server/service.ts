import type { DigestAlgorithm } from '@pratique/oci';
import type { ByteBudget, HostCheck } from '@pratique/storage';
import { ApiError } from '../api-error.ts';
import type { PushEvent, RegistryLimits } from '../options.ts';
import type { Store } from '../store/store.ts';
import { Upload } from '../store/upload.ts';

/** What the endpoints share. */
export interface Service {
  readonly store: Store;
  readonly limits: RegistryLimits;
  readonly uploads: Uploads;
  readonly memory: ByteBudget;
  readonly onPush: ((event: PushEvent) => void) | undefined;
  /** Requests being worked on; the directory is not given up before they are done. */
  readonly running: Set<Promise<void>>;
  /** Under which names it may be asked. */
  readonly mayBeCalled: HostCheck;
  /** With access control a client must not reach blobs of repositories it cannot name. */
  readonly hasAccessControl: boolean;
}

/** The uploads under way. Bounded in number and in idle time: each holds a file and a descriptor. */
export class Uploads {
  readonly #directory: string;
  readonly #limits: RegistryLimits;
  readonly #memory: ByteBudget;
  readonly #open = new Map<string, Upload>();
  /** Those whose files are being made. */
  #beginning = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(directory: string, limits: RegistryLimits, memory: ByteBudget) {
    this.#directory = directory;
    this.#limits = limits;
    this.#memory = memory;
    this.#timer = setInterval(
      () => this.#dropIdle(limits.uploadIdleMs),
      Math.min(60_000, limits.uploadIdleMs),
    ).unref();
  }

  async begin(repository: string, algorithm?: DigestAlgorithm): Promise<Upload> {
    const isFull = () => this.#open.size + this.#beginning >= this.#limits.openUploads;
    if (isFull()) this.#dropIdle(Math.min(60_000, this.#limits.uploadIdleMs));
    if (isFull()) {
      throw new ApiError(429, 'TOOMANYREQUESTS', 'too many uploads are under way', [], {
        'Retry-After': '5',
      });
    }
    this.#beginning++;
    try {
      const upload = await Upload.begin(this.#directory, repository, this.#memory, algorithm);
      this.#open.set(upload.id, upload);
      return upload;
    } finally {
      this.#beginning--;
    }
  }

  /** The upload with this id, if it was begun in this repository. */
  find(repository: string, id: string): Upload {
    const upload = this.#open.get(id);
    if (upload === undefined || upload.repository !== repository) {
      throw new ApiError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    }
    return upload;
  }

  forget(upload: Upload): void {
    this.#open.delete(upload.id);
  }

  async drop(upload: Upload): Promise<void> {
    this.forget(upload);
    await upload.discard();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#open.values()].map((upload) => this.drop(upload)));
  }

  #dropIdle(idleMs: number): void {
    const oldest = performance.now() - idleMs;
    for (const upload of this.#open.values()) {
      if (!upload.busy && upload.touched < oldest) void this.drop(upload);
    }
  }
}
