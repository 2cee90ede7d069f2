import type { Severity } from '../advisories/advisory.ts';
import type { FileSystem } from '../filesystem/types.ts';
import { compareSeverity } from '../vulnerabilities/severity.ts';
import { notSearched, secretRules } from './rules/index.ts';
import { shippedDigests } from './shipped.ts';

/** A secret in a file of an image. Never holds the secret itself. */
export interface SecretFinding {
  /** The kind: `private-key`, `github-pat`. */
  readonly rule: string;
  /** The kind, for people. */
  readonly title: string;
  readonly severity: Severity;
  /** Of the file, relative to the root. */
  readonly path: string;
  /** Counted from 1; null in a file that is no text. */
  readonly line: number | null;
  /** diff ID of the layer the file is in; null for a root file system in a directory. */
  readonly layer: string | null;
  /** A later layer removed or replaced the file: it is in the image all the same. */
  readonly removed: boolean;
}

const kinds = new Map([...secretRules, notSearched].map((kind) => [kind.id, kind]));

/**
 * The secrets in the layers of an image that was read with `secretFiles`, also where a later layer removed the file:
 * worst first, then by path. What a package of the operating system, or a wheel, brought as it is, is left out: it is
 * published.
 */
export function findSecrets(fileSystem: FileSystem): readonly SecretFinding[] {
  const found: SecretFinding[] = [];
  let shipped: ReadonlySet<string> | undefined;
  for (const [index, { entries, diffId }] of fileSystem.layers.entries())
    for (const { path, found: content } of entries) {
      if (content === undefined) continue;
      shipped ??= shippedDigests(fileSystem);
      if (content.digests.some((digest) => shipped!.has(digest))) continue;
      const removed = fileSystem.get(path)?.layer !== index;
      for (const { rule: id, line } of content.matches) {
        const { title, severity } = kinds.get(id)!;
        found.push({ rule: id, title, severity, path, line, layer: diffId ?? null, removed });
      }
    }
  return found.sort(
    (a, b) =>
      compareSeverity(a.severity, b.severity) ||
      (a.path < b.path ? -1 : a.path > b.path ? 1 : (a.line ?? 0) - (b.line ?? 0)),
  );
}
