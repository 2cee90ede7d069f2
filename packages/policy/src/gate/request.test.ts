import { expect, test } from 'vitest';
import { policyErrors } from '../errors.ts';
import {
  authorities,
  digestOfText,
  fakeEngine,
  fakeRegistry,
  signatureBy,
  trustFrom,
} from '../testing/fakes.ts';
import { createGate } from './gate.ts';

const pod = { kind: 'Pod', namespace: 'web', name: 'front', input: { uid: '1' }, object: null };

/** A gate whose engine is elsewhere, and says of requests what `evaluate` does. */
function gateWith(evaluate: () => Promise<never>) {
  const { openRepository, stations } = fakeRegistry({ tags: {}, signatures: {} });
  const problems: unknown[] = [];
  const gate = createGate({
    trust: trustFrom(''),
    engine: { digest: fakeEngine().digest, evaluate },
    openRepository,
    stations,
    localRegistries: 'ask',
    onInternalError: (error) => problems.push(error),
  });
  return { gate, problems };
}

test('an engine that never answers is a reasoned denial at the deadline, before the API server gives up', async () => {
  const { gate, problems } = gateWith(() => new Promise(() => undefined));
  const { allowed, denials } = await gate.reviewRequest(pod, [], { deadlineMs: 20 });
  expect(allowed).toBe(false);
  expect(denials).toMatchObject([{ code: 'DEADLINE_EXCEEDED', fault: true }]);
  expect(denials[0]?.message).toContain('the policies about the request');
  expect(problems).toEqual([]);
});

test('an engine that is away denies under its own code, and that is no defect of ours', async () => {
  const { gate, problems } = gateWith(() =>
    Promise.reject(policyErrors.error('SERVICE_UNREACHABLE', { message: 'OPA: ECONNREFUSED' })),
  );
  const { denials } = await gate.reviewRequest(pod, []);
  expect(denials).toMatchObject([{ code: 'SERVICE_UNREACHABLE', fault: true }]);
  expect(problems).toEqual([]);
});

test('an engine that fails after the deadline harms nobody', async () => {
  const { gate } = gateWith(
    () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 150)),
  );
  await gate.reviewRequest(pod, [], { deadlineMs: 10 });
  await new Promise((resolve) => setTimeout(resolve, 100));
});

test('however many images in warn mode a request policy complains of, what it says of an enforced one refuses', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `localhost:5000/dev/a${index}:latest`);
  const prod = 'localhost:5000/prod/app:latest';
  const { openRepository, stations } = fakeRegistry({
    tags: Object.fromEntries([...names, prod].map((name) => [name, name])),
    signatures: { [`localhost:5000/prod/app@${digestOfText(prod)}`]: [signatureBy('team')] },
  });
  const gate = createGate({
    trust: trustFrom(`${authorities('team')}images:
  - { match: "localhost:5000/dev/**", mode: warn, require: { any: [team] } }
  - { match: "localhost:5000/prod/**", require: { any: [team] } }
parameters: { forbiddenTags: [latest] }
`),
    openRepository,
    stations,
    localRegistries: 'ask',
  });
  const images = [...names, prod].map((reference, index) => ({
    reference,
    container: `containers[${index}]`,
  }));
  const { allowed, denials } = await gate.reviewRequest(pod, images);
  expect(denials).toMatchObject([{ code: 'TAG_FORBIDDEN', image: prod }]);
  expect(allowed).toBe(false);
});
