import { defineErrors } from '@pratique/errors';

/** Codes of the Kubernetes gates. */
export const admissionErrors = defineErrors({
  REVIEW_MALFORMED: {
    kind: 'usage',
    title: 'The request body is not an AdmissionReview this webhook can answer.',
    remedy: 'Let the Kubernetes API server call it, with `admissionReviewVersions: [v1]`.',
  },
  REVIEW_TOO_LARGE: {
    kind: 'usage',
    title: 'The request body is larger than the limit.',
    remedy: 'Kubernetes objects are far smaller; raise the limit only if yours are not.',
  },
  REVIEW_TOO_SLOW: {
    kind: 'usage',
    title: 'The request body did not arrive in time, or not completely.',
    remedy: 'Check the network between the API server and the webhook.',
  },
  REVIEW_OVERLOADED: {
    kind: 'fault',
    title: 'Too many large requests were being answered to take another one.',
    remedy:
      'The API server asks again, and then does what `failurePolicy` says. Find out who sends so much (the metric pratique_admission_reviews_in_flight), and let nobody but the API server reach the webhook.',
  },
  REVIEW_MEDIA_TYPE: {
    kind: 'usage',
    title: 'The request body is not sent as application/json.',
    remedy: 'Send it with `Content-Type: application/json`, as the API server does.',
  },
  OBJECT_INVALID: {
    kind: 'denial',
    title: 'The object is not formed like its kind, so its images cannot all be found.',
    remedy: 'Correct the field the message names; `kubectl explain KIND` shows its form.',
  },
  MANIFEST_INVALID: {
    kind: 'usage',
    title: 'A manifest is not YAML or JSON, or not a Kubernetes object.',
    remedy: 'Correct the line the message names; every document needs apiVersion and kind.',
  },
  TLS_FILES_INVALID: {
    kind: 'usage',
    title: 'The certificate or its key could not be read, or they do not belong together.',
    remedy: 'Give a PEM certificate chain and its unencrypted private key; both are reread when they change.',
  },
  LISTEN_INVALID: {
    kind: 'usage',
    title: 'The address to listen on could not be understood.',
    remedy: 'Write it as 127.0.0.1:8443, [::1]:8443 or localhost:0 (port 0: any free one).',
  },
  LISTEN_FAILED: {
    kind: 'fault',
    title: 'The address could not be listened on.',
    remedy:
      'Choose another port (0 takes any free one) or an address of this machine, or stop the program that uses it: ss -ltnp. Ports below 1024 need privileges.',
  },
  ADMISSION_INTERNAL: {
    kind: 'fault',
    title: 'Something unexpected went wrong while answering a review.',
    remedy: 'This is a defect in Pratique: please report it with the server log.',
  },
});
