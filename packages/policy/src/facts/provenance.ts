import { isJsonObject, type JsonObject } from '@pratique/crypto';
import type { AttestationFact, ProvenanceFact } from '../types.ts';

const maxMaterials = 10_000;

/** SLSA provenance, v1 (https://slsa.dev/provenance/v1) and v0.2, in one form; others are left out. */
export function provenanceFacts(attestations: readonly AttestationFact[]): readonly ProvenanceFact[] {
  return attestations.flatMap(({ predicateType, predicate, authorities }) => {
    const given: JsonObject = isJsonObject(predicate) ? predicate : {};
    if (predicateType === 'https://slsa.dev/provenance/v1') return [{ authorities, ...version1(given) }];
    if (predicateType === 'https://slsa.dev/provenance/v0.2') return [{ authorities, ...version02(given) }];
    return [];
  });
}

type Said = Omit<ProvenanceFact, 'authorities'>;

function version1(predicate: JsonObject): Said {
  const definition = object(predicate.buildDefinition);
  const run = object(predicate.runDetails);
  return {
    builder: text(object(run.builder).id),
    buildType: text(definition.buildType),
    finishedAt: text(object(run.metadata).finishedOn),
    materials: materials(definition.resolvedDependencies),
  };
}

function version02(predicate: JsonObject): Said {
  return {
    builder: text(object(predicate.builder).id),
    buildType: text(predicate.buildType),
    finishedAt: text(object(predicate.metadata).buildFinishedOn),
    materials: materials(predicate.materials),
  };
}

function materials(given: unknown): Said['materials'] {
  if (!Array.isArray(given)) return [];
  return given.slice(0, maxMaterials).map((one: unknown) => {
    const { uri, name, digest } = object(one);
    return {
      uri: text(uri) ?? text(name),
      digests: Object.entries(object(digest)).flatMap(([algorithm, hex]) =>
        typeof hex === 'string' ? [`${algorithm}:${hex}`] : [],
      ),
    };
  });
}

const object = (given: unknown): JsonObject => (isJsonObject(given) ? given : {});
const text = (given: unknown): string | null => (typeof given === 'string' ? given : null);
