import { resolve } from 'node:path';
import { parseWitnessPolicy } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { type IssuerConfiguration, type LogName, startSigstoreServer } from '@pratique/sigstore-server';
import { parse } from 'yaml';
import { openOutsideKeys } from '../keys/outside-keys.ts';
import { readPassphrase } from '../keys/passphrase-file.ts';
import { readText } from '../program/read-file.ts';
import { serveUntilStopped } from '../program/serve.ts';
import type { Run } from '../program/spec.ts';
import type { sigstoreServe } from '../specs/sigstore-server.ts';

export const run: Run<typeof sigstoreServe.flags> = async ({ flags, terminal, signal }) => {
  const read = (file: string): string => readText(file, terminal.cwd);
  const passphrase = readPassphrase(flags['passphrase-file'], terminal);
  const policy = flags['witness-policy'];
  const directory = resolve(terminal.cwd, flags.data);
  const outside = await openOutsideKeys(flags, terminal);
  try {
    const server = await startSigstoreServer({
      listen: flags.listen ?? '127.0.0.1:5080',
      directory,
      people: flags.person,
      outsideKeys: outside.keys,
      ...(flags.url ? { url: flags.url } : {}),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(flags.issuers ? { issuers: readIssuers(read(flags.issuers)) } : {}),
      ...(policy ? { witnesses: parseWitnessPolicy(read(policy)) } : {}),
      ...(flags.witnessed.length === 0 ? {} : { witnessed: flags.witnessed as LogName[] }),
      ...(flags['rate-limit'] === undefined ? {} : { rateLimit: flags['rate-limit'] }),
      log: ({ method, path, status, milliseconds, fault }) => {
        if (status >= 500)
          terminal.err(
            `${method} ${printable(path)} ${status} ${milliseconds.toFixed(1)} ms ${fault instanceof Error ? fault.message : ''}\n`,
          );
      },
    });
    terminal.err(
      `trusted root: ${server.trustedRootFile}\nsecrets of people: ${server.peopleFile}\n${server.logVerifierKeys['rekor-v2'].map((vkey) => `Rekor v2: log ${vkey} ${server.url}/api/v2\n`).join('')}${[...server.logVerifierKeys.rekor, ...server.logVerifierKeys.ctlog].map((key) => `for witnesses: --log '${key}'\n`).join('')}to trust it, also with cosign: pratique initialize --mirror ${server.url}/tuf --root ${server.url}/tuf/root.json\n`,
    );
    return await serveUntilStopped(
      {
        urls: { sigstore: server.url, issuer: server.issuer, tuf: `${server.url}/tuf` },
        close: () => server.close(),
      },
      flags.output,
      terminal,
      signal,
    );
  } finally {
    outside.close();
  }
};

/**
 * Fulcio's configuration names its CI systems by aliases, also as keys (`*github-type:`), where Go's reader ends the
 * alias at the colon and YAML 1.2 does not.
 */
function readIssuers(text: string): IssuerConfiguration {
  return parse(text.replace(/^(\s*\*[\w-]+):/gm, '$1 :'), { maxAliasCount: 200 }) as IssuerConfiguration;
}
