export { admissionErrors } from './errors.ts';
export type { TlsOptions } from './server/certificate.ts';
export type { AdmissionLimits, AdmissionLog, AdmissionOptions, ReviewEvent } from './server/options.ts';
export { type Admission, startAdmission } from './server/start.ts';
