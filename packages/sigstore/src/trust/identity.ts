import { createRequire } from 'node:module';
import { printable } from '@pratique/errors';
import type { RE2JS } from 're2js';
import type { ExtensionName } from '../certificate/extensions.ts';
import { sigstoreErrors } from '../errors.ts';

/** A condition on a text: equal to a value, or wholly matched by a pattern. */
export interface TextMatcher {
  readonly kind: 'exact' | 'pattern';
  /** The text, or the expression. */
  readonly value: string;
  matches(text: string): boolean;
  /** For people: what would match. */
  readonly description: string;
}

/** An identity that may sign. Everything asked for must hold; the subject may be any one of the certificate's names. */
export interface TrustedIdentity {
  readonly name: string;
  /** The OIDC issuer that vouched for the subject, e.g. `https://token.actions.githubusercontent.com`. */
  readonly issuer: TextMatcher;
  /** E-mail address, URI or user name in the certificate. */
  readonly subject: TextMatcher;
  readonly extensions?: Readonly<Partial<Record<ExtensionName, TextMatcher>>>;
}

/** Matches exactly this text: no case folding, no normalisation. */
export function exactly(value: string): TextMatcher {
  return { kind: 'exact', value, matches: (text) => text === value, description: value };
}

const maxPatternLength = 1024;

/** The library takes 10 ms to load, and most verifications ask for no pattern: loaded when the first one is met. */
function compile(expression: string): RE2JS {
  const library = createRequire(import.meta.url)('re2js') as typeof import('re2js');
  return library.RE2JS.compile(expression);
}

/**
 * Matches a text the whole of which the RE2 expression matches. Cosign's patterns match anywhere in the text, so that
 * `example.com` accepts `https://evil.test/example.com`; here a pattern that should is written `.*example\.com.*`.
 *
 * @throws IDENTITY_PATTERN_INVALID
 */
export function pattern(expression: string): TextMatcher {
  if (expression.length > maxPatternLength)
    throw invalid(expression, `at most ${maxPatternLength} characters`);
  let compiled: RE2JS;
  try {
    compiled = compile(expression);
  } catch (error) {
    throw invalid(expression, error instanceof Error ? printable(error.message) : 'an RE2 expression');
  }
  const matches = (text: string) => compiled.matches(text);
  return { kind: 'pattern', value: expression, matches, description: `/${expression}/` };
}

function invalid(expression: string, expected: string) {
  return sigstoreErrors.error('IDENTITY_PATTERN_INVALID', {
    message: 'an identity pattern is not a regular expression that can be used',
    expected,
    found: printable(expression),
  });
}
