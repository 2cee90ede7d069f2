# METADATA
# title: What is known about the image is there, and can be read
# description: |
#   Parameter `require` of the trust configuration: `sbom`, `provenance`, `scan`, `checks`, each attested by an authority
#   that may sign the image. What a policy about packages or vulnerabilities reads is required with it: no bill of
#   materials is not an empty one.
package pratique.image.evidence

import data.pratique.lib

required contains kind if some kind in data.pratique.parameters.require

required contains "scan" if data.pratique.parameters.vulnerabilities != null

required contains "sbom" if {
	some kind in ["deny", "allow"]
	count(data.pratique.parameters.packages[kind]) > 0
}

deny contains problem if {
	some kind in required
	present[kind] == false
	problem := object.union(
		{
			"code": missing[kind].code,
			"msg": sprintf("%s has no %s by who may sign it", [lib.name(input.image), missing[kind].what]),
			"expected": sprintf("a signed %s", [missing[kind].what]),
			"found": attested,
		},
		{"remedy": sprintf("pratique attest --type %s --predicate FILE --key KEY %s", [
			missing[kind].type,
			lib.pinned(input.image),
		])},
	)
}

present := {
	"sbom": input.image.sbom != null,
	"scan": input.image.scan != null,
	"provenance": count(input.image.provenance) > 0,
	"checks": count(input.image.checks) > 0,
}

missing := {
	"sbom": {"code": "SBOM_REQUIRED", "what": "bill of materials", "type": "cyclonedx"},
	"scan": {"code": "SCAN_REQUIRED", "what": "vulnerability scan", "type": "vuln"},
	"provenance": {"code": "PROVENANCE_REQUIRED", "what": "provenance", "type": "slsaprovenance1"},
	"checks": {
		"code": "CHECKS_REQUIRED",
		"what": "test result",
		"type": "https://in-toto.io/attestation/test-result/v0.1",
	},
}

attested := lib.listed(sort(types)) if {
	types := {attestation.predicateType | some attestation in input.image.attestations}
	count(types) > 0
} else := "no attestation"

deny contains problem if {
	"sbom" in required
	input.image.sbom.problem != null
	problem := {
		"code": "SBOM_UNREADABLE",
		"msg": sprintf("the bill of materials of %s cannot be read: %s", [lib.name(input.image), input.image.sbom.problem]),
		"expected": "CycloneDX or SPDX 2, in JSON, with package URLs",
		"found": input.image.sbom.predicateType,
	}
}

deny contains problem if {
	"scan" in required
	input.image.scan.problem != null
	problem := {
		"code": "SCAN_UNREADABLE",
		"msg": sprintf("the vulnerability scan of %s cannot be read: %s", [lib.name(input.image), input.image.scan.problem]),
		"expected": "a report of Pratique, Trivy, Grype or in-toto vulns",
		"found": input.image.vulnerabilities.predicateType,
	}
}

deny contains problem if {
	"checks" in required
	some result in input.image.checks
	result.result == "FAILED"
	problem := {
		"code": "CHECKS_FAILED",
		"msg": sprintf("tests of %s failed: %s", [lib.name(input.image), failures(result)]),
		"expected": "tests that passed",
		"found": sprintf("%d failed, %d passed", [count(result.failed), count(result.passed)]),
	}
}

failures(result) := lib.listed(result.failed) if {
	count(result.failed) > 0
} else := "the result does not say which"
