import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { hostCheck } from './index.ts';

async function checkOf(address: string, ...names: string[]) {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, address);
  await once(server, 'listening');
  return hostCheck(server, names);
}

test.each([
  'evil.example',
  'evil.example:5000',
  '127.0.0.1.evil.example:5000',
  'localhost.evil.example',
  'notlocalhost',
  'registry.local.evil.example',
  'registry.local@evil.example',
  'evil.example:5000:registry.local',
  '[evil.example]',
  '[::1].evil.example',
  '',
  ':5000',
])('on loopback, the name of a web page is not a name of the server: %j', async (header) => {
  expect((await checkOf('127.0.0.1', 'registry.local'))(header)).toBe(false);
});

test.each([
  'localhost',
  'LocalHost:5000',
  'localhost.:5000',
  'app.localhost:5000',
  '127.0.0.1:5000',
  '127.8.9.1',
  '[::1]:5000',
  '[::ffff:7f00:1]',
  '10.1.2.3:5000',
  'registry.local:5000',
  'Registry.Local',
  undefined,
])('on loopback, a server answers to its own names and to addresses: %j', async (header) => {
  expect((await checkOf('127.0.0.1', 'Registry.local'))(header)).toBe(true);
});

test('a server on other addresses is found under names that it need not know', async () => {
  expect((await checkOf('0.0.0.0'))('registry.example.com:5000')).toBe(true);
  expect((await checkOf('localhost'))('registry.example.com:5000')).toBe(false);
});
