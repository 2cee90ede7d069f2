import type { FileSystem } from '../filesystem/types.ts';
import type { ImageConfig } from '../image/config.ts';

/** How much a failed check matters, worst first. */
export const checkSeverities = ['high', 'medium', 'low'] as const;
export type CheckSeverity = (typeof checkSeverities)[number];

/** What is checked. */
export interface CheckSubject {
  readonly fileSystem: FileSystem;
  /** Absent for a root file system without an image around it: checks of the configuration are not run then. */
  readonly config?: ImageConfig | undefined;
  /** The tag the image was asked for by; absent where it was a digest, or is no reference. */
  readonly tag?: string | undefined;
}

/** One place where a check found something. Never holds a secret itself. */
export interface Occurrence {
  /** For people: `etc/shadow: the user "app"`. */
  readonly what: string;
  /** diff ID of the layer it is in. */
  readonly layer?: string | undefined;
}

/** One thing that should not be so in an image. */
export interface Check {
  /** Stable: exceptions are written with it. */
  readonly id: string;
  readonly severity: CheckSeverity;
  /** What is wrong when it fails, as a sentence. */
  readonly title: string;
  readonly remedy: string;
  /** The same check elsewhere: CIS Docker Benchmark as dockle numbers it, dockle's own. */
  readonly references: readonly string[];
  /** Needs the image's configuration. */
  readonly needsConfig?: boolean;
  find(subject: CheckSubject): Iterable<Occurrence>;
}
