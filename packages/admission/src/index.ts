export { admissionErrors } from './errors.ts';
export { imagesInManifest } from './manifests/images.ts';
export type { ManifestSource } from './manifests/parse.ts';
export { type ManifestReview, type ReviewManifestsOptions, reviewManifests } from './manifests/review.ts';
export type { TlsOptions } from './server/certificate.ts';
export type { AdmissionLimits, AdmissionLog, AdmissionOptions, ReviewEvent } from './server/options.ts';
export { type Admission, startAdmission } from './server/start.ts';
