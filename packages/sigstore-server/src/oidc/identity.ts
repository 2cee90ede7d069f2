import type { JWTPayload } from 'jose';
import { Refusal } from '../http/refusal.ts';
import type { IssuerOptions } from './issuers.ts';

/** Whom a certificate is for. */
export interface Identity {
  readonly issuer: string;
  readonly name: { readonly type: 'email' | 'uri'; readonly value: string };
  /** What the client signs to show that it holds the key: the e-mail address or `sub`. */
  readonly challenge: string;
  /** Fulcio's extensions by number, besides the issuer (`docs/oid-info.md` of Fulcio). */
  readonly extensions: readonly (readonly [number, string])[];
}

const maxClaim = 2048;

/** The identity in claims that were verified to come from `issuer`. Claims that are empty or of another type are refused. */
export function identityOf(claims: JWTPayload, issuer: IssuerOptions): Identity {
  const sub = claim(claims, 'sub');
  const of = (
    name: Identity['name'],
    challenge: string,
    extensions: Identity['extensions'] = [],
  ): Identity => ({
    issuer: issuer.url,
    name,
    challenge,
    extensions: [...extensions, [24, sub]],
  });
  switch (issuer.type) {
    case 'email': {
      const email = claim(claims, 'email');
      if (claims.email_verified !== true) throw denied('the e-mail address is not verified by its issuer');
      if (!/^[!-?A-~]{1,64}@[a-zA-Z0-9.-]{1,253}$/.test(email))
        throw denied('email is not an e-mail address');
      return of({ type: 'email', value: email }, email);
    }
    case 'uri':
      if (!sub.startsWith(issuer.subjectPrefix!) || !URL.canParse(sub)) {
        throw denied('sub is not a URI with the configured beginning');
      }
      return of({ type: 'uri', value: asciiUri(sub) }, sub);
    case 'kubernetes': {
      const [, namespace, account] =
        /^system:serviceaccount:([a-z0-9][a-z0-9-]{0,62}):([a-z0-9][a-z0-9.-]{0,252})$/.exec(sub) ?? [];
      if (namespace === undefined) throw denied('sub is not a service account');
      const value = `https://kubernetes.io/namespaces/${namespace}/serviceaccounts/${account}`;
      return of({ type: 'uri', value }, sub);
    }
    case 'github-workflow':
      return of(
        { type: 'uri', value: asciiUri(`https://github.com/${claim(claims, 'job_workflow_ref')}`) },
        sub,
        githubExtensions(claims),
      );
  }
}

/** Numbers 2–6 are the old names of 20 and 12–14, kept for verifiers that know nothing else. */
function githubExtensions(claims: JWTPayload): [number, string][] {
  const url = 'https://github.com';
  const get = (name: string) => claim(claims, name);
  const repository = get('repository');
  return [
    [2, get('event_name')],
    [3, get('sha')],
    [4, get('workflow')],
    [5, repository],
    [6, get('ref')],
    [9, `${url}/${get('job_workflow_ref')}`],
    [10, get('job_workflow_sha')],
    [11, get('runner_environment')],
    [12, `${url}/${repository}`],
    [13, get('sha')],
    [14, get('ref')],
    [15, get('repository_id')],
    [16, `${url}/${get('repository_owner')}`],
    [17, get('repository_owner_id')],
    [18, `${url}/${get('workflow_ref')}`],
    [19, get('workflow_sha')],
    [20, get('event_name')],
    [21, `${url}/${repository}/actions/runs/${get('run_id')}/attempts/${get('run_attempt')}`],
    [22, get('repository_visibility')],
  ];
}

function claim(claims: JWTPayload, name: string): string {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value !== 'string' || value.trim() === '') throw denied(`the claim ${name} is missing or empty`);
  if (value.length > maxClaim || /\p{Cc}/u.test(value))
    throw denied(`the claim ${name} is too long or not plain text`);
  return value;
}

function asciiUri(value: string): string {
  if (!/^[!-~]+$/.test(value)) throw denied('the name is not a URI of ASCII characters');
  return value;
}

function denied(message: string) {
  return new Refusal(401, `the identity token cannot be used: ${message}`);
}
