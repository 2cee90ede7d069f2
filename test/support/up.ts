/** `pratique up` in a process of its own: registry, private Sigstore and webhook on one directory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pratique } from './pratique.ts';
import { startServer } from './process.ts';

export interface Up {
  /** `127.0.0.1:PORT` */
  readonly registry: string;
  /** Of the Sigstore: `http://127.0.0.1:PORT` */
  readonly sigstore: string;
  /** Of the webhook: `https://127.0.0.1:PORT` */
  readonly url: string;
  /** PEM of the CA that the webhook's certificate was issued by. */
  readonly ca: string;
  stop(): Promise<void>;
}

/** @param addresses where the registry and the Sigstore listen, when they were there before */
export async function startUp(
  directory: string,
  people: readonly string[],
  addresses = { registry: '127.0.0.1:0', sigstore: '127.0.0.1:0' },
): Promise<Up> {
  const [command, ...prefix] = pratique;
  const listen = ['--listen', addresses.registry, '--sigstore-listen', addresses.sigstore];
  listen.push('--admission-listen', '127.0.0.1:0');
  const persons = people.flatMap((person) => ['--person', person]);
  const server = await startServer(
    command,
    [...prefix, 'up', '--data', directory, ...listen, ...persons, '-o', 'json'],
    /^\{"ready":true.*\}$/m,
  );
  const { urls } = JSON.parse(server.match[0]) as {
    readonly urls: Readonly<Record<'registry' | 'sigstore' | 'admission', string>>;
  };
  return {
    registry: new URL(urls.registry).host,
    sigstore: urls.sigstore,
    url: urls.admission,
    ca: readFileSync(join(directory, 'admission', 'ca.crt'), 'utf8'),
    stop: server.stop,
  };
}
