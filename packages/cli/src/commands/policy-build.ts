import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Bundle,
  type BundleContent,
  BundleError,
  type CompileInput,
  DEFAULT_MANIFEST,
  format,
  loadBundle,
  loadFiles,
  type Manifest,
  mergeBundles,
  type RegoVersion,
  rootsContain,
  writeBundle,
} from '@pratique/rego';
import { readNamedFile } from '@pratique/storage';
import { allowedBuiltins } from '../policy/capabilities.ts';
import { withLibrary } from '../policy/library.ts';
import { optimized } from '../policy/optimized.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { signingKey, verificationKey } from '../policy/signing.ts';
import {
  compileInput,
  compileSources,
  ignored,
  joined,
  languageOf,
  type Sources,
  textsOf,
  usage,
} from '../policy/sources.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { writeFile } from '../program/write-file.ts';
import type { policyBuild } from '../specs/policy-bundles.ts';

type Flags = FlagValues<typeof policyBuild.flags>;

export const run: Run<typeof policyBuild.flags> = async ({ args, flags, terminal }) => {
  if (flags.target !== 'rego') {
    throw usage(
      'policy build',
      `--target ${flags.target} is not done here: bundles hold policies; opa build makes plans, and WebAssembly for the gate`,
    );
  }
  let texts = new Map<string, string>();
  try {
    const keyId = flags['verification-key-id'];
    const signing = signingKey(flags, terminal.cwd, keyId);
    const verification = verificationKey(flags, terminal.cwd);
    if (!flags.bundle && (signing !== undefined || verification !== undefined)) {
      throw new BundleError(
        'bundle_signature',
        'enable bundle mode (ie. --bundle) to verify or sign bundle files or directories',
      );
    }
    const { sources, manifest } = await complete(
      flags.bundle ? fromBundles(args, flags, terminal) : fromFiles(args, flags, terminal),
    );
    texts = textsOf(sources);
    const options = {
      ...allowedBuiltins(flags.capabilities, terminal.cwd, languageOf(flags)),
      typeAnnotations: false,
      print: () => undefined,
    };
    compileSources(sources, options);
    const built =
      flags.optimize > 0
        ? optimizedContents({ sources, manifest }, compileInput(sources, options), flags, terminal)
        : { sources, manifest };
    const content = formatted(built.sources, {
      ...built.manifest,
      revision: flags.revision ?? built.manifest.revision,
    });
    writeFile(flags.output, writeBundle(content, signing), terminal.cwd);
    return 0;
  } catch (error) {
    const problems = problemsOf(error, texts);
    if (problems === undefined) throw error;
    // OPA counts what is wrong with policies only.
    terminal.err(
      `error: ${error instanceof BundleError ? `${problems[0]?.text}\n` : problemsText(problems)}`,
    );
    return 1;
  }
};

interface Contents {
  readonly sources: Sources;
  readonly manifest: Manifest;
}

/** With `data.pratique.lib` where policies import it: OPA has it from nowhere else. A bundle holds only what is below its roots. */
async function complete(contents: Contents): Promise<Contents> {
  const { manifest } = contents;
  if (!rootsContain(manifest.roots, ['pratique', 'lib'])) return contents;
  const sources = await withLibrary(contents.sources, 'pratique/');
  if (sources === contents.sources) return contents;
  const fileRegoVersions = fileVersions(sources, manifest.regoVersion === 0 ? 0 : 1);
  return { sources, manifest: { ...manifest, fileRegoVersions } };
}

/** Loose files: the bundle owns all of `data`. */
function fromFiles(paths: readonly string[], flags: Flags, terminal: Terminal): Contents {
  for (const path of paths) {
    if (existsSync(resolve(terminal.cwd, join(path, '.manifest')))) {
      terminal.err(
        `Warning: .manifest file found in "${path}" but -b flag not specified. Manifest will be ignored.\n`,
      );
    }
  }
  const regoVersion = languageOf(flags);
  const sources = loadFiles(paths, {
    regoVersion,
    ignore: [...ignored(flags.ignore), '*.tar.gz'],
    directory: terminal.cwd,
    read: readNamedFile,
  });
  return { sources, manifest: { ...DEFAULT_MANIFEST, regoVersion: regoVersion === 'v0' ? 0 : 1 } };
}

/** Bundles: their manifests are kept; several are merged. */
function fromBundles(paths: readonly string[], flags: Flags, terminal: Terminal): Contents {
  const verification = verificationKey(flags, terminal.cwd);
  const regoVersion = languageOf(flags);
  const bundles = [...paths].sort().map((name) => ({
    name,
    bundle: loadBundle(name, {
      regoVersion,
      ignore: ignored(flags.ignore),
      directory: terminal.cwd,
      read: readNamedFile,
      followLinks: flags['follow-symlinks'],
      ...(verification === undefined ? {} : { verification }),
    }),
  }));
  for (const { name, bundle } of bundles) {
    if (bundle.hasSignatures && verification === undefined) {
      throw new BundleError('bundle_signature', `bundle ${name}: verification key not provided`);
    }
  }
  const sources = inArchive(
    joined({ modules: new Map(), data: mergeBundles([]) }, bundles),
    bundles,
    terminal,
  );
  return { sources, manifest: mergedManifest(bundles, sources, regoVersion) };
}

/** OPA keeps policies of an archive where they were, and those of a directory under the directory's path. */
function inArchive(
  sources: Sources,
  bundles: readonly { readonly name: string }[],
  terminal: Terminal,
): Sources {
  const archives = bundles
    .map(({ name }) => name)
    .filter((name) => !statSync(resolve(terminal.cwd, name)).isDirectory());
  const modules = [...sources.modules].map(([name, module]) => {
    const archive = archives.find((prefix) => name.startsWith(`${join(prefix)}/`));
    return [archive === undefined ? name : name.slice(join(archive).length + 1), module] as const;
  });
  return { data: sources.data, modules: new Map(modules) };
}

function mergedManifest(
  bundles: readonly { readonly bundle: Bundle }[],
  { modules }: Sources,
  fallback: RegoVersion,
): Manifest {
  const common = fallback === 'v0' ? 0 : 1;
  const [only] = bundles.map(({ bundle }) => bundle.manifest);
  const isOne = bundles.length === 1 && only !== undefined;
  const regoVersion = isOne ? (only.regoVersion ?? common) : common;
  return {
    revision: isOne ? only.revision : '',
    roots: bundles.flatMap(({ bundle }) => bundle.manifest.roots),
    regoVersion,
    fileRegoVersions: fileVersions({ modules }, regoVersion),
    metadata: isOne ? only.metadata : undefined,
  };
}

/** Languages of the files that are not in the bundle's. */
function fileVersions({ modules }: Pick<Sources, 'modules'>, common: 0 | 1): Manifest['fileRegoVersions'] {
  const others = [...modules].filter(([, module]) => (module.regoVersion === 'v0' ? 0 : 1) !== common);
  return new Map(
    others.map(([name, module]) => [`/${name.replace(/^\/+/, '')}`, module.regoVersion === 'v0' ? 0 : 1]),
  );
}

/** With entry points evaluated as far as it goes without an input. */
function optimizedContents(
  { sources, manifest }: Contents,
  input: CompileInput,
  flags: Flags,
  terminal: Terminal,
): Contents {
  const namespace = flags['partial-namespace'];
  const changed = optimized(sources, input, flags, { roots: manifest.roots, namespace }, terminal);
  const roots = rootsContain(manifest.roots, [namespace]) ? manifest.roots : [...manifest.roots, namespace];
  return {
    sources: changed,
    manifest: {
      ...manifest,
      roots,
      revision: '',
      fileRegoVersions: fileVersions(changed, manifest.regoVersion === 0 ? 0 : 1),
    },
  };
}

/** Policies are stored formatted, as OPA does. */
function formatted({ modules, data }: Sources, manifest: Manifest): BundleContent {
  const stored = [...modules]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { text, regoVersion }]) => ({ path, text: format(text, { file: path, regoVersion }) }));
  return { manifest, data, modules: stored };
}
