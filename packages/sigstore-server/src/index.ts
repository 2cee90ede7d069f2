export { type AuditOptions, auditDirectory, auditUrl } from './audit/audit.ts';
export type { LogAudit, SeenTree } from './audit/audit-log.ts';
export { backupDirectory, restoreDirectory } from './backup/backup.ts';
export type { LogCopy } from './backup/copy.ts';
export { sigstoreServerErrors } from './errors.ts';
export type { IssuerConfiguration, IssuerOptions } from './oidc/issuers.ts';
export type { AccessLogEntry, SigstoreServer, SigstoreServerOptions } from './options.ts';
export { startSigstoreServer } from './server/start.ts';
