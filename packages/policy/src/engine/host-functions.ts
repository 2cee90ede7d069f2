import type { Json } from '@pratique/cue';
import { parseReference } from '@pratique/oci';
import { type Builtin, BuiltinError, fromJson, OperandError, T, toJson, type Value } from '@pratique/rego';
import { parsePredicateType } from '@pratique/sigstore';
import { inspect } from '../facts/inspect.ts';
import { cueResult } from './cue.ts';

/**
 * Functions about images that policies may call, beside those of the language: docs/reference/policies.md. Rego knows
 * nothing of them, and neither does an OPA server: with another engine than the embedded one they are not there.
 */
export const hostFunctions: readonly Builtin[] = [
  {
    name: 'oci.parse_reference',
    declaration: { args: [T.string], result: T.object([T.string, T.any]) },
    call: (_context, text) => {
      const reference = text1(text);
      try {
        const { registry, repository, tag, digest } = parseReference(reference);
        return fromJson({ registry, repository, tag: tag ?? null, digest: digest ?? null });
      } catch (error) {
        throw asBuiltinError(error);
      }
    },
  },
  {
    name: 'purl.parse',
    declaration: { args: [T.string], result: T.object([T.string, T.any]) },
    call: (_context, text) => {
      const parsed = inspect().parsePurl(text1(text));
      if (parsed === undefined) throw new BuiltinError('operand 1 is not a package URL');
      const { type, namespace, name, version, qualifiers } = parsed;
      return fromJson({
        type,
        namespace,
        name,
        version: version ?? null,
        qualifiers: Object.fromEntries(qualifiers),
      });
    },
  },
  {
    name: 'sigstore.predicate_type',
    declaration: { args: [T.string], result: T.string },
    call: (_context, name) => {
      const uri = parsePredicateType(text1(name));
      if (uri === null)
        throw new BuiltinError('operand 1 is neither a URI nor the short name of a predicate type');
      return uri;
    },
  },
  {
    name: 'pratique.cue',
    declaration: { args: [T.string, T.any], result: T.array(T.object([T.string, T.any])) },
    call: (_context, policy, document) => fromJson([cueResult(text1(policy), toJson(document!) as Json)]),
  },
  {
    name: 'pratique.compare_versions',
    declaration: { args: [T.string, T.string, T.string], result: T.number },
    call: (_context, type, a, b) => {
      const ecosystem = text1(type);
      const { compareVersions, isPackageType } = inspect();
      if (!isPackageType(ecosystem))
        throw new BuiltinError('operand 1 is not the type of a package URL that is known');
      try {
        return fromJson(Math.sign(compareVersions(ecosystem, text(a, 2), text(b, 3))));
      } catch (error) {
        throw asBuiltinError(error);
      }
    },
  },
];

/** By its name: a library that is loaded late may have a class of its own. */
function asBuiltinError(error: unknown): unknown {
  return error instanceof Error && error.name === 'PratiqueError' ? new BuiltinError(error.message) : error;
}

const text1 = (value: Value | undefined): string => text(value, 1);

function text(value: Value | undefined, position: number): string {
  if (typeof value === 'string') return value;
  throw new OperandError(`operand ${position} must be string`);
}
