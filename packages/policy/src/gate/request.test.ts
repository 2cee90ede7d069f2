import { expect, test } from 'vitest';
import { policyErrors } from '../errors.ts';
import { fakeEngine, fakeRegistry, trustFrom } from '../testing/fakes.ts';
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
