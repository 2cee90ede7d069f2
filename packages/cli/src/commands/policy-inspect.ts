import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type AnnotationsRef,
  annotationRefs,
  annotationsRefJson,
  type BundleFile,
  bundleDirectory,
  type GoJson,
  goJson,
  indentJson,
  type Manifest,
  type Module,
  manifestJson,
  parseJsonFile,
  parseModule,
  readBundle,
  refText,
  requiredCapabilities,
  unpackArchive,
} from '@pratique/rego';
import { annotationsText } from '../policy/annotations-text.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { readNamed } from '../policy/read-named.ts';
import { languageOf } from '../policy/sources.ts';
import { boxed } from '../policy/table.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { policyInspect } from '../specs/policy-bundles.ts';

export const run: Run<typeof policyInspect.flags> = async ({ args, flags, terminal }) => {
  try {
    const contents = inspect(args[0]!, flags, terminal);
    const modules = [...contents.modules.values()].map(({ module }) => module);
    const annotations = flags.annotations ? annotationRefs(modules) : [];
    const capabilities = requiredCapabilities(contents.modules);
    terminal.out(
      flags.format === 'json'
        ? json(contents, annotations, capabilities)
        : pretty(contents) + annotationsText(annotations),
    );
    return 0;
  } catch (error) {
    const problems = problemsOf(error, new Map());
    if (problems === undefined) throw error;
    terminal.err(`error: ${problemsText(problems)}`);
    return 1;
  }
};

interface Contents {
  readonly manifest: Manifest | undefined;
  readonly signatures: GoJson;
  /** Files by the path below `data` they add to. */
  readonly namespaces: ReadonlyMap<string, readonly string[]>;
  readonly modules: ReadonlyMap<string, { readonly module: Module; readonly text: string }>;
}

function inspect(path: string, flags: FlagValues<typeof policyInspect.flags>, terminal: Terminal): Contents {
  const regoVersion = languageOf(flags);
  const namespaces = new Map<string, string[]>();
  const add = (namespace: string, file: string): void => {
    namespaces.set(namespace, [...(namespaces.get(namespace) ?? []), file]);
  };
  const modules = new Map<string, { module: Module; text: string }>();
  const addModule = (text: string, file: string, version: typeof regoVersion): void => {
    const module = parseModule(text, { file, regoVersion: version });
    modules.set(file, { module, text });
    add(refText(module.package.path), file);
  };
  if (path.endsWith('.rego')) {
    addModule(new TextDecoder().decode(readNamed(path, terminal.cwd)), path, regoVersion);
    return { manifest: undefined, signatures: {}, namespaces, modules };
  }
  const place = resolve(terminal.cwd, path);
  const isDirectory = statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  const files = isDirectory ? bundleDirectory(place) : unpackArchive(readNamed(path, terminal.cwd));
  const shown = (name: string): string => (isDirectory ? join(path, name) : `/${name}`);
  const bundle = readBundle(files, { regoVersion });
  for (const { path: name, text, regoVersion: version } of bundle.modules) {
    addModule(text, shown(name), version);
  }
  for (const { path: name } of files) {
    if (/(?:^|\/)data\.(?:json|yaml)$/.test(name))
      add(['data', ...name.split('/').slice(0, -1)].join('.'), shown(name));
  }
  return { manifest: bundle.manifest, signatures: signaturesOf(files), namespaces, modules };
}

function signaturesOf(files: readonly BundleFile[]): GoJson {
  const file = files.find(({ path }) => path === '.signatures.json');
  return file === undefined ? {} : parseJsonFile(file.bytes, file.path);
}

function sorted(namespaces: Contents['namespaces']): [string, readonly string[]][] {
  return [...namespaces].sort(([a], [b]) => (a < b ? -1 : 1));
}

function json(
  { manifest, signatures, namespaces }: Contents,
  annotations: readonly AnnotationsRef[],
  capabilities: GoJson,
): string {
  const members = {
    manifest: manifest === undefined ? undefined : manifestJson(manifest),
    signatures_config: signatures,
    namespaces: new Map(sorted(namespaces)),
  };
  const text = goJson(members);
  const listed =
    annotations.length === 0 ? '' : `,"annotations":[${annotations.map(annotationsRefJson).join(',')}]`;
  const whole = `${text.slice(0, -1)}${listed},"capabilities":${goJson(capabilities)}}`;
  return `${indentJson(whole, '  ')}\n`;
}

function pretty({ manifest, namespaces }: Contents): string {
  const parts: string[] = [];
  const rows = manifest === undefined ? [] : manifestRows(manifest);
  if (rows.length > 0) parts.push(`MANIFEST:\n${boxed(rows, ['FIELD', 'VALUE'])}`);
  const places = sorted(namespaces).flatMap(([name, files]) =>
    files.map((file, index) => [index === 0 ? name : '', file]),
  );
  if (places.length > 0) parts.push(`NAMESPACES:\n${boxed(places, ['NAMESPACE', 'FILE'])}`);
  return parts.join('');
}

function manifestRows({ regoVersion, revision, roots, metadata }: Manifest): string[][] {
  const rows: string[][] = [];
  if (regoVersion !== undefined) rows.push(['Rego Version', String(regoVersion)]);
  if (revision !== '') rows.push(['Revision', revision]);
  const owned = roots.filter((root) => root !== '' || roots.length > 1).sort();
  rows.push(...owned.map((root, index) => [index === 0 ? 'Roots' : '', root]));
  if (metadata !== undefined && metadata.size > 0) rows.push(['Metadata', goJson(metadata)]);
  return rows;
}
