import { defineErrors } from '@pratique/errors';

/** Codes of trust configuration, policies and the gate. */
export const policyErrors = defineErrors({
  TRUST_UNREADABLE: {
    kind: 'usage',
    title: 'The trust configuration, or a file it names, could not be read.',
    remedy: 'Check the path and its permissions; paths inside the file are relative to the file.',
  },
  TRUST_INVALID: {
    kind: 'usage',
    title: 'The trust configuration is not valid.',
    remedy: 'Correct the line the message names; the format is in docs/reference/trust.md.',
  },
  IMAGE_FORBIDDEN: {
    kind: 'denial',
    title: 'The trust configuration refuses this image, whoever has signed it.',
    remedy: 'Use another image; the entry that refuses it, and its reason, are in the message.',
  },
  ATTESTATION_MISSING: {
    kind: 'denial',
    title:
      'An attestation that the trust configuration requires is not there, or not by the one who must make it.',
    remedy: 'Have whoever must make it sign an attestation of that type about this digest.',
  },
  ATTESTATION_REFUSED: {
    kind: 'denial',
    title: 'An attestation is there and genuine, and what it says is not accepted by the policy about it.',
    remedy: 'Read what the policy found; build the image again so that what is attested of it complies.',
  },
  CLUSTER_POLICY_REFUSED: {
    kind: 'denial',
    title:
      'Authorities of a ClusterImagePolicy count for the image, and its policy about them is not complied with.',
    remedy: 'Read the `policy` of the ClusterImagePolicy that the message names, and what it says it found.',
  },
  CONFIG_FILES_UNREADABLE: {
    kind: 'fault',
    title: 'The configurations of an image, which a policy asks to see, cannot all be read.',
    remedy: 'Look at the image with `pratique inspect`, with --config too; build it again.',
  },
  PULL_SECRETS_UNKNOWN: {
    kind: 'fault',
    title:
      'Signatures are read with pull secrets of a namespace, and nothing says which, or no cluster is asked.',
    remedy:
      'Put the Secrets beside the ClusterImagePolicy that names them (kubectl get secret NAME -o yaml).',
  },
  BASE_NOT_APPROVED: {
    kind: 'denial',
    title: 'No trusted provenance says that the image was made on an approved base image.',
    remedy: 'Build on an approved base image, and have the build sign its provenance.',
  },
  SBOM_REQUIRED: {
    kind: 'denial',
    title: 'No bill of materials is attested by an authority that may sign the image.',
    remedy:
      'pratique sbom IMAGE > sbom.json, then pratique attest --type cyclonedx --predicate sbom.json --key KEY IMAGE.',
  },
  SBOM_UNREADABLE: {
    kind: 'denial',
    title: 'The bill of materials that is attested cannot be read, so the packages are not known.',
    remedy:
      'Attest CycloneDX or SPDX 2 in JSON, whose packages have package URLs: `pratique sbom IMAGE` writes both.',
  },
  PROVENANCE_REQUIRED: {
    kind: 'denial',
    title: 'No SLSA provenance is attested by an authority that may sign the image.',
    remedy:
      'Have the build attest it: pratique attest --type slsaprovenance1 --predicate FILE --key KEY IMAGE.',
  },
  SCAN_REQUIRED: {
    kind: 'denial',
    title: 'No vulnerability scan is attested by an authority that may sign the image.',
    remedy:
      'pratique scan -o cosign-vuln IMAGE > scan.json, then pratique attest --type vuln --predicate scan.json --key KEY IMAGE.',
  },
  SCAN_UNREADABLE: {
    kind: 'denial',
    title: 'The vulnerability scan that is attested cannot be read, so the findings are not known.',
    remedy: 'Attest a report of Pratique, Trivy or Grype in cosign’s vuln predicate, or in-toto vulns.',
  },
  SCAN_TOO_OLD: {
    kind: 'denial',
    title: 'The newest vulnerability scan is older than the trust configuration accepts, or has no date.',
    remedy: 'Scan the image again with an up-to-date database and attest the result.',
  },
  SCAN_DATABASE_TOO_OLD: {
    kind: 'denial',
    title:
      'The advisory database of the newest vulnerability scan is older than the trust configuration accepts, or has no date.',
    remedy: 'Update the database (docs/scan.md), scan the image again and attest the result.',
  },
  VULNERABILITY_FIXABLE: {
    kind: 'denial',
    title: 'The image has vulnerabilities whose fix has been there for longer than its severity allows.',
    remedy: 'Build on a newer base image or upgrade the packages; `pratique harden` does both.',
  },
  VULNERABILITY_EXPLOITED: {
    kind: 'denial',
    title: 'The image has vulnerabilities that are known to be exploited.',
    remedy: 'Upgrade or remove the packages the message names.',
  },
  REGISTRY_OF_NODE: {
    kind: 'denial',
    title:
      'The image is named by an address that each machine has for itself (loopback, link-local): the node pulls it from its own registry, and the gate can ask its own only.',
    remedy:
      'Push the image to a registry under a name of its own, and name it by that. Where the node and the gate are one machine: --local-registries.',
  },
  EXPLOITATION_UNKNOWN: {
    kind: 'denial',
    title: 'The vulnerability scan does not know whether what it found is exploited, and that is not “no”.',
    remedy:
      'Scan with CISA’s catalogue in the database: `pratique db import known_exploited_vulnerabilities.json` (of cisa.gov), then `pratique scan -o cosign-vuln`, without --only-fixed, and attest that. To be warned only: `vulnerabilities.unknown: warn`.',
  },
  SEVERITY_UNKNOWN: {
    kind: 'denial',
    title: 'The image has vulnerabilities with a fix whose severity nobody gives.',
    remedy:
      'Upgrade the packages. Or say how long they may be left (`fixOlderThanDays.unknown`), import who rates them and scan again, or be warned only: `vulnerabilities.unknown: warn`.',
  },
  SCAN_INCOMPLETE: {
    kind: 'denial',
    title: 'The vulnerability scan had no advisories for some of the packages.',
    remedy:
      'Import advisories for them (docs/scan.md), scan again and attest the result. To be warned only: `vulnerabilities.unknown: warn`.',
  },
  CHECKS_REQUIRED: {
    kind: 'denial',
    title: 'No test result is attested by an authority that may sign the image.',
    remedy: 'Attest an in-toto test-result v0.1; `pratique harden` does.',
  },
  CHECKS_FAILED: {
    kind: 'denial',
    title: 'The attested test result says that tests of the image failed.',
    remedy: 'Correct what the tests named in the message found, and build the image again.',
  },
  PACKAGE_DENIED: {
    kind: 'denial',
    title: 'The image has a package that the trust configuration refuses.',
    remedy: 'Build the image without the package, or with a version or licence that is accepted.',
  },
  PACKAGE_UNKNOWN: {
    kind: 'denial',
    title:
      'The bill of materials does not say of some packages what a rule of the trust configuration asks for, such as the licence.',
    remedy:
      'Attest a bill of materials that says it, narrow the rule by `name` or `type`, or except the packages (`parameters.exceptions`). To be warned only: `packages.unknown: warn`.',
  },
  PACKAGE_NOT_ALLOWED: {
    kind: 'denial',
    title: 'The image has packages that the trust configuration does not name among those allowed.',
    remedy: 'Build the image without them, or have them allowed in `parameters.packages.allow`.',
  },
  EXCEPTION_USED: {
    kind: 'denial',
    title: 'A warning: something is let pass because of an exception in the trust configuration.',
    remedy: 'Remove the cause before the exception expires.',
  },
  EXCEPTION_EXPIRED: {
    kind: 'denial',
    title: 'A warning: an exception in the trust configuration is over, and no longer lets anything pass.',
    remedy: 'Remove the cause, or have the owner of the exception renew it.',
  },
  POLICY_UNREADABLE: {
    kind: 'usage',
    title: 'A policy file or folder could not be read, or holds no policy.',
    remedy: 'Check the path and its permissions.',
  },
  POLICY_UNREACHABLE: {
    kind: 'fault',
    title: 'A policy that a ClusterImagePolicy has elsewhere could not be fetched.',
    remedy:
      'Check the URL and the proxy; or write the policy into the file (`data`), or into a ConfigMap beside it.',
  },
  POLICY_INVALID: {
    kind: 'usage',
    title: 'A policy does not parse or compile, or stands in a package no gate evaluates.',
    remedy: 'Run `pratique policy check FILE`; the two scopes are described in docs/reference/policies.md.',
  },
  POLICY_EVALUATION_FAILED: {
    kind: 'fault',
    title: 'A policy failed while it was evaluated, so it gave no answer.',
    remedy: 'Correct the policy at the place the message names; until then what it guards is refused.',
  },
  POLICY_RESULT_INVALID: {
    kind: 'fault',
    title: 'A policy answered with something that is neither a string nor an object with `msg`.',
    remedy: 'Make every element of `deny` and `warn` a string or an object with a string `msg`.',
  },
  ENGINE_INVALID: {
    kind: 'usage',
    title: 'The policy engine cannot be set up as configured.',
    remedy:
      'Correct `engine:` in the trust configuration, or the flags; docs/reference/engines.md shows both.',
  },
  SERVICE_ADDRESS_INVALID: {
    kind: 'usage',
    title: 'The address of a service, or the certificates to trust for it, cannot be used.',
    remedy: 'Write it as https://HOST:PORT, without credentials; the token is given by file or variable.',
  },
  SERVICE_TOKEN_INVALID: {
    kind: 'auth',
    title: 'There is no usable bearer token where the configuration says.',
    remedy: 'Put the token, and nothing else, into the file or the environment variable the message names.',
  },
  SERVICE_UNREACHABLE: {
    kind: 'fault',
    title:
      'A service (OPA, a collector of decision logs) could not be reached, or did not answer completely.',
    remedy: 'Check that it runs, its address and certificate, and how fast it answers.',
  },
  OPA_UNAUTHORIZED: {
    kind: 'auth',
    title: 'The OPA server refuses the token, or what is asked of it.',
    remedy:
      'Give a token that may GET /v1/policies and /v1/data, and POST below /v1/data/pratique: docs/reference/engines.md.',
  },
  OPA_ANSWER_INVALID: {
    kind: 'fault',
    title: 'The OPA server answered with something that is not an answer of its data API.',
    remedy: 'Check that the address is that of an OPA server, and what its log says.',
  },
  ENGINE_OUT_OF_STEP: {
    kind: 'fault',
    title: 'The engine does not have the policies or the data the trust configuration relies on.',
    remedy: 'Load them there: `pratique policy data` prints the data; docs/reference/engines.md shows how.',
  },
  ENGINE_FAILED: {
    kind: 'fault',
    title: 'The wasm policy was stopped, or failed, before it answered.',
    remedy: 'Look at the policy: it takes too long, needs too much memory, or uses a built-in wasm lacks.',
  },
  LOG_RULE_FAILED: {
    kind: 'fault',
    title: 'A rule of the decision log failed.',
    remedy: 'Correct the policy in package system.log; what a mask would have hidden is left out until then.',
  },
  LOG_WRITE_FAILED: {
    kind: 'fault',
    title: 'A decision could not be written to the file of the decision log.',
    remedy:
      'Check that the disk has room and the file may be written; with `sync: true` decisions are refused until then.',
  },
  LOG_UPLOAD_FAILED: {
    kind: 'fault',
    title: 'The service of the decision log does not take the decisions.',
    remedy:
      'Check its address, its token and its own log; decisions wait meanwhile, and the oldest are dropped.',
  },
  DEADLINE_EXCEEDED: {
    kind: 'fault',
    title: 'The decision was not ready before the deadline.',
    remedy: 'Try again; if it persists, check how fast the registry answers and raise the deadline.',
  },
  GATE_INTERNAL: {
    kind: 'fault',
    title: 'Something unexpected went wrong while deciding.',
    remedy: 'This is a defect in Pratique: please report it with the decision id and the server log.',
  },
  TOO_MANY_IMAGES: {
    kind: 'fault',
    title: 'One request names more distinct images than the gate looks at.',
    remedy: 'Split the object, or raise the limit of images per request.',
  },
  IMAGE_NOT_COVERED: {
    kind: 'denial',
    title: 'No entry of the trust configuration says who may sign this image.',
    remedy:
      'Add an `images` entry that matches it to the trust configuration, or use an image that is covered.',
  },
  QUORUM_NOT_MET: {
    kind: 'denial',
    title: 'Some, but not enough, of the required authorities have signed this image.',
    remedy: 'Have the missing authorities sign the digest: `pratique sign --key KEY IMAGE@DIGEST`.',
  },
  ANNOTATION_REQUIRED: {
    kind: 'denial',
    title: 'A required authority signed this image, but not with the required annotations.',
    remedy: 'Sign again with the annotations: `pratique sign --key KEY -a NAME=VALUE IMAGE@DIGEST`.',
  },
  ENVIRONMENT_MISMATCH: {
    kind: 'denial',
    title: 'The image is signed for another environment than the one it would run in.',
    remedy:
      'Deploy the image that was signed for this environment, or sign this one for it: `pratique sign --key KEY -a env=ENVIRONMENT IMAGE@DIGEST`.',
  },
  DIGEST_NOT_APPROVED: {
    kind: 'denial',
    title: 'The image has a digest that is not among the approved ones.',
    remedy: 'Deploy an approved digest, or add this one to `parameters.digests` of the trust configuration.',
  },
  DIGEST_REQUIRED: {
    kind: 'denial',
    title: 'The image is named by tag only where a digest is required.',
    remedy: 'Write the reference with its digest: `pratique resolve IMAGE` prints it.',
  },
  TAG_FORBIDDEN: {
    kind: 'denial',
    title: 'The image is named by a tag that policy forbids.',
    remedy: 'Use a tag that names a version, or a digest.',
  },
  REGISTRY_NOT_ALLOWED: {
    kind: 'denial',
    title: 'The image comes from a registry that is not allowed.',
    remedy: 'Copy the image to an allowed registry and use it from there.',
  },
  POLICY_DENIED: {
    kind: 'denial',
    title: 'A policy refused, and gave no code of its own.',
    remedy: 'Read the message; the policy named beside it decided.',
  },
});
