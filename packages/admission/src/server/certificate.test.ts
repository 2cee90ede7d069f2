import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import { afterAll, expect, test } from 'vitest';
import { send } from '../testing/client.ts';
import { fakeGate, podOf, requestFor, reviewOf } from '../testing/gate.ts';
import { startAdmission } from './start.ts';

const folder = mkdtempSync(join(tmpdir(), 'pratique-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const certFile = join(folder, 'tls.crt');
const keyFile = join(folder, 'tls.key');

function write(pair: ReturnType<typeof createSelfSigned>): void {
  writeFileSync(certFile, pair.certificatePem);
  writeFileSync(keyFile, pair.privateKeyPem);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a certificate that is replaced is served without a restart; half of a pair is not', async () => {
  const first = createSelfSigned({ names: ['127.0.0.1'] });
  const second = createSelfSigned({ names: ['127.0.0.1'] });
  write(first);
  const problems: unknown[] = [];
  const exchanged: Date[] = [];
  const admission = await startAdmission({
    gate: fakeGate(),
    listen: '127.0.0.1:0',
    tls: { certFile, keyFile, reloadMs: 20 },
    log: { problem: (error) => problems.push(error), certificate: (expires) => exchanged.push(expires) },
  });
  const health = (ca: string) => send(`${admission.url}/healthz`, ca, undefined).then(({ status }) => status);
  expect(await health(first.caPem)).toBe(200);
  await expect(health(second.caPem)).rejects.toThrow();

  writeFileSync(certFile, second.certificatePem);
  await until(() => problems.length > 0);
  expect(problems[0]).toMatchObject({ code: 'TLS_FILES_INVALID' });
  expect(await health(first.caPem)).toBe(200);

  write(second);
  await until(() => exchanged.length > 0);
  expect(await health(second.caPem)).toBe(200);
  await expect(health(first.caPem)).rejects.toThrow();
  await admission.close();
});

test('files that are missing or do not belong together are refused at the start', async () => {
  const start = () =>
    startAdmission({
      gate: fakeGate(),
      listen: '127.0.0.1:0',
      tls: { certFile, keyFile: join(folder, 'no') },
    });
  await expect(start()).rejects.toMatchObject({ code: 'TLS_FILES_INVALID' });
  writeFileSync(join(folder, 'no'), createSelfSigned({ names: ['a'] }).privateKeyPem);
  await expect(start()).rejects.toMatchObject({ code: 'TLS_FILES_INVALID' });
});

test('a request that is being decided while the certificate is exchanged is answered', async () => {
  const first = createSelfSigned({ names: ['127.0.0.1'] });
  const second = createSelfSigned({ names: ['127.0.0.1'] });
  write(first);
  const pod = podOf({ containers: [{ name: 'a', image: 'signed:1' }] });
  const review = JSON.stringify(reviewOf(requestFor(pod)));
  const asked = Promise.withResolvers<void>();
  const decided = Promise.withResolvers<void>();
  const exchanged = Promise.withResolvers<Date>();
  const gate = fakeGate();
  const admission = await startAdmission({
    gate: {
      ...gate,
      async reviewRequest(...args) {
        asked.resolve();
        await decided.promise;
        return await gate.reviewRequest(...args);
      },
    },
    listen: '127.0.0.1:0',
    tls: { certFile, keyFile, reloadMs: 20 },
    log: { certificate: exchanged.resolve },
  });
  const answer = send(`${admission.url}/validate`, first.caPem, review);
  await asked.promise;
  write(second);
  await exchanged.promise;
  expect((await send(`${admission.url}/healthz`, second.caPem, undefined)).status).toBe(200);
  decided.resolve();
  expect((await answer).status).toBe(200);
  await admission.close();
  await expect(send(`${admission.url}/healthz`, second.caPem, undefined)).rejects.toThrow();
});
