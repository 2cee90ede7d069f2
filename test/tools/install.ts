/**
 * Installs the foreign tools the proofs run against: `node test/tools/install.ts [TOOL…]`. What is on PATH at an
 * acceptable version is used as it is; the rest is built or installed. A tool that cannot be had is an error: a
 * proof that skips its peer proves nothing.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import {
  type GoModule,
  type GoSource,
  isAcceptable,
  isToolName,
  type Tool,
  type ToolName,
  toolNames,
  tools,
  versionIn,
} from './catalog.ts';
import { capture, moveIntoPlace } from './command.ts';
import { buildCosignWithPiv } from './cosign-piv.ts';
import { unpackDebianTool } from './debian.ts';
import { buildGoProgram, buildGoTool, fetchGoModule } from './go.ts';
import { withLock } from './lock.ts';
import { unpackNpmTool } from './npm.ts';

/** Where each tool asked for is: absolute paths. */
export type ToolPaths<Name extends ToolName = ToolName> = Readonly<Record<Name, string>>;

/** The file name of a tool's program. */
function programOf(name: ToolName): string {
  const tool: Tool = tools[name];
  return 'program' in tool ? (tool.program ?? name) : name;
}

/** The tool as found on PATH (or where Debian puts daemons), when its version will do. */
function findInstalled(name: ToolName): string | undefined {
  const tool: Tool = tools[name];
  if (tool.kind === 'npm' || tool.kind === 'cosign-piv' || tool.versionArguments === undefined)
    return undefined;
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin'];
  for (const directory of new Set(directories.filter((path) => path.startsWith('/')))) {
    const path = join(directory, programOf(name));
    if (!existsSync(path)) continue;
    const version = versionIn(capture(path, tool.versionArguments) ?? '');
    if (version !== undefined && isAcceptable(tool, version)) return path;
  }
  return undefined;
}

/** The tool in the cache, put there first where it is not. */
async function install(cache: string, name: ToolName): Promise<string> {
  const tool: Tool = tools[name];
  const home = join(cache, tool.kind === 'debian' ? `${name}-${tool.release}` : `${name}-${tool.version}`);
  const path = join(home, 'bin', programOf(name));
  if (existsSync(path)) return path;
  return await withLock(`${home}.lock`, async () => {
    if (!existsSync(path)) {
      if (tool.kind === 'go') await buildGoTool(cache, home, tool.module, tool.version);
      else if (tool.kind === 'go-source') await buildGoSource(cache, home, name, tool);
      else if (tool.kind === 'go-module') await buildGoModule(cache, home, name, tool);
      else if (tool.kind === 'cosign-piv') await buildCosignWithPiv(cache, home, tool.version);
      else if (tool.kind === 'npm') unpackNpmTool(home, name, tool);
      else {
        const programs = [programOf(name), ...(tool.others ?? [])];
        unpackDebianTool(home, programs, tool.release, tool.packages, tool.versionArguments);
      }
    }
    return path;
  });
}

async function buildGoSource(cache: string, home: string, name: string, tool: GoSource): Promise<void> {
  process.stderr.write(`Building ${name} ${tool.version} (minutes, once)\n`);
  const source = await fetchGoModule(cache, tool.module, tool.version, tool.sum);
  await buildInto(home, (staging) =>
    buildGoProgram(cache, join(source, tool.directory), join(staging, 'bin', name), ['-ldflags', '-s -w']),
  );
}

async function buildGoModule(cache: string, home: string, name: string, tool: GoModule): Promise<void> {
  const { directory, version, versionVariable } = tool;
  process.stderr.write(`Building ${name} ${version} (minutes, once)\n`);
  const named = versionVariable === undefined ? '' : ` -X ${versionVariable}=v${version}`;
  const source = fileURLToPath(new URL(directory, import.meta.url));
  await buildInto(home, (staging) =>
    buildGoProgram(cache, source, join(staging, 'bin', name), ['-ldflags', `-s -w${named}`]),
  );
}

/** Builds beside where it is to be, so that an interrupted build leaves nothing there. */
async function buildInto(home: string, build: (staging: string) => Promise<void>): Promise<void> {
  const staging = mkdtempSync(`${home}.`);
  try {
    mkdirSync(join(staging, 'bin'));
    await build(staging);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
  moveIntoPlace(staging, home);
}

/** Installs what is missing of `names` and returns where each is. */
export async function installTools<Name extends ToolName>(names: readonly Name[]): Promise<ToolPaths<Name>> {
  const cache = join(cacheDirectory(), 'tools');
  mkdirSync(cache, { recursive: true });
  const paths: Partial<Record<Name, string>> = {};
  for (const name of names) paths[name] = findInstalled(name) ?? (await install(cache, name));
  return paths as ToolPaths<Name>;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !isToolName(name));
  if (unknown.length > 0) {
    process.stderr.write(`Unknown: ${unknown.join(', ')}. Known: ${toolNames.join(', ')}\n`);
    process.exit(3);
  }
  try {
    const paths = await installTools(asked.length > 0 ? asked.filter(isToolName) : toolNames);
    for (const [name, path] of Object.entries(paths)) process.stdout.write(`${name}\t${path}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
