import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { createSelfSigned } from '@pratique/crypto';
import { readNamedFile } from '@pratique/storage';
import { admissionErrors } from '../errors.ts';

/** Where the serving certificate comes from. */
export type TlsOptions =
  | {
      /** PEM certificate chain and unencrypted private key; both are reread when they change. */
      readonly certFile: string;
      readonly keyFile: string;
      /** PEM of the authority, for `caPem`; default: the chain itself. */
      readonly caFile?: string;
      /** Milliseconds between looks at the files. Default 10 000. */
      readonly reloadMs?: number;
    }
  | {
      /** Given as text, for one kept elsewhere. */
      readonly certificatePem: string;
      readonly privateKeyPem: string;
      readonly caPem: string;
    }
  | {
      /** Makes a throw-away authority and a certificate for these names and addresses. */
      readonly names: readonly string[];
    };

export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
  /** What clients must trust. */
  readonly caPem: string;
  readonly expires: Date;
}

/** @throws TLS_FILES_INVALID; CERTIFICATE_INVALID for names that cannot stand in one */
export function loadCertificate(options: TlsOptions): ServingCertificate {
  if ('names' in options) {
    const { certificatePem, privateKeyPem, caPem } = createSelfSigned({ names: options.names });
    return check(certificatePem, privateKeyPem, caPem);
  }
  if ('certificatePem' in options) return check(options.certificatePem, options.privateKeyPem, options.caPem);
  const cert = readPem(options.certFile);
  return check(cert, readPem(options.keyFile), options.caFile === undefined ? cert : readPem(options.caFile));
}

const maxPemBytes = 1024 * 1024;

function readPem(path: string): string {
  try {
    return new TextDecoder().decode(readNamedFile(path, maxPemBytes));
  } catch (cause) {
    throw admissionErrors.error('TLS_FILES_INVALID', {
      message: `cannot read ${path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      cause,
    });
  }
}

/** Refuses a pair that does not belong together, which while a secret is being replaced is not rare. */
function check(cert: string, key: string, caPem: string): ServingCertificate {
  try {
    createSecureContext({ cert, key });
    return { cert, key, caPem, expires: new Date(new X509Certificate(cert).validTo) };
  } catch (cause) {
    throw admissionErrors.error('TLS_FILES_INVALID', {
      message: 'the certificate and its key cannot be used together',
      cause,
    });
  }
}

/**
 * Looks at the files now and then, and hands over a pair that changed and is valid. Looking is what works on every
 * file system; a Kubernetes secret is replaced by moving a symbolic link far from the file. A pair that is not valid
 * is reported and the old one stays; one that could not be taken up is tried again.
 */
export function watchCertificate(
  options: TlsOptions,
  current: ServingCertificate,
  onChange: (certificate: ServingCertificate) => Promise<void>,
  onProblem: (error: unknown) => void,
): { stop(): Promise<void> } {
  if (!('certFile' in options)) return { stop: async () => {} };
  let serving = current;
  const look = async () => {
    try {
      const next = loadCertificate(options);
      if (next.cert === serving.cert && next.key === serving.key) return;
      await onChange(next);
      serving = next;
    } catch (error) {
      onProblem(error);
    }
  };
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }, options.reloadMs ?? 10_000);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
