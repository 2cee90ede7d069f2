import { endOfLife } from '../packages/end-of-life.ts';
import type { Distro, Package } from '../packages/package.ts';
import { type Brought, documentUuid, type SbomInput, timestamp } from './document.ts';
import { isSpdxExpression, isSpdxIdentifier } from './licenses.ts';
import { packageRef } from './package-ref.ts';

/** Versions of the specification that can be written (ECMA-424, editions 1 and 2). */
export const cyclonedxVersions = ['1.6', '1.7'] as const;

/** A bill of materials in CycloneDX, as JSON. */
export function toCyclonedxSbom(
  input: SbomInput,
  specVersion: (typeof cyclonedxVersions)[number] = '1.6',
): unknown {
  const { catalog, subject } = input;
  const root = subject.digest ?? 'root';
  const system = catalog.distro === undefined ? [] : [operatingSystem(catalog.distro)];
  const brought = (input.brought ?? []).map(broughtComponent);
  const dependencies = catalog.packages.map((one) => {
    const needs = catalog.dependencies.get(one) ?? [];
    return {
      ref: packageRef(one),
      ...(needs.length === 0 ? {} : { dependsOn: needs.map(packageRef).sort() }),
    };
  });
  return {
    $schema: `http://cyclonedx.org/schema/bom-${specVersion}.schema.json`,
    bomFormat: 'CycloneDX',
    specVersion,
    serialNumber: `urn:uuid:${documentUuid(input)}`,
    version: 1,
    metadata: {
      timestamp: timestamp(input.created),
      tools: { components: [{ type: 'application', name: 'pratique', version: input.version }] },
      component: {
        type: 'container',
        'bom-ref': root,
        name: subject.name,
        ...(subject.digest === undefined ? {} : { version: subject.digest }),
      },
    },
    components: [...system, ...catalog.packages.map(component), ...brought],
    dependencies: [
      {
        ref: root,
        dependsOn: [
          ...system.map((one) => one['bom-ref']),
          ...catalog.packages.map(packageRef),
          ...brought.map((one) => one['bom-ref']),
        ],
      },
      ...dependencies,
    ],
  };
}

function operatingSystem(distro: Distro) {
  const { id, versionId, prettyName } = distro;
  const lastDay = endOfLife(distro);
  return {
    type: 'operating-system',
    'bom-ref': `os:${id}:${versionId ?? ''}`,
    name: id,
    ...(versionId === undefined ? {} : { version: versionId }),
    ...(prettyName === undefined ? {} : { description: prettyName }),
    ...(lastDay === undefined ? {} : { properties: [{ name: 'pratique:endOfLife', value: lastDay }] }),
  };
}

function broughtComponent({ name, path, uri, sha256 }: Brought, index: number) {
  return {
    type: 'file',
    'bom-ref': `brought:${index}:${path}`,
    name,
    ...(sha256 === null ? {} : { hashes: [{ alg: 'SHA-256', content: sha256 }] }),
    properties: [
      { name: 'pratique:path', value: path },
      { name: 'pratique:source', value: uri },
    ],
  };
}

function component(one: Package): unknown {
  const { group, name } = split(one);
  const properties = [
    { name: 'pratique:path', value: one.location.path },
    ...(one.location.layer === undefined ? [] : [{ name: 'pratique:layer', value: one.location.layer }]),
    ...(one.modularityLabel === undefined
      ? []
      : [{ name: 'pratique:modularityLabel', value: one.modularityLabel }]),
  ];
  return {
    type: 'library',
    'bom-ref': packageRef(one),
    ...(one.supplier === undefined ? {} : { supplier: { name: one.supplier } }),
    ...(group === undefined ? {} : { group }),
    name,
    version: one.version,
    ...(one.checksum === undefined
      ? {}
      : { hashes: [{ alg: one.checksum.algorithm, content: one.checksum.value }] }),
    ...(one.licenses.length === 0 ? {} : { licenses: licenses(one.licenses) }),
    purl: one.purl,
    properties,
  };
}

/** Scopes of npm and groups of Maven have a field of their own. */
function split({ type, name }: Package): { group?: string; name: string } {
  const at =
    type === 'npm' && name.startsWith('@') ? name.indexOf('/') : type === 'maven' ? name.indexOf(':') : -1;
  return at < 0 ? { name } : { group: name.slice(0, at), name: name.slice(at + 1) };
}

/** Either one expression, or a list of single licences: the schema allows nothing between. */
function licenses(texts: readonly string[]): unknown[] {
  const [only] = texts;
  if (texts.length === 1 && only !== undefined && !isSpdxIdentifier(only) && isSpdxExpression(only))
    return [{ expression: only }];
  return texts.map((text) => ({ license: isSpdxIdentifier(text) ? { id: text } : { name: text } }));
}
