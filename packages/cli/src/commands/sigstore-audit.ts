import { resolve } from 'node:path';
import { isJsonObject, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { parseTrustedRoot } from '@pratique/sigstore';
import { auditDirectory, auditUrl, type LogAudit, type SeenTree } from '@pratique/sigstore-server';
import { isThere, replaceFile } from '@pratique/storage';
import { cliErrors } from '../errors.ts';
import { parseFile } from '../program/parse-file.ts';
import type { Run } from '../program/spec.ts';
import type { sigstoreAudit } from '../specs/sigstore-server.ts';

const UNSOUND = 2;

export const run: Run<typeof sigstoreAudit.flags> = async ({ flags, terminal, signal }) => {
  const at = (path: string): string => resolve(terminal.cwd, path);
  const state = flags.state === undefined ? undefined : at(flags.state);
  const seen = state === undefined ? {} : readState(state);
  const audits = await audit(flags, at, seen, signal);
  const sound = audits.every(({ problems }) => problems.length === 0);
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, sound, logs: audits }, null, 2)}\n`);
  } else {
    for (const { name, size, root, problems } of audits) {
      terminal.out(
        `${problems.length === 0 ? 'sound  ' : 'UNSOUND'} ${name}: ${size} entries, root ${root}\n`,
      );
      for (const problem of problems) terminal.out(`        ${problem}\n`);
    }
  }
  if (state !== undefined && sound) {
    const logs = Object.fromEntries(audits.map(({ origin, size, root }) => [origin, { size, root }]));
    replaceFile(state, `${JSON.stringify({ schemaVersion: 1, logs: { ...seen, ...logs } }, null, 2)}\n`);
  }
  return sound ? 0 : UNSOUND;
};

async function audit(
  flags: {
    readonly data: string;
    readonly url: string | undefined;
    readonly 'trusted-root': string | undefined;
  },
  at: (path: string) => string,
  seen: Readonly<Record<string, SeenTree>>,
  signal: AbortSignal,
): Promise<LogAudit[]> {
  const { url, data, 'trusted-root': trustedRoot } = flags;
  if ((url === undefined) !== (trustedRoot === undefined)) {
    throw cliErrors.error('USAGE', {
      message: 'a server is audited with the keys of a trusted root, a directory with its own',
      expected: '--url URL --trusted-root FILE, or --data DIR',
      found: url === undefined ? 'only --trusted-root' : 'only --url',
    });
  }
  if (url === undefined || trustedRoot === undefined) return await auditDirectory(at(data), { seen });
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw cliErrors.error('USAGE', {
      message: 'a server is audited at its URL',
      expected: '--url https://HOST',
      found: printable(url, 200),
    });
  }
  // Before anything is asked: what is wrong with the file is told of the file.
  const root = parseFile(trustedRoot, at('.'), (bytes) => {
    parseTrustedRoot(bytes);
    return bytes;
  });
  return await auditUrl(url.replace(/\/$/, ''), root, { seen, signal });
}

/** The trees of the last audit, by origin. */
function readState(path: string): Readonly<Record<string, SeenTree>> {
  if (!isThere(path)) return {};
  const document = parseFile(path, '', (bytes) => parseJson(bytes, 'the state file'));
  const logs = isJsonObject(document) ? document.logs : undefined;
  const trees = isJsonObject(logs) ? Object.entries(logs) : [];
  const isTree = (value: unknown): boolean =>
    isJsonObject(value) && Number.isSafeInteger(value.size) && typeof value.root === 'string';
  if (!isJsonObject(logs) || !trees.every(([, tree]) => isTree(tree))) {
    throw cliErrors.error('USAGE', {
      message: `${path} is not a state file of \`pratique sigstore audit\``,
      expected: 'the file of an earlier audit, or none',
    });
  }
  return logs as unknown as Readonly<Record<string, SeenTree>>;
}
