/** rpm by itself: what it lists of a database, and the packages that Syft and Trivy find beside ours. */
import { deepEqual } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readSbom } from '../../packages/inspect/src/index.ts';
import type { Context } from './context.ts';
import { describe, run } from './process.ts';

/** rpm's names of its formats: `Packages` in Berkeley DB it only reads. */
export type Backend = 'sqlite' | 'ndb' | 'bdb_ro';

/** What is in the headers is what is asked for, not who signed them. */
const unverified = ['--nosignature', '--nodigest'];

/** Runs a program that this machine must have. */
export async function machine(command: string, args: readonly string[]): Promise<string> {
  const result = await run(command, args).catch((cause: unknown) => {
    throw new Error(`${command} is needed. Try: apt-get install rpm`, { cause });
  });
  if (result.code !== 0) throw new Error(describe(command, args, result));
  return result.stdout;
}

/** Runs rpm on the database in `directory`. */
export async function rpm(
  context: Context,
  directory: string,
  backend: Backend,
  args: readonly string[],
): Promise<string> {
  const database = ['--dbpath', directory, '--define', `_db_backend ${backend}`];
  return await context.ok('rpm', [...database, ...unverified, ...args]);
}

/** Has rpm write the database in `directory` anew, in another format. */
export async function convert(context: Context, directory: string, backend: Backend): Promise<void> {
  const rpmdb = join(dirname(context.tools.rpm), 'rpmdb');
  const database = ['--dbpath', directory, '--define', `_db_backend ${backend}`];
  await context.ok([rpmdb], [...database, ...unverified, '--rebuilddb']);
}

/** `plain 1:3.0-7.el9_4.2 x86_64 tool-2.0-3.el9.src.rpm 5f3c…` (the hash of its header) of each package, as rpm says; what is none is `(none)`. Keys are none. */
export async function listed(
  context: Context,
  directory: string,
  backend: Backend,
): Promise<readonly string[]> {
  const format =
    '%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH} %{SOURCERPM} %{SHA256HEADER}\n';
  const output = await rpm(context, directory, backend, ['-qa', '--qf', format]);
  const lines = output.trim().split('\n');
  return lines.filter((line) => !line.startsWith('gpg-pubkey ')).sort();
}

/** What `pratique sbom` lists is what rpm does. Returns the document. */
export async function compareWithRpm(
  context: Context,
  subject: string,
  installed: readonly string[],
): Promise<string> {
  const document = await context.ok('pratique', ['sbom', '-o', 'cyclonedx-json', subject]);
  const { components } = JSON.parse(document) as {
    components: { purl?: string; hashes?: { content: string }[] }[];
  };
  const hashes = new Map(components.map(({ purl, hashes }) => [purl, hashes?.[0]?.content]));
  const lines = readSbom(new TextEncoder().encode(document)).packages.map((one) => {
    const source = /[?&]upstream=([^&]*)/.exec(one.purl)?.[1] ?? '(none)';
    return `${one.name} ${one.version} ${one.architecture ?? '(none)'} ${decodeURIComponent(source)} ${hashes.get(one.purl) ?? '(none)'}`;
  });
  deepEqual(lines.sort(), installed, 'rpm');
  return document;
}

/** What is in the document is what Syft and Trivy find: in `dir` by the names they have for what it is. */
export async function compareWithOthers(
  context: Context,
  document: string,
  subject: { readonly syft: string; readonly trivy: readonly string[] },
): Promise<void> {
  const directory = context.scratch();
  const at = (name: string) => join(directory, `${name}.json`);
  writeFileSync(at('ours'), document);
  await context.ok('syft', ['scan', subject.syft, '-q', '-o', `cyclonedx-json=${at('syft')}`], {
    env: { SYFT_CHECK_FOR_APP_UPDATE: 'false' },
  });
  const trivy = ['--offline-scan', '--list-all-pkgs', '--format', 'cyclonedx', '-q', '-o', at('trivy')];
  const [command, ...where] = subject.trivy;
  await context.ok('trivy', [command!, '--cache-dir', join(directory, 'cache'), ...trivy, ...where]);
  const packagesOf = (name: string) =>
    readSbom(new Uint8Array(readFileSync(at(name)))).packages.filter(({ name }) => name !== 'gpg-pubkey');
  // It names SUSE's packages by the product. The definition of rpm in purl-spec, and Trivy, name whose they are.
  const purls = (name: string) =>
    packagesOf(name)
      .map(({ purl }) => purl.replace('pkg:rpm/sles/', 'pkg:rpm/suse/'))
      .sort();
  deepEqual(purls('ours'), purls('syft'), 'Syft');
  // It leaves out an epoch that is 0.
  const short = (name: string) =>
    packagesOf(name)
      .map((one) => `${one.name} ${one.version.replace(/^0:/, '')} ${one.architecture}`)
      .sort();
  deepEqual(short('ours'), short('trivy'), 'Trivy');
}
