import { printable } from '@pratique/errors';
import { ParseError, parseModule } from '@pratique/rego';
import type { PolicySource } from '../../engine/sources.ts';
import { invalid, type Path } from '../problems.ts';
import type { Objects, Placed } from './objects.ts';
import type { CipPolicy, ClusterImagePolicy } from './schema.ts';

/**
 * The Rego policy of an attestation as a module of its own package, `data.pratique.attestation["NAME"]`: every one is
 * written as package `sigstore`, in Rego v0, and two of them must not become one.
 *
 * @throws TRUST_INVALID for what is not Rego, is not there, or reads other policies
 */
export function attestationPolicy(
  policy: Placed<ClusterImagePolicy>,
  at: Path,
  name: string,
  given: CipPolicy,
  objects: Objects,
): PolicySource {
  const refuse = (path: Path, message: string, expected: string, found?: string) =>
    invalid(policy.source, [...at, ...path], message, {
      expected,
      ...(found === undefined ? {} : { found }),
    });
  if (given.type === 'cue')
    throw refuse(['type'], 'CUE policies are not evaluated here', 'type: rego', 'cue');
  if (given.remote !== undefined)
    throw refuse(['remote'], 'policies are not fetched from elsewhere', 'data or configMapRef', 'remote');
  const text = given.data ?? fromConfigMap(given, objects, refuse);
  let offset: number;
  let written: string;
  try {
    const { package: clause } = parseModule(text, { file: name, regoVersion: 'v0' });
    const [, first] = clause.path;
    offset = first?.location.offset ?? 0;
    written = clause.path
      .slice(1)
      .map((term) => (term.kind === 'string' ? term.value : '?'))
      .join('.');
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    throw refuse([], `the policy is not Rego v0: ${printable(cause.message, 300)}`, 'package sigstore');
  }
  if (written !== 'sigstore')
    throw refuse(
      [],
      'a policy of an attestation is package sigstore',
      'package sigstore',
      printable(written),
    );
  if (/\bdata\s*(\.\s*sigstore\b|\[)/.test(text))
    throw refuse(
      [],
      'a policy of an attestation reads nothing but input',
      'rules called by their names',
      'data.sigstore',
    );
  return {
    path: `${policy.source.name}:${name}`,
    text: `${text.slice(0, offset)}pratique.attestation[${JSON.stringify(name)}]${text.slice(offset + 'sigstore'.length)}`,
    regoVersion: 'v0',
  };
}

function fromConfigMap(
  { configMapRef }: CipPolicy,
  { texts }: Objects,
  refuse: (path: Path, message: string, expected: string, found?: string) => Error,
): string {
  if (configMapRef === undefined) throw refuse([], 'the policy has no text', 'data or configMapRef');
  const map = texts.get(`ConfigMap/${configMapRef.name}`);
  if (map === undefined) {
    throw refuse(
      ['configMapRef'],
      `there is no ConfigMap ${printable(configMapRef.name)} in these files`,
      'the ConfigMap beside the policy that refers to it',
    );
  }
  const { key = map.size === 1 ? [...map.keys()][0]! : '' } = configMapRef;
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
