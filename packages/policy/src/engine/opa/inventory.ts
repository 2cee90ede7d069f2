import { createHash } from 'node:crypto';
import { canonicalJson, isJsonObject, type JsonValue } from '@pratique/crypto';
import type { PratiqueError } from '@pratique/errors';
import { printable } from '@pratique/errors';
import type { Digest } from '@pratique/oci';
import { policyErrors } from '../../errors.ts';
import type { Service } from '../../http/service.ts';
import type { Trust } from '../../trust/types.ts';
import { type PolicyPackage, scopedPackages } from '../packages.ts';
import type { PolicySource } from '../sources.ts';
import { invalid, readAnswer } from './answers.ts';

/** What a server had when it was looked at. */
export interface Inventory {
  /** Packages it evaluates, of both scopes. */
  readonly packages: readonly PolicyPackage[];
  /** Of the text of all its policies, and of the data they rely on. */
  readonly digest: Digest;
}

/** OPA lists policies with their syntax trees, which are some ten times their text. */
const listLimits = { maxResponseBytes: 64 * 1024 * 1024 };

/**
 * Asks the server what it would evaluate, and checks that this is what the trust configuration relies on: every
 * package of `wanted` is there, and `data.pratique.parameters` and `data.site` are trust's. Otherwise a policy or a
 * parameter would look as if it were in force.
 *
 * @throws ENGINE_OUT_OF_STEP, OPA_ANSWER_INVALID, OPA_UNAUTHORIZED, SERVICE_UNREACHABLE
 */
export async function takeInventory(
  service: Service,
  trust: Trust,
  wanted: readonly PolicyPackage[],
): Promise<Inventory> {
  const [modules, parameters, site] = await Promise.all([
    listPolicies(service),
    getData(service, 'pratique/parameters'),
    getData(service, 'site'),
  ]);
  const packages = checkPackages(service, modules, wanted);
  checkData(service, 'data.pratique.parameters', parameters, trust.parameters as unknown as JsonValue);
  checkData(service, 'data.site', site ?? {}, trust.site);
  const texts = Object.fromEntries(modules.map(({ path, text }) => [path, text]));
  const canonical = canonicalJson({
    engine: 'opa',
    modules: texts,
    data: { parameters, site: trust.site },
  } as JsonValue);
  return { packages, digest: `sha256:${createHash('sha256').update(canonical).digest('hex')}` };
}

async function listPolicies(service: Service): Promise<readonly PolicySource[]> {
  const request = { method: 'GET', path: '/v1/policies', idempotent: true, limits: listLimits } as const;
  const answer = readAnswer(service.name, await service.send(request));
  if (answer.kind !== 'value' || !Array.isArray(answer.value))
    throw invalid(service.name, 'no list of policies');
  return answer.value.map((module) => {
    if (!isJsonObject(module) || typeof module.id !== 'string' || typeof module.raw !== 'string')
      throw invalid(service.name, 'a policy without id and raw');
    return { path: module.id, text: module.raw };
  });
}

async function getData(service: Service, path: string): Promise<JsonValue | undefined> {
  const request = { method: 'GET', path: `/v1/data/${path}`, idempotent: true } as const;
  const answer = readAnswer(service.name, await service.send(request));
  if (answer.kind === 'failed') throw invalid(service.name, 'an evaluation error for a data document');
  return answer.kind === 'value' ? answer.value : undefined;
}

function checkPackages(
  { name: server }: Service,
  modules: readonly PolicySource[],
  wanted: readonly PolicyPackage[],
): readonly PolicyPackage[] {
  // Test modules are often loaded along with the policies; they say nothing.
  const there = scopedPackages(modules).filter(({ name, verdict }) => verdict || !name.endsWith('_test'));
  const names = new Set(there.map(({ name }) => name));
  const missing = wanted.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw outOfStep(server, `lacks ${missing.slice(0, 5).join(', ')}`, missing.join(', '), 'no such package');
  }
  const silent = there.find(({ verdict }) => !verdict);
  if (silent !== undefined) {
    const found = `${printable(silent.name, 120)} has no rule named deny or warn`;
    throw outOfStep(server, `has a policy that could never refuse: ${found}`, 'deny or warn', found);
  }
  return there.map(({ scope, name }) => ({ scope, name }));
}

function checkData({ name: server }: Service, path: string, found: JsonValue | undefined, wanted: JsonValue) {
  if (found !== undefined && canonicalJson(found) === canonicalJson(wanted)) return;
  throw outOfStep(
    server,
    `${found === undefined ? 'has no' : 'has another'} ${path} than the trust configuration`,
    printable(canonicalJson(wanted), 300),
    found === undefined ? 'undefined' : printable(canonicalJson(found), 300),
  );
}

function outOfStep(server: string, problem: string, expected: string, found: string): PratiqueError {
  return policyErrors.error('ENGINE_OUT_OF_STEP', { message: `${server} ${problem}`, expected, found });
}
