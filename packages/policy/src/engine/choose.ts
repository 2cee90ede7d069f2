import { printable } from '@pratique/errors';
import { readNamedFile } from '@pratique/storage';
import { policyErrors } from '../errors.ts';
import type { ServiceAddress } from '../http/service.ts';
import type { Trust } from '../trust/types.ts';
import { createOpaEngine } from './opa/engine.ts';
import { createRegoEngine } from './rego.ts';
import type { PolicySource } from './sources.ts';
import type { PolicyEngine } from './types.ts';
import { createWasmEngine } from './wasm/engine.ts';

/** Which engine evaluates policies: `engine` of the trust configuration (docs/reference/engines.md). */
export type EngineChoice =
  | { readonly kind: 'embedded' }
  | ({ readonly kind: 'opa'; readonly timeoutMs?: number | undefined } & ServiceAddress)
  | {
      readonly kind: 'wasm';
      readonly file: string;
      readonly timeoutMs?: number | undefined;
      readonly maxMemoryMiB?: number | undefined;
    };

/**
 * The engine that is chosen. `policies` are evaluated by the embedded one; with the others they say what must be in
 * force there.
 *
 * @throws POLICY_INVALID, ENGINE_INVALID, SERVICE_ADDRESS_INVALID
 */
export async function createEngine(
  choice: EngineChoice,
  trust: Trust,
  policies: readonly PolicySource[],
): Promise<PolicyEngine> {
  if (choice.kind !== 'embedded' && trust.ownPolicies.length > 0) {
    const places = trust.ownPolicies.map(({ path }) => printable(path));
    throw policyErrors.error('ENGINE_INVALID', {
      message: `ClusterImagePolicies hold Rego of their own, which is evaluated by the embedded engine only: ${places.slice(0, 5).join(', ')}${places.length > 5 ? ', …' : ''}`,
      expected: 'engine: { kind: embedded }',
      found: `engine: { kind: ${choice.kind} }`,
      remedy:
        'Use the embedded engine, which takes policies of your own beside (--policy), or say in a policy of the engine what that Rego says: docs/reference/engines.md.',
    });
  }
  switch (choice.kind) {
    case 'embedded':
      return createRegoEngine({ trust, policies });
    case 'opa':
      return createOpaEngine({ ...choice, trust, policies });
    case 'wasm': {
      const { file, timeoutMs, maxMemoryMiB } = choice;
      const maxMemoryBytes = maxMemoryMiB === undefined ? undefined : maxMemoryMiB * 1024 * 1024;
      return await createWasmEngine({ trust, policies, wasm: readWasm(file), timeoutMs, maxMemoryBytes });
    }
  }
}

const maxWasmBytes = 256 * 1024 * 1024;

function readWasm(file: string): Uint8Array {
  try {
    return readNamedFile(file, maxWasmBytes);
  } catch (cause) {
    throw policyErrors.error('ENGINE_INVALID', {
      message: `cannot read the wasm policy ${file} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      expected: 'the policy.wasm of a bundle made by opa build -t wasm',
      cause,
    });
  }
}
