import { isJsonObject, type JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { readDocuments, toJson } from '../documents.ts';
import { invalid, type Path, type Source, schemaError } from '../problems.ts';
import {
  type ClusterImagePolicy,
  clusterImagePolicySchema,
  configMapSchema,
  secretSchema,
  type TrustRoot,
  trustRootSchema,
} from './schema.ts';

/** Something read from a file, with its place for messages. */
export interface Placed<T> {
  readonly source: Source;
  /** Of the object in its document: not empty for a member of a list. */
  readonly at: Path;
  readonly value: T;
}

/** The objects of several files, by kind; what policies refer to, by name. */
export interface Objects {
  readonly policies: readonly Placed<ClusterImagePolicy>[];
  readonly trustRoots: ReadonlyMap<string, Placed<TrustRoot>>;
  /** Texts of Secrets and ConfigMaps by `kind/name`, then key. */
  readonly texts: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * Reads ClusterImagePolicies, TrustRoots, Secrets and ConfigMaps, also in lists as `kubectl get -o yaml` prints them.
 * Another kind is refused: it would look as if it were in force.
 *
 * @throws TRUST_INVALID with `file:line:column`
 */
export function readObjects(files: readonly { readonly name: string; readonly text: string }[]): Objects {
  const policies: Placed<ClusterImagePolicy>[] = [];
  const trustRoots = new Map<string, Placed<TrustRoot>>();
  const texts = new Map<string, ReadonlyMap<string, string>>();
  const all = files.flatMap(({ name, text }) => readDocuments(text, name)).flatMap(flatten);
  for (const object of all) {
    switch (kindOf(object.value)) {
      case 'ClusterImagePolicy':
        policies.push(parse(clusterImagePolicySchema, object));
        break;
      case 'TrustRoot': {
        const root = parse(trustRootSchema, object);
        once(trustRoots, root.value.metadata.name, root, object);
        break;
      }
      case 'Secret': {
        const { metadata, data, stringData } = parse(secretSchema, object).value;
        const decoded = Object.entries(data).map(([key, base64]) => [key, decode(base64)] as const);
        once(texts, `Secret/${metadata.name}`, new Map([...decoded, ...Object.entries(stringData)]), object);
        break;
      }
      case 'ConfigMap': {
        const { metadata, data } = parse(configMapSchema, object).value;
        once(texts, `ConfigMap/${metadata.name}`, new Map(Object.entries(data)), object);
        break;
      }
      default:
        throw invalid(object.source, [...object.at, 'kind'], 'this kind of object is not read here', {
          expected: 'ClusterImagePolicy, TrustRoot, Secret or ConfigMap',
          found: printable(kindOf(object.value) ?? 'none', 80),
        });
    }
  }
  return { policies, trustRoots, texts };
}

/** Whether a text is such a file rather than a trust configuration: decided by its first document. */
export function holdsClusterImagePolicies(source: Source): boolean {
  return ['ClusterImagePolicy', 'TrustRoot', 'List', 'ClusterImagePolicyList'].includes(
    kindOf(toJson(source)) ?? '',
  );
}

function flatten(source: Source): readonly Placed<JsonValue>[] {
  const value = toJson(source);
  const list =
    isJsonObject(value) && /^(|ClusterImagePolicy|TrustRoot|Secret|ConfigMap)List$/.test(kindOf(value) ?? '');
  if (!list || !Array.isArray(value['items'])) return [{ source, at: [], value }];
  return value['items'].map((item, index) => ({ source, at: ['items', index], value: item }));
}

function kindOf(value: JsonValue): string | undefined {
  return isJsonObject(value) && typeof value['kind'] === 'string' ? value['kind'] : undefined;
}

function parse<const S extends v.GenericSchema>(
  schema: S,
  object: Placed<JsonValue>,
): Placed<v.InferOutput<S>> {
  const result = v.safeParse(schema, object.value);
  if (!result.success) throw schemaError(object.source, schema, result.issues, object.at);
  return { ...object, value: result.output };
}

function once<T>(into: Map<string, T>, name: string, value: T, object: Placed<JsonValue>): void {
  if (into.has(name))
    throw invalid(object.source, [...object.at, 'metadata', 'name'], `${printable(name)} is there twice`);
  into.set(name, value);
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
