import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { formatVerifierKey, parseVerifierKey } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { type HostCheck, hostCheck, lockDirectory, makeDirectories } from '@pratique/storage';
import { Hono } from 'hono';
import { sigstoreServerErrors } from '../errors.ts';
import { createBoundedServer, listen, parseListen, requireOwnName, stop } from '../http/listener.ts';
import { Refusal } from '../http/refusal.ts';
import { readBody } from '../http/request.ts';
import { loadKey } from '../store/keys.ts';
import { Conflict, type WitnessedLogKey, WitnessKeeper } from './witness.ts';

export interface WitnessServerOptions {
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly listen: string;
  /** Where the key and the last checkpoint of each log are kept; made when it is not there. */
  readonly directory: string;
  /** The witness’s name, a URL without its scheme by custom: `witness.example.com/w1`. */
  readonly name: string;
  /**
   * Verifier keys of the logs (C2SP `signed-note`), each after the log’s origin and a space where that is not the key’s
   * name: the origins of Rekor v1 have spaces, which names have not.
   */
  readonly logs: readonly string[];
  /**
   * Names under which a witness on loopback may be asked, besides those in `listen` and `name`, addresses and `localhost`: any
   * other `Host` is answered 421, since it may be the name of a web page (DNS rebinding).
   */
  readonly allowedHosts?: readonly string[];
  /** Encrypts the key. Given at the first start, it is needed at every one after. */
  readonly passphrase?: string;
}

export interface WitnessServer {
  /** The submission prefix, for logs. */
  readonly url: string;
  /** For verifiers: the witness’s name and key. */
  readonly verifierKey: string;
  close(): Promise<void>;
}

/** `VKEY` or `ORIGIN VKEY`. */
function readLog(text: string): WitnessedLogKey {
  const end = text.lastIndexOf(' ');
  const verifier = parseVerifierKey(text.slice(end + 1));
  return { origin: end < 0 ? verifier.name : text.slice(0, end), verifier };
}

/** A checkpoint with all its signatures and a proof. */
const maxBodyBytes = 64 * 1024;

/**
 * Starts a witness (C2SP `tlog-witness`) on a directory.
 *
 * @throws SIGSTORE_SERVER_LISTEN_INVALID, SIGSTORE_SERVER_LISTEN_FAILED, SIGSTORE_SERVER_OPTION_INVALID,
 *   SIGSTORE_SERVER_DIRECTORY_IN_USE, NOTE_INVALID, KEY_PASSWORD_WRONG
 */
export async function startWitness(options: WitnessServerOptions): Promise<WitnessServer> {
  const { directory, name, passphrase } = options;
  const { host, port } = parseListen(options.listen);
  const logs = options.logs.map(readLog);
  if (!/^[^\s+]{1,255}$/u.test(name) || logs.some(({ verifier }) => verifier.role !== 'log')) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
      message: 'a witness has a name without spaces and plus signs, and keys of logs',
      found: printable(name, 255),
    });
  }
  makeDirectories(directory, 0o700);
  const unlock = await lockDirectory(directory, 'witness');
  if (unlock === undefined) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DIRECTORY_IN_USE', {
      message: `another process serves ${printable(directory)}`,
    });
  }
  const server = createBoundedServer();
  try {
    const key = loadKey(join(directory, 'keys'), 'witness', passphrase);
    const keeper = new WitnessKeeper({ directory, name, key, logs });
    const names = [host, name.split(/[/:]/, 1)[0]!, ...(options.allowedHosts ?? [])];
    const routes = witnessRoutes(keeper, hostCheck(server, names));
    server.on('request', getRequestListener(routes.fetch, { overrideGlobalObjects: false }));
    await listen(server, host, port, options.listen);
    const bound = server.address() as AddressInfo;
    let closing: Promise<void> | undefined;
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
      verifierKey: formatVerifierKey({ name, key: key.publicKey, role: 'witness' }),
      close: () => {
        closing ??= stop(server).then(unlock);
        return closing;
      },
    };
  } catch (error) {
    server.close();
    await unlock();
    throw error;
  }
}

function witnessRoutes(keeper: WitnessKeeper, mayBeCalled: HostCheck): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(requireOwnName(mayBeCalled));
  app.get('/healthz', (context) => context.text('ok\n'));
  app.post('/add-checkpoint', async (context) => {
    const bytes = await readBody(context.env.incoming, maxBodyBytes);
    return context.text(keeper.addCheckpoint(new TextDecoder().decode(bytes), new Date()));
  });
  app.onError((error, context) => {
    context.header('connection', 'close');
    if (error instanceof Conflict)
      return context.body(`${error.size}\n`, 409, { 'content-type': 'text/x.tlog.size' });
    if (error instanceof Refusal) return context.text(`${error.message}\n`, error.status);
    return context.text('something unexpected went wrong\n', 500);
  });
  return app;
}
