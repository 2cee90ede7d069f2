import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { FetchExchange, fetchChannel } from '@pratique/oci';
import { programFlags } from '../specs/shared.ts';
import type { CommandSpec } from './spec.ts';
import type { Terminal } from './terminal.ts';
import { writeFile } from './write-file.ts';

/** The values of {@link programFlags}, for a command that has them; another command may call its own the same. */
export function programFlagsOf(
  command: CommandSpec,
  flags: Readonly<Record<string, unknown>>,
): { timeout: string | undefined; verbose: boolean; outputFile: string | undefined } {
  const value = (name: keyof typeof programFlags) =>
    command.flags[name] === programFlags[name] ? flags[name] : undefined;
  return {
    timeout: value('timeout') as string | undefined,
    verbose: value('verbose') === true,
    outputFile: value('output-file') as string | undefined,
  };
}

/** The terminal with its standard output in a file, which is made anew. */
export function writingTo(file: string, terminal: Terminal): Terminal {
  writeFile(file, '', terminal.cwd);
  return Object.assign(Object.create(terminal) as Terminal, {
    out: (text: string) => writeFile(file, text, terminal.cwd, { flag: 'a' }),
    err: (text: string) => terminal.err(text),
  });
}

interface Exchange {
  readonly request: ClientRequest;
  readonly response?: IncomingMessage;
  readonly error?: Error & { readonly code?: string };
}

/** Names every HTTP request of this process, and what came of it. Queries are left out: they may hold signatures. */
export function nameRequests(terminal: Terminal): void {
  const tell = ({ request, response, error }: Exchange) => {
    const path = request.path.replace(/[?#].*$/s, '');
    const outcome = response?.statusCode ?? error?.code ?? 'failed';
    terminal.err(`${request.method} ${request.protocol}//${request.getHeader('host')}${path} ${outcome}\n`);
  };
  for (const channel of ['http.client.response.finish', 'http.client.request.error'])
    subscribe(channel, (exchange) => tell(exchange as Exchange));
  // By its name: most commands load nothing of registries.
  subscribe('pratique.fetch' satisfies typeof fetchChannel, (exchange) => {
    const { method, url, outcome } = exchange as FetchExchange;
    terminal.err(`${method} ${url.protocol}//${url.host}${url.pathname} ${outcome}\n`);
  });
}
