import { createHash } from 'node:crypto';
import { canonicalJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { compile, fromJson, type Policy, type PreparedRule, RegoError, type Value } from '@pratique/rego';
import { policyErrors } from '../errors.ts';
import type { Trust } from '../trust/types.ts';
import { policyData } from './data.ts';
import { failedFinding, readFindings } from './findings.ts';
import { hostFunctions } from './host-functions.ts';
import { type PolicyPackage, policyPackages } from './packages.ts';
import { defaultPolicies, type PolicySource } from './sources.ts';
import type { Finding, Findings, PolicyEngine, Scope } from './types.ts';

export interface RegoEngineOptions {
  /** Gives `data.pratique.parameters` and `data.site`. */
  readonly trust: Trust;
  /** Beside the policies that come with Pratique. */
  readonly policies?: readonly PolicySource[];
}

/** A policy that takes longer is broken; it runs in the process that answers everybody else. */
const limits = { timeoutMs: 2_000, maxSteps: 20_000_000 };

interface Rule {
  readonly policy: string;
  readonly kind: 'deny' | 'warn';
  readonly prepared: PreparedRule;
}

/**
 * The embedded Rego engine: the policies that come with Pratique and the ones given, compiled once. Errors of built-in
 * functions are faults here (OPA's `strict-builtin-errors`), since a refusal whose condition fails to evaluate would
 * otherwise silently not be one.
 *
 * @throws POLICY_INVALID with file, row and column
 */
export function createRegoEngine({ trust, policies = [] }: RegoEngineOptions): PolicyEngine {
  const builtIn = [...defaultPolicies(), ...trust.ownPolicies];
  const packages = policyPackages(builtIn, policies);
  const sources = [...builtIn, ...policies];
  const modules = modulesOf(sources);
  const data = policyData(trust);
  const policy = compilePolicies(modules, regoVersionsOf(sources), data);
  const rules = { image: rulesOf(policy, packages, 'image'), request: rulesOf(policy, packages, 'request') };
  return {
    digest: `sha256:${createHash('sha256')
      .update(canonicalJson({ engine: 'embedded', modules, data }))
      .digest('hex')}`,
    evaluate(scope, input) {
      const value = fromJson(input);
      const findings: Record<'deny' | 'warn', Finding[]> = { deny: [], warn: [] };
      for (const rule of rules[scope]) evaluateRule(rule, value, findings);
      return findings satisfies Findings;
    },
  };
}

function modulesOf(sources: readonly PolicySource[]): Record<string, string> {
  const modules: Record<string, string> = Object.create(null);
  for (const { path, text } of sources) {
    if (modules[path] !== undefined && modules[path] !== text) {
      throw policyErrors.error('POLICY_INVALID', {
        message: `${printable(path)} is given twice with different text`,
      });
    }
    modules[path] = text;
  }
  return modules;
}

function regoVersionsOf(sources: readonly PolicySource[]): ReadonlyMap<string, 'v0' | 'v1'> {
  return new Map(sources.map(({ path, regoVersion = 'v1' }) => [path, regoVersion]));
}

/** A policy that takes longer to compile is refused: until then its host answers nobody. */
const compileTimeoutMs = 30_000;

function compilePolicies(
  modules: Record<string, string>,
  regoVersions: ReadonlyMap<string, 'v0' | 'v1'>,
  data: object,
): Policy {
  try {
    return compile({
      modules,
      regoVersions,
      data,
      builtins: hostFunctions,
      refuseDataConflicts: true,
      timeoutMs: compileTimeoutMs,
    });
  } catch (cause) {
    if (!(cause instanceof RegoError)) throw cause;
    const message = String(cause)
      .split('\n')
      .map((line) => printable(line.replaceAll('\t', '  '), 300))
      .join('\n');
    throw policyErrors.error('POLICY_INVALID', { message, cause });
  }
}

function rulesOf(policy: Policy, packages: readonly PolicyPackage[], scope: Scope): readonly Rule[] {
  return packages
    .filter((candidate) => candidate.scope === scope)
    .flatMap(({ name }) =>
      (['deny', 'warn'] as const).map((kind) => ({
        policy: name,
        kind,
        prepared: policy.rule(`data.${name}.${kind}`),
      })),
    );
}

/** A rule that breaks is a refusal, whichever of the two it is: what it would have said is not known. */
function evaluateRule(
  { policy, kind, prepared }: Rule,
  input: Value,
  findings: Record<'deny' | 'warn', Finding[]>,
): void {
  let value: unknown;
  try {
    value = prepared.evaluate(input, { ...limits, strictBuiltinErrors: true });
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    findings.deny.push(failedFinding(policy, error));
    return;
  }
  if (value === undefined) return;
  for (const finding of readFindings(policy, kind, value)) {
    (finding.fault ? findings.deny : findings[kind]).push(finding);
  }
}
