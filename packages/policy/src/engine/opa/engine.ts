import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { Service, type ServiceAddress } from '../../http/service.ts';
import type { Trust } from '../../trust/types.ts';
import { failedFinding, readFindings } from '../findings.ts';
import { policyPackages } from '../packages.ts';
import { defaultPolicies, type PolicySource } from '../sources.ts';
import type { Finding, Findings, PolicyEngine, Scope } from '../types.ts';
import { invalid, type OpaAnswer, readAnswer } from './answers.ts';
import { type Inventory, takeInventory } from './inventory.ts';

export interface OpaEngineOptions extends ServiceAddress {
  /** Its parameters and data must be on the server; nothing is evaluated while they differ. */
  readonly trust: Trust;
  /** Not evaluated here, but their packages must be on the server, as those that come with Pratique must be. */
  readonly policies?: readonly PolicySource[];
  /** Milliseconds for one question, retries included. Default 2 000. */
  readonly timeoutMs?: number | undefined;
  /** Bytes of one answer. Default 16 MiB. */
  readonly maxResponseBytes?: number;
  /** Milliseconds after which the server is asked again what policies and data it has. Default 10 000. */
  readonly inventoryTtlMs?: number;
}

/**
 * A remote OPA server, asked over its data API with `strict-builtin-errors`: one question per scope. Policies and
 * data are the server's; what the trust configuration relies on is checked to be there. `digest` covers them, so it
 * changes when they do; before the first answer it stands for the address alone.
 *
 * @throws SERVICE_ADDRESS_INVALID, POLICY_INVALID
 */
export function createOpaEngine(options: OpaEngineOptions): PolicyEngine {
  const { trust, policies = [], inventoryTtlMs = 10_000 } = options;
  const wanted = policyPackages(defaultPolicies(), policies);
  const service = new Service('OPA', options, {
    timeoutMs: options.timeoutMs ?? 2_000,
    maxResponseBytes: options.maxResponseBytes ?? 16 * 1024 * 1024,
  });
  let digest = unseen(options.url);
  const inventory = keptFor(inventoryTtlMs, async () => {
    const taken = await takeInventory(service, trust, wanted);
    digest = taken.digest;
    return taken;
  });
  return {
    get digest() {
      return digest;
    },
    async evaluate(scope, input) {
      const names = (await inventory()).packages.filter((item) => item.scope === scope);
      const body = JSON.stringify({ input });
      const answer = await ask(service, scope, body);
      const findings: Record<'deny' | 'warn', Finding[]> = { deny: [], warn: [] };
      if (answer.kind === 'failed') {
        // OPA says which policy failed and nothing of the others: each is asked by itself.
        const answers = await Promise.all(names.map(({ name }) => ask(service, scope, body, name)));
        for (const [index, { name }] of names.entries()) read(service.name, name, answers[index]!, findings);
        if (findings.deny.every(({ fault }) => !fault)) addFailures(scope, answer, findings);
      } else {
        const documents = answer.kind === 'value' ? answer.value : undefined;
        if (documents === undefined || !isJsonObject(documents))
          throw invalid(service.name, `no document data.pratique.${scope}`);
        for (const name of packagesOf(names, documents, scope)) {
          const key = name.slice(`pratique.${scope}.`.length);
          const value = Object.hasOwn(documents, key) ? documents[key] : undefined;
          read(
            service.name,
            name,
            value === undefined ? { kind: 'undefined' } : { kind: 'value', value },
            findings,
          );
        }
      }
      return findings satisfies Findings;
    },
  };
}

async function ask(service: Service, scope: Scope, body: string, name?: string): Promise<OpaAnswer> {
  const last = name === undefined ? '' : `/${encodeURIComponent(name.slice(`pratique.${scope}.`.length))}`;
  const response = await service.send({
    method: 'POST',
    path: `/v1/data/pratique/${scope}${last}?strict-builtin-errors=true`,
    headers: { 'content-type': 'application/json' },
    body,
    // A question about data changes nothing.
    idempotent: true,
  });
  return readAnswer(service.name, response);
}

/** Those of the inventory, and whatever else has a verdict: a policy may have been added a moment ago. */
function packagesOf(names: Inventory['packages'], documents: JsonObject, scope: Scope): ReadonlySet<string> {
  const added = Object.entries(documents)
    .filter(
      ([, document]) =>
        isJsonObject(document) && ['deny', 'warn'].some((rule) => Object.hasOwn(document, rule)),
    )
    .map(([key]) => `pratique.${scope}.${key}`);
  return new Set([...names.map(({ name }) => name), ...added]);
}

/** A package that was there a moment ago and has no document now is no package without findings. */
function read(
  server: string,
  policy: string,
  answer: OpaAnswer,
  findings: Record<'deny' | 'warn', Finding[]>,
): void {
  if (answer.kind === 'failed') {
    for (const failure of answer.failures) findings.deny.push(failedFinding(policy, failure));
    return;
  }
  if (answer.kind === 'undefined' || !isJsonObject(answer.value))
    throw invalid(server, `no document data.${policy}`);
  for (const kind of ['deny', 'warn'] as const) {
    if (!Object.hasOwn(answer.value, kind)) continue;
    for (const finding of readFindings(policy, kind, answer.value[kind])) {
      (finding.fault ? findings.deny : findings[kind]).push(finding);
    }
  }
}

/** The scope failed and none of its packages did by itself: still no answer. */
function addFailures(
  scope: Scope,
  { failures }: OpaAnswer & { kind: 'failed' },
  findings: Record<'deny' | 'warn', Finding[]>,
): void {
  for (const failure of failures) findings.deny.push(failedFinding(`pratique.${scope}`, failure));
}

/** `take` at most every `ttlMs`; what is under way is shared, and a failure is not kept. */
function keptFor<T>(ttlMs: number, take: () => Promise<T>): () => Promise<T> {
  let kept: { readonly value: Promise<T>; until: number } | undefined;
  return () => {
    if (kept !== undefined && performance.now() < kept.until) return kept.value;
    const entry = { value: take(), until: Number.POSITIVE_INFINITY };
    kept = entry;
    entry.value.then(
      () => {
        entry.until = performance.now() + ttlMs;
      },
      () => {
        if (kept === entry) kept = undefined;
      },
    );
    return entry.value;
  };
}

function unseen(url: string): PolicyEngine['digest'] {
  return `sha256:${createHash('sha256').update(`opa ${url}`).digest('hex')}`;
}
