import type { Digest } from '@pratique/oci';
import type { Addition } from '../add/addition.ts';
import type { NotMadeBy, SkippedScript } from '../debian/install.ts';
import type { MissingLibrary } from '../reach/closure.ts';
import type { PackageVerdict, Removal } from '../strip/plan.ts';
import type { Change } from './packages.ts';
import type { Summary } from './summary.ts';
import type { TestReport } from './test.ts';

/** A vulnerability that the base has and the hardened image has not, and what was done about it. */
export interface GoneFinding {
  readonly id: string;
  readonly package: string;
  readonly version: string;
  readonly severity: string;
  readonly reason: 'removed' | 'upgraded' | 'vex';
  /** What the VEX document says, where it is the reason. */
  readonly statement?: string;
}

/** What policies said of the image that was built, before anything of it was signed or pushed. */
export interface PolicyVerdict {
  /** Of the policies, and everything they read beside the facts. */
  readonly digest: string;
  readonly denials: readonly PolicyFinding[];
  readonly warnings: readonly PolicyFinding[];
}

export interface PolicyFinding {
  /** The package of the rule: `pratique.image.vulnerabilities`. */
  readonly policy: string;
  readonly code: string;
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
  readonly remedy: string | null;
}

/** What a hardening did: docs/reference/harden-report.schema.json. */
export interface HardenReport {
  readonly schemaVersion: 1;
  readonly base: { readonly name: string; readonly digest: string };
  /** `linux/amd64` */
  readonly platform: string;
  /** The image that was made; null where nothing was built (a dry run). */
  readonly image: { readonly digest: Digest; readonly diffId: Digest } | null;
  readonly before: Summary;
  readonly after: Summary;
  readonly packages: {
    readonly changed: readonly Change[];
    readonly kept: readonly PackageVerdict[];
    readonly removed: readonly PackageVerdict[];
  };
  /** What was added beside packages of the system. */
  readonly additions: readonly Addition[];
  /** Files of the base that something added stands in the place of. */
  readonly replaced: readonly string[];
  readonly removals: readonly Removal[];
  /**
   * `squash`: one layer, and what was removed is gone. `diff`: the layers of the base with one more on them, and what was
   * removed or replaced still lies in those below.
   */
  readonly layers: 'squash' | 'diff';
  /** What can still be read from the layers below though it is not in the image any more. */
  readonly below: { readonly files: number; readonly bytes: number };
  /** Files whose setuid, setgid bits or capabilities were taken. */
  readonly bits: readonly string[];
  /** Null where nothing was built. */
  readonly tests: TestReport | null;
  /** Null where nothing was asked yet, or nothing was built. */
  readonly policy: PolicyVerdict | null;
  readonly findingsGone: readonly GoneFinding[];
  readonly scriptsNotRun: readonly SkippedScript[];
  /** Keys and data that scripts of packages would have made, and that an image must not have. */
  readonly notMade: readonly NotMadeBy[];
  readonly missingLibraries: readonly MissingLibrary[];
  readonly mayRunShell: readonly string[];
  /** What `strip.keep` names and is not in the image. */
  readonly keepUnmatched: readonly string[];
  /** Why no package was removed that the image has; null where that could be. */
  readonly untouched: string | null;
}
