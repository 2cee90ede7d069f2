import { notationErrors } from '../errors.ts';

/** What is done about a check that fails: the signature is refused, or it is only told. */
export type Action = 'enforce' | 'log' | 'skip';

/** The checks that a level is about (trust-store-trust-policy.md, "Signature Verification Levels"). Integrity is always enforced. */
export type CheckName = 'authenticity' | 'authenticTimestamp' | 'expiry' | 'revocation';

export interface Level {
  readonly name: string;
  readonly actions: Readonly<Record<CheckName, Action>>;
}

export const levelNames = ['strict', 'permissive', 'audit', 'skip'] as const;
export type LevelName = (typeof levelNames)[number];

const same = (action: Action): Level['actions'] => ({
  authenticity: action,
  authenticTimestamp: action,
  expiry: action,
  revocation: action,
});

const levels: Readonly<Record<LevelName, Level['actions']>> = {
  strict: same('enforce'),
  permissive: { ...same('log'), authenticity: 'enforce' },
  audit: same('log'),
  skip: same('skip'),
};

/**
 * A level with what is overridden of it.
 *
 * @throws NOTATION_POLICY_INVALID for `skip` with overrides, and for skipping anything but revocation
 */
export function levelOf(name: LevelName, override: Partial<Level['actions']> = {}): Level {
  const changed = Object.entries(override);
  if (name === 'skip' && changed.length > 0) throw invalid('the level skip has nothing to override');
  const skipped = changed.find(([check, action]) => action === 'skip' && check !== 'revocation');
  if (skipped !== undefined) throw invalid(`${skipped[0]} cannot be skipped; only revocation can`);
  return { name: changed.length > 0 ? 'custom' : name, actions: { ...levels[name], ...override } };
}

function invalid(message: string) {
  return notationErrors.error('NOTATION_POLICY_INVALID', {
    message: `the verification level cannot be used: ${message}`,
  });
}
