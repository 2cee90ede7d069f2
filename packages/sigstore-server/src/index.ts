export { sigstoreServerErrors } from './errors.ts';
export { type IssuerOptions, parseIssuers } from './oidc/issuers.ts';
export type { AccessLogEntry, SigstoreServer, SigstoreServerOptions } from './options.ts';
export { startSigstoreServer } from './server/start.ts';
