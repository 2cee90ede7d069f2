import { CueError, compilePolicy } from '@pratique/cue';
import { printable } from '@pratique/errors';
import { type Module, ParseError, parseModule } from '@pratique/rego';
import type { PolicySource } from '../../engine/sources.ts';
import { invalid, type Path } from '../problems.ts';
import type { Objects, Placed } from './objects.ts';
import type { FetchedPolicies } from './remote-policies.ts';
import type { CipPolicy, ClusterImagePolicy } from './schema.ts';

/** Where a policy stands among ours: `data.pratique.ROOT["NAME"]`. */
export interface PolicyName {
  readonly root: 'attestation' | 'cluster_image_policy';
  readonly name: string;
}

/**
 * The policy of a ClusterImagePolicy, or of one of its attestations, as a module of a package of its own: every one in
 * Rego is written as package `sigstore`, in Rego v0, and two of them must not become one.
 *
 * @throws TRUST_INVALID for what is neither Rego nor CUE that is understood, is not there, or reads other policies
 */
export function policyText(
  policy: Placed<ClusterImagePolicy>,
  at: Path,
  { root, name }: PolicyName,
  given: CipPolicy,
  objects: Objects,
  fetched: FetchedPolicies,
): PolicySource {
  const refuse: Refuse = (path, message, expected, found) =>
    invalid(policy.source, [...at, ...path], message, {
      expected,
      ...(found === undefined ? {} : { found }),
    });
  const text = textOf(given, objects, fetched, refuse);
  const path = `${policy.source.name}:${name}`;
  if (given.type === 'cue') return { path, text: cueModule(text, { root, name }, refuse), regoVersion: 'v0' };
  let module: Module;
  try {
    module = parseModule(text, { file: name, regoVersion: 'v0' });
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    throw refuse([], `the policy is not Rego v0: ${printable(cause.message, 300)}`, 'package sigstore');
  }
  const [, first, ...more] = module.package.path;
  const written = [first, ...more].map((term) => (term?.kind === 'string' ? term.value : '?')).join('.');
  if (first === undefined || written !== 'sigstore')
    throw refuse(
      [],
      'a policy of a ClusterImagePolicy is package sigstore',
      'package sigstore',
      printable(written),
    );
  const own = ownNames(module, text);
  if (own === null)
    throw refuse(
      [],
      'a policy of a ClusterImagePolicy reads nothing but input and its own rules',
      'data.sigstore.RULE, or its name alone',
      'another use of data',
    );
  return {
    path,
    text: renamed(text, [first.location.offset, ...own], `pratique.${root}[${JSON.stringify(name)}]`),
    regoVersion: 'v0',
  };
}

/** A policy in CUE, as a module that answers as one in Rego does. */
function cueModule(text: string, { root, name }: PolicyName, refuse: Refuse): string {
  try {
    compilePolicy([{ file: name, text }]);
  } catch (cause) {
    if (!(cause instanceof CueError)) throw cause;
    throw refuse(
      [],
      `the policy cannot be used: ${printable(cause.message, 300)} (${cause.code})`,
      'CUE as docs/reference/cue.md says that it is understood',
    );
  }
  const quoted = (value: string) => JSON.stringify(value.toWellFormed());
  return `package pratique.${root}[${quoted(name)}]\n\nisCompliant = pratique.cue(${quoted(text)}, input)\n`;
}

const sigstore = 'sigstore';
type Term = Module['package']['path'][number];

/** Where it says `sigstore` in `data.sigstore.RULE`; null where it uses `data` in another way than by such names. */
function ownNames({ imports, rules }: Module, text: string): readonly number[] | null {
  const found = new Set<number>();
  // Chains of rules are of any length, and the stack is not.
  const nodes: unknown[] = [imports, rules];
  while (nodes.length > 0) {
    const node = nodes.pop();
    if (typeof node !== 'object' || node === null) continue;
    const { kind, terms } = node as { kind?: string; terms?: readonly Term[] };
    const [head, second, third] = kind === 'ref' && terms !== undefined ? terms : [];
    if (head?.kind === 'var' && head.name === 'data') {
      if (second?.kind !== 'string' || second.value !== sigstore || third === undefined) return null;
      const { offset } = second.location;
      if (!text.startsWith(sigstore, offset)) return null;
      found.add(offset);
    }
    nodes.push(...Object.values(node));
  }
  return [...found];
}

function renamed(text: string, offsets: readonly number[], name: string): string {
  return offsets
    .toSorted((a, b) => b - a)
    .reduce((done, at) => `${done.slice(0, at)}${name}${done.slice(at + sigstore.length)}`, text);
}

type Refuse = (path: Path, message: string, expected: string, found?: string) => Error;

function textOf(
  { data, configMapRef, remote }: CipPolicy,
  objects: Objects,
  fetched: FetchedPolicies,
  refuse: Refuse,
): string {
  if (data !== undefined) return data;
  if (configMapRef !== undefined) return fromConfigMap(configMapRef, objects, refuse);
  // The schema has seen that there is one of the three.
  const text = fetched.get(remote!.sha256sum);
  if (text !== undefined) return text;
  throw refuse(['remote'], 'policies are not fetched from elsewhere here', 'data or configMapRef', 'remote');
}

function fromConfigMap(
  { name, key: named }: NonNullable<CipPolicy['configMapRef']>,
  { texts }: Objects,
  refuse: Refuse,
): string {
  const map = texts.get(`ConfigMap/${name}`);
  if (map === undefined) {
    throw refuse(
      ['configMapRef'],
      `there is no ConfigMap ${printable(name)} in these files`,
      'the ConfigMap beside the policy that refers to it',
    );
  }
  const key = named ?? (map.size === 1 ? [...map.keys()][0]! : '');
  const text = map.get(key);
  if (text === undefined)
    throw refuse(
      ['configMapRef'],
      'the ConfigMap has no such key',
      [...map.keys()].join(' or '),
      printable(key),
    );
  return text;
}
