import { printable } from '@pratique/errors';
import type { Finding, Findings, PolicyEngine } from '../engine/types.ts';
import type { Trust } from '../trust/types.ts';
import type { Decision, Denial, ImageFacts, Mode } from '../types.ts';
import { newDecisionId } from './decision-id.ts';
import type { ExaminedImage } from './examine.ts';

export interface DecisionParts {
  readonly trust: Trust;
  readonly engine: PolicyEngine;
  readonly now: number;
  readonly subject: Omit<Decision['subject'], 'images'>;
  readonly examined: readonly ExaminedImage[];
  /** Of the request policies, where there is a request. */
  readonly findings: Findings | undefined;
}

/**
 * Puts a decision together. In warn mode a refusal, faults included, becomes a warning: warn mode is how one learns
 * what enforcing would refuse, and a registry that is down would be part of it. What concerns one image goes by that
 * image's mode; what concerns the request as a whole by the mode at the top of the trust configuration.
 */
export function composeDecision(parts: DecisionParts): Decision {
  const { trust, engine, now, examined, findings } = parts;
  const denials: Denial[] = [];
  const warnings: Denial[] = [];
  for (const image of examined) {
    const target = image.mode === 'warn' ? warnings : denials;
    for (const finding of image.findings.deny) target.push(denial(finding, image));
    for (const finding of image.findings.warn) warnings.push(denial(finding, image));
  }
  if (findings !== undefined) {
    const byText = new Map(examined.map((image) => [image.text, image]));
    const imageOf = ({ image }: Finding) => (image === null ? undefined : byText.get(image));
    for (const finding of findings.deny) {
      const image = imageOf(finding);
      ((image?.mode ?? trust.mode) === 'warn' ? warnings : denials).push(denial(finding, image));
    }
    for (const finding of findings.warn) warnings.push(denial(finding, imageOf(finding)));
  }
  return {
    schemaVersion: 1,
    decisionId: newDecisionId(now),
    time: new Date(now).toISOString(),
    mode: overallMode(parts),
    allowed: denials.length === 0,
    subject: {
      kind: shown(parts.subject.kind),
      namespace: parts.subject.namespace === null ? null : shown(parts.subject.namespace),
      name: parts.subject.name === null ? null : shown(parts.subject.name),
      images: examined.map(({ text, image, facts, containers }) => ({
        reference: shown(text),
        digest: facts?.digest ?? image?.reference.digest ?? null,
        containers: containers.filter((container) => container !== ''),
      })),
    },
    denials,
    warnings,
    evidence: Object.fromEntries(
      examined.map(({ text, facts }): [string, ImageFacts | null] => [shown(text), facts]),
    ),
    policyDigest: engine.digest,
    trustDigest: trust.digest,
  };
}

/** Names come from whoever sent the request, and a decision ends on terminals. What is a valid name stays as it is. */
function shown(name: string): string {
  return printable(name, 1024);
}

/** The strictest mode that was applied to anything. */
function overallMode({ trust, examined, findings }: DecisionParts): Mode {
  const looked = examined.filter(({ exemption }) => exemption === null);
  const wholeRequest = findings?.deny.some(({ image }) => image === null) ?? false;
  if (looked.length === 0 || (wholeRequest && trust.mode === 'enforce')) return trust.mode;
  return looked.every(({ mode }) => mode === 'warn') ? 'warn' : 'enforce';
}

function denial(finding: Finding, image: ExaminedImage | undefined): Denial {
  const { policy, code, fault, message, expected, found, remedy, container = null } = finding;
  return {
    policy,
    code,
    fault,
    message,
    expected,
    found,
    remedy,
    image: image === undefined ? null : shown(image.text),
    container: image === undefined || image.containers[0] === '' ? container : image.containers.join(', '),
  };
}
