import { generateSigningKey } from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { askAs, hashedRekord, hashedRekordV2, post, start, temporaryDirectory } from '../testing/client.ts';

const key = generateSigningKey();

async function serve(rateLimit?: number) {
  const directory = temporaryDirectory(onTestFinished);
  const server = await start(directory, rateLimit === undefined ? {} : { rateLimit });
  onTestFinished(() => server.close());
  return server.url;
}

test('a server that takes entries is healthy and ready, and shows what it did', async () => {
  const url = await serve();
  await post(`${url}/api/v2/log/entries`, hashedRekordV2('one', key));
  await post(`${url}/api/v2/log/entries`, { 'pratique_evil{': 1 });
  for (const path of ['/healthz', '/readyz']) expect((await fetch(url + path)).status).toBe(200);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('pratique_sigstore_log_entries{log="rekor-v2"} 1');
  expect(text).toContain('pratique_sigstore_log_writable{log="ctlog"} 1');
  expect(text).toContain('pratique_sigstore_requests_total{service="rekor-v2",status="2xx"} 1');
  expect(text).toContain('pratique_sigstore_requests_total{service="rekor-v2",status="4xx"} 1');
  expect(text).not.toContain('evil');
});

test('an address that writes too often is told to wait, and can still read', async () => {
  const url = await serve(1);
  const add = (name: string) => post(`${url}/api/v1/log/entries`, hashedRekord(name, key));
  const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(add));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]!.headers.get('retry-after')).toBe('1');
  expect((await fetch(`${url}/api/v1/log`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test('a web page cannot reach a private Sigstore on loopback under its own name', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const before = await start(directory);
  await before.close();
  const server = await start(directory, {
    listen: new URL(before.url).host,
    url: 'https://sigstore.example.com/s',
    allowedHosts: ['sigstore.local'],
  });
  onTestFinished(() => server.close());
  for (const path of ['/oidc/authorize', '/api/v1/log', '/tuf/root.json', '/metrics', '/healthz', '/other'])
    expect(await askAs('evil.example', before.url + path)).toBe(421);
  for (const name of ['sigstore.example.com', 'sigstore.local', 'localhost', '127.0.0.1'])
    expect(await askAs(name, `${before.url}/api/v1/log`)).toBe(200);
});
