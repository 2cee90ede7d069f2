import { encodeBase64, generateSigningKey, type SigningKey } from '@pratique/crypto';
import { type Evidence, type EvidenceItem, formatSimpleSigning, type Trust } from '@pratique/sigstore';
import { expect, test } from 'vitest';
import { type AskLog, withLogEntries } from './unlogged-signatures.ts';

const digest = `sha256:${'a1'.repeat(32)}` as const;
const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 };
const key = generateSigningKey();
const log = {
  id: '00'.repeat(32),
  key: generateSigningKey().publicKey,
  baseUrl: 'https://log.test',
  validFrom: new Date(0),
};
const trust: Trust = { keys: [{ name: 'key', key: key.publicKey }], logs: [log] };
const source = { format: 'cosign-tag', manifest: digest } as const;

function signed(number: number, by: SigningKey = key, about: string = digest): EvidenceItem {
  const payload = formatSimpleSigning('registry.test/app', about, { number: String(number) });
  const annotations = { 'dev.cosignproject.cosign/signature': encodeBase64(by.sign(payload)) };
  return { kind: 'simple-signing', source, payload, annotations };
}

/** What the log is asked, for this evidence. */
async function questions(items: readonly EvidenceItem[], believed: Trust = trust): Promise<number> {
  let asked = 0;
  const ask: AskLog = async () => {
    asked++;
    return undefined;
  };
  const evidence: Evidence = { subject, items, skipped: [] };
  const whole = await withLogEntries(evidence, believed, {}, ask);
  expect(whole.items).toEqual(items);
  return asked;
}

test('the log is asked for each signature once, and for no more than 32 of them', async () => {
  const many = Array.from({ length: 40 }, (_, number) => signed(number));
  expect(await questions(many.slice(0, 3))).toBe(3);
  expect(await questions([many[0]!, many[0]!, many[0]!])).toBe(1);
  expect(await questions(many)).toBe(32);
});

test('the log is not asked for what is refused anyway', async () => {
  expect(await questions([signed(1, generateSigningKey())])).toBe(0);
  expect(await questions([signed(1, key, `sha256:${'b2'.repeat(32)}`)])).toBe(0);
  expect(await questions([{ kind: 'bundle', source, bytes: new Uint8Array() }])).toBe(0);
  const item = signed(1) as Extract<EvidenceItem, { kind: 'simple-signing' }>;
  const entry = { 'dev.sigstore.cosign/bundle': '{}' };
  expect(await questions([{ ...item, annotations: { ...item.annotations, ...entry } }])).toBe(0);
});

test('a log that does not answer is a fault', async () => {
  const evidence: Evidence = { subject, items: [signed(1)], skipped: [] };
  const down: AskLog = () => Promise.reject(new Error('down'));
  const asked = await Promise.allSettled([withLogEntries(evidence, trust, {}, down)]);
  expect(asked).toEqual([{ status: 'rejected', reason: new Error('down') }]);
  expect(await withLogEntries(evidence, trust, {}, null)).toBe(evidence);
});
