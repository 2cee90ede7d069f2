import { join } from 'node:path';
import { replaceFile } from '@pratique/storage';
import { type Target, type TufRepository, type TufRole, tufRoles } from './repository.ts';

const renewEveryMs = 3_600_000;
/** Also beside the repository, for verifiers that take files. */
const files = ['trusted_root.json', 'signing_config.v0.2.json', 'signing_config_rekor_v2.v0.2.json'];

/** Keeps what a data directory publishes up to date: now, and every hour as long as it is open. */
export class Publication {
  /** Why the last renewal failed; the repository is as it was, and good until it expires. */
  fault: Error | undefined;
  readonly #repository: TufRepository;
  readonly #directory: string;
  readonly #targets: (now: Date) => Record<string, Target>;
  readonly #timer: NodeJS.Timeout;

  /** @throws what the first publication throws */
  constructor(repository: TufRepository, directory: string, targets: (now: Date) => Record<string, Target>) {
    this.#repository = repository;
    this.#directory = directory;
    this.#targets = targets;
    this.#publish(new Date());
    this.#timer = setInterval(() => this.renew(new Date()), renewEveryMs).unref();
  }

  /** Signs anew what gets old. A failure is remembered, not thrown: the next hour may be better. */
  renew(now: Date): void {
    try {
      this.#publish(now);
      this.fault = undefined;
    } catch (error) {
      this.fault = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** When each role’s metadata expires, if it is not renewed before. */
  get expiries(): Readonly<Record<TufRole, Date>> {
    const entries = tufRoles.map((role) => [role, this.#repository.expiry(role)] as const);
    return Object.fromEntries(entries) as Record<TufRole, Date>;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #publish(now: Date): void {
    const targets = this.#targets(now);
    this.#repository.publish(targets, now);
    for (const name of files) replaceFile(join(this.#directory, name), targets[name]!.content);
  }
}
