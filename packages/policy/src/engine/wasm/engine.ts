import { createHash } from 'node:crypto';
import { canonicalJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { policyErrors } from '../../errors.ts';
import type { Trust } from '../../trust/types.ts';
import { policyData } from '../data.ts';
import { failedFinding, readFindings } from '../findings.ts';
import { policyPackages, type Verdict, verdictsOf } from '../packages.ts';
import { defaultPolicies, type PolicySource } from '../sources.ts';
import type { Finding, PolicyEngine, Scope } from '../types.ts';
import type { EntrypointAnswer } from './messages.ts';
import { WasmRunner } from './runner.ts';

export interface WasmEngineOptions {
  readonly trust: Trust;
  /** `policy.wasm` of a bundle made by `opa build -t wasm`. */
  readonly wasm: Uint8Array;
  /** Not evaluated, but their `deny` and `warn` must be entry points, as those that come with Pratique must be. */
  readonly policies?: readonly PolicySource[];
  /** Milliseconds of one evaluation; then its thread is ended. Default 2 000. */
  readonly timeoutMs?: number | undefined;
  /** Memory of the policy. Default 256 MiB. */
  readonly maxMemoryBytes?: number | undefined;
}

const maxWasmBytes = 64 * 1024 * 1024;

/**
 * A precompiled policy, in a thread of its own. Its entry points are the rules `deny` and `warn` of the packages of
 * both scopes; parameters and data are given to it from the trust configuration. Built-in functions that fail inside
 * wasm have no value: there is no `strict-builtin-errors`.
 *
 * @throws ENGINE_INVALID: not a wasm policy, or an entry point is missing; POLICY_INVALID
 */
export async function createWasmEngine(options: WasmEngineOptions): Promise<PolicyEngine> {
  const { trust, wasm, policies = [], timeoutMs = 2_000, maxMemoryBytes = 256 * 1024 * 1024 } = options;
  if (wasm.byteLength > maxWasmBytes) {
    throw policyErrors.error('ENGINE_INVALID', {
      message: `the wasm policy is larger than ${maxWasmBytes} bytes`,
    });
  }
  const builtIn = defaultPolicies();
  policyPackages(builtIn, policies);
  const data = canonicalJson(policyData(trust));
  const runner = new WasmRunner({ wasm, data, timeoutMs, maxMemoryBytes });
  const there = await runner.entrypoints();
  requireEntrypoints(verdictsOf([...builtIn, ...policies]), there);
  const verdicts = there.map(verdictOf).filter((verdict) => verdict !== undefined);
  return {
    digest: digestOf(wasm, data),
    async evaluate(scope, input) {
      const asked = verdicts.filter((verdict) => verdict.scope === scope);
      const answers = await runner.ask(
        asked.map(({ entrypoint }) => entrypoint),
        JSON.stringify(input),
      );
      const findings: Record<'deny' | 'warn', Finding[]> = { deny: [], warn: [] };
      for (const [index, verdict] of asked.entries()) read(verdict, answers[index]!, findings);
      return findings;
    },
  };
}

/** Both files and data decide, and which engine reads them. */
function digestOf(wasm: Uint8Array, data: string): PolicyEngine['digest'] {
  const hash = (value: string | Uint8Array) => createHash('sha256').update(value).digest('hex');
  return `sha256:${hash(canonicalJson({ engine: 'wasm', wasm: hash(wasm), data: hash(data) }))}`;
}

/** A rule that is no entry point would look as if it were in force. */
function requireEntrypoints(wanted: readonly Verdict[], there: readonly string[]): void {
  const missing = wanted.map(({ entrypoint }) => entrypoint).filter((name) => !there.includes(name));
  if (missing.length === 0) return;
  throw policyErrors.error('ENGINE_INVALID', {
    message: `the wasm policy lacks the entry points ${missing.slice(0, 5).join(', ')}`,
    expected: missing.join(', '),
    found: printable(there.join(', '), 500) || 'none',
    remedy: `Build it with all of them: opa build -t wasm ${wanted.map(({ entrypoint }) => `-e ${entrypoint}`).join(' ')} POLICIES`,
  });
}

function verdictOf(entrypoint: string): Verdict | undefined {
  const [, scope, name, kind] = /^pratique\/(image|request)\/([^/]+)\/(deny|warn)$/.exec(entrypoint) ?? [];
  if (scope === undefined) return undefined;
  return {
    scope: scope as Scope,
    name: `pratique.${scope}.${name}`,
    kind: kind as Verdict['kind'],
    entrypoint,
  };
}

function read(
  { name, kind }: Verdict,
  answer: EntrypointAnswer,
  findings: Record<'deny' | 'warn', Finding[]>,
): void {
  if ('error' in answer) {
    findings.deny.push(failure(name, answer.error));
    return;
  }
  if (answer.value === null) return;
  for (const finding of readFindings(name, kind, JSON.parse(answer.value))) {
    (finding.fault ? findings.deny : findings[kind]).push(finding);
  }
}

/** OPA's wasm runtime says `FILE:ROW:COL: MESSAGE` where it knows the place. */
function failure(policy: string, error: string): Finding {
  const [, file, row, col, message] = /^([^\n]{1,300}?):(\d{1,9}):(\d{1,9}): ([\s\S]*)$/.exec(error) ?? [];
  if (file === undefined) return failedFinding(policy, { code: 'wasm', message: error });
  return failedFinding(policy, {
    code: 'wasm',
    message: message!,
    location: { file, row: Number(row), col: Number(col) },
  });
}
