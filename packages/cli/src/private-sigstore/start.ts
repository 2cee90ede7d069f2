import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseWitnessPolicy } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import {
  type IssuerConfiguration,
  type LogName,
  type SigstoreServer,
  type SigstoreServerOptions,
  startSigstoreServer,
} from '@pratique/sigstore-server';
import { readYaml, YamlError } from '@pratique/yaml';
import { cliErrors } from '../errors.ts';
import { readPassphrase } from '../keys/passphrase-file.ts';
import { readText } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';

/** What the flags of a command say of the private Sigstore. */
export interface PrivateSigstoreFlags {
  readonly listen: string;
  readonly 'allowed-host': readonly string[];
  readonly data: string;
  readonly url: string | undefined;
  readonly person: readonly string[];
  readonly issuers: string | undefined;
  readonly 'passphrase-file': string | undefined;
  readonly 'witness-policy'?: string | undefined;
  readonly witnessed?: readonly string[];
  readonly 'rate-limit'?: number | undefined;
}

/** Starts a private Sigstore on a directory. Requests that end in a fault are told on standard error. */
export async function startPrivateSigstore(
  flags: PrivateSigstoreFlags,
  terminal: Terminal,
  outsideKeys?: SigstoreServerOptions['outsideKeys'],
): Promise<SigstoreServer> {
  const read = (file: string): string => readText(file, terminal.cwd);
  const passphrase = readPassphrase(flags['passphrase-file'], terminal);
  const { 'witness-policy': policy, witnessed = [], 'rate-limit': rateLimit } = flags;
  return await startSigstoreServer({
    listen: flags.listen,
    allowedHosts: flags['allowed-host'],
    directory: resolve(terminal.cwd, flags.data),
    people: flags.person,
    ...(outsideKeys === undefined ? {} : { outsideKeys }),
    ...(flags.url ? { url: flags.url } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(flags.issuers ? { issuers: readIssuers(read(flags.issuers), flags.issuers) } : {}),
    ...(policy ? { witnesses: parseWitnessPolicy(read(policy)) } : {}),
    ...(witnessed.length === 0 ? {} : { witnessed: witnessed as LogName[] }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    log: ({ method, path, status, milliseconds, fault }) => {
      if (status >= 500)
        terminal.err(
          `${method} ${printable(path)} ${status} ${milliseconds.toFixed(1)} ms ${fault instanceof Error ? fault.message : ''}\n`,
        );
    },
  });
}

/** Where its trust and its people's secrets are, and how clients take the trust over. */
export function sigstoreNotes({ url, trustedRootFile, peopleFile }: SigstoreServer): string {
  const people = existsSync(peopleFile)
    ? `secrets of people: ${peopleFile}`
    : 'no people yet: --person EMAIL names one';
  return `trusted root: ${trustedRootFile}\n${people}\nto trust it, also with cosign: pratique initialize --mirror ${url}/tuf --root ${url}/tuf/root.json\n`;
}

/**
 * Fulcio's configuration names its CI systems by aliases, also as keys (`*github-type:`), where Go's reader ends the
 * alias at the colon and YAML 1.2 does not.
 */
function readIssuers(text: string, name: string): IssuerConfiguration {
  try {
    return readYaml(text.replace(/^(\s*\*[\w-]+):/gm, '$1 :'), { maxAliases: 200 }) as IssuerConfiguration;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw cliErrors.error('CONFIG_INVALID', { message: `${printable(name)}: ${printable(error.text, 300)}` });
  }
}
