import { openOutsideKeys } from '../keys/outside-keys.ts';
import { sigstoreNotes, startPrivateSigstore } from '../private-sigstore/start.ts';
import { serveUntilStopped } from '../program/serve.ts';
import type { Run } from '../program/spec.ts';
import type { sigstoreServe } from '../specs/sigstore-server.ts';

export const run: Run<typeof sigstoreServe.flags> = async ({ flags, terminal, signal }) => {
  const outside = await openOutsideKeys(flags, terminal);
  try {
    const listen = flags.listen ?? '127.0.0.1:5080';
    const server = await startPrivateSigstore({ ...flags, listen }, terminal, outside.keys);
    const { url, logVerifierKeys } = server;
    terminal.err(
      [
        sigstoreNotes(server),
        ...logVerifierKeys['rekor-v2'].map((key) => `Rekor v2: log ${key} ${url}/api/v2\n`),
        ...[...logVerifierKeys.rekor, ...logVerifierKeys.ctlog].map(
          (key) => `for witnesses: --log '${key}'\n`,
        ),
      ].join(''),
    );
    return await serveUntilStopped(
      {
        urls: { sigstore: url, issuer: server.issuer, tuf: `${url}/tuf` },
        close: () => server.close(),
      },
      flags.output,
      terminal,
      signal,
    );
  } finally {
    await outside.close();
  }
};
