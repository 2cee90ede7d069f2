import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { printable } from '@pratique/errors';
import * as storage from '@pratique/storage';
import { admissionErrors } from '../errors.ts';
import { createRoutes, type Service } from './app.ts';
import { loadCertificate, type ServingCertificate, watchCertificate } from './certificate.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type AdmissionOptions, defaultLimits } from './options.ts';

/** A running webhook. */
export interface Admission {
  /** `https://127.0.0.1:8443` */
  readonly url: string;
  /** PEM of what the API server must trust: `caBundle` of the webhook configuration. */
  readonly caPem: string;
  /** Answers what is under way, refuses what is new, and resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Starts the admission webhook over HTTPS: `POST /validate` and `/mutate` (AdmissionReview v1), `GET /healthz`,
 * `/readyz` and `/metrics`.
 *
 * @throws TLS_FILES_INVALID, LISTEN_INVALID, LISTEN_FAILED
 */
export async function startAdmission(options: AdmissionOptions): Promise<Admission> {
  const { host, port } = parseListen(options.listen);
  const certificate = loadCertificate(options.tls);
  const metrics: Metrics = createMetrics(
    () => options.gate.cacheStats,
    () => service.inFlight,
    options.decisionLogStats,
  );
  const limits = { ...defaultLimits, ...options.limits };
  const budget = new storage.ByteBudget(limits.bodiesBytes);
  const service: Service = { options, limits, metrics, budget, inFlight: 0, closing: false };
  let server = createHttpsServer(service, certificate);
  metrics.certificateExpires(certificate.expires);
  await listen(server, host, port, options.listen);
  const bound = server.address() as AddressInfo;
  const leaving = new Set<Promise<void>>();
  /** Bun's servers keep the certificate they began with: another one takes the port over, and the old one answers what it has. */
  const takeOver = async (next: ServingCertificate) => {
    const old = storage.stop(server, limits.closeMs).finally(() => leaving.delete(old));
    leaving.add(old);
    server = createHttpsServer(service, next);
    await listen(server, host, bound.port, options.listen);
  };
  const watch = watchCertificate(
    options.tls,
    certificate,
    async (next) => {
      if (typeof server.setSecureContext !== 'function') await takeOver(next);
      else server.setSecureContext({ cert: next.cert, key: next.key, minVersion: 'TLSv1.2' });
      metrics.certificateExpires(next.expires);
      options.log?.certificate?.(next.expires);
    },
    (error) => options.log?.problem?.(error),
  );
  let closing: Promise<void> | undefined;
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    caPem: certificate.caPem,
    close() {
      service.closing = true;
      closing ??= watch
        .stop()
        .then(() => Promise.all([storage.stop(server, limits.closeMs), ...leaving]))
        .then(() => {});
      return closing;
    },
  };
}

function createHttpsServer(service: Service, { cert, key }: ServingCertificate): Server {
  const { limits } = service;
  const listener = getRequestListener(createRoutes(service).fetch, { overrideGlobalObjects: false });
  const server = createServer({
    cert,
    key,
    minVersion: 'TLSv1.2',
    handshakeTimeout: 5_000,
    headersTimeout: 5_000,
    requestTimeout: limits.bodyTimeoutMs + 5_000,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 75_000,
  });
  storage.boundConnections(server, limits.maxConnections);
  // Also of a client that does not read its answer.
  server.timeout = 75_000;
  server.on('request', (incoming, outgoing: ServerResponse) => {
    if (service.closing) outgoing.setHeader('connection', 'close');
    void listener(incoming, outgoing);
  });
  return server;
}

/** @throws LISTEN_INVALID */
function parseListen(text: string): { readonly host: string; readonly port: number } {
  const parsed = storage.parseListen(text);
  if (parsed !== undefined) return parsed;
  throw admissionErrors.error('LISTEN_INVALID', {
    message: `${printable(text)} is not an address to listen on`,
    expected: 'HOST:PORT, such as 127.0.0.1:8443 or [::1]:0',
    found: printable(text),
  });
}

/** @throws LISTEN_FAILED */
async function listen(server: Server, host: string, port: number, text: string): Promise<void> {
  try {
    await storage.listen(server, host, port);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw admissionErrors.error('LISTEN_FAILED', {
      message: `cannot listen on ${printable(text)} (${code ?? 'unknown error'})`,
      found: code,
      cause,
    });
  }
}
