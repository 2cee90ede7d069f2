# METADATA
# title: No vulnerability that could have been fixed by now
# description: |
#   Parameter `vulnerabilities` of the trust configuration. A vulnerability counts when its fix exists and it was
#   published at least as many days ago as its severity allows; without a date it counts at once, and so it does where the
#   scan does not speak of fixes. The scan is the newest one attested by an authority that may sign the image.
package pratique.image.vulnerabilities

import data.pratique.lib

wanted := data.pratique.parameters.vulnerabilities

deny contains problem if {
	some severity, days in wanted.fixOlderThanDays
	findings := [finding |
		some finding in input.image.findings
		finding.severity == severity
		is_overdue(finding, days)
		not lib.excepted(input.image, finding.exceptions)
	]
	count(findings) > 0
	problem := {
		"code": "VULNERABILITY_FIXABLE",
		"msg": sprintf("%s has %d %s %s with a fix: %s", [
			lib.name(input.image),
			count(findings),
			severity,
			noun(count(findings)),
			lib.listed([described(finding) | some finding in findings]),
		]),
		"expected": sprintf("no %s vulnerability whose fix has been there for %d days", [severity, days]),
		"found": sprintf("%d", [count(findings)]),
		"remedy": "build on a newer base image, or upgrade the packages, and scan again",
	}
}

is_overdue(finding, days) if {
	may_be_fixed(finding)
	days_known(finding) >= days
}

may_be_fixed(finding) if finding.fixedVersion != null

# A report that does not say in which package it is (in-toto's vulns) says nothing of fixes either: that is not none.
may_be_fixed(finding) if finding.package == null

# What nobody dates may be of any age.
days_known(finding) := finding.ageDays if {
	finding.ageDays != null
} else := 1000000

deny contains problem if {
	wanted.refuseExploited
	findings := [finding |
		some finding in input.image.findings
		finding.exploited
		not lib.excepted(input.image, finding.exceptions)
	]
	count(findings) > 0
	problem := {
		"code": "VULNERABILITY_EXPLOITED",
		"msg": sprintf("%s has %d %s known to be exploited: %s", [
			lib.name(input.image),
			count(findings),
			noun(count(findings)),
			lib.listed([described(finding) | some finding in findings]),
		]),
		"expected": "none",
		"found": sprintf("%d", [count(findings)]),
		"remedy": "upgrade or remove the packages, and scan again",
	}
}

deny contains problem if {
	limit := wanted.scanOlderThanDays
	limit != null
	scan := input.image.scan
	scan != null
	not is_recent(scan, limit)
	problem := {
		"code": "SCAN_TOO_OLD",
		"msg": sprintf("the vulnerability scan of %s says nothing about today", [lib.name(input.image)]),
		"expected": sprintf("a scan of the last %d days", [limit]),
		"found": object.get({true: "a scan without a date"}, scan.ageDays == null, sprintf("a scan %v days old", [scan.ageDays])),
		"remedy": sprintf("pratique scan -o cosign-vuln IMAGE, and attest it: pratique attest --type vuln --predicate FILE --key KEY %s", [
			lib.pinned(input.image),
		]),
	}
}

is_recent(scan, limit) if {
	scan.ageDays != null
	scan.ageDays <= limit
}

# What is let pass is said, and so is what no longer is.
warn contains problem if {
	some finding in input.image.findings
	some exception in lib.exceptions_for(input.image, finding.exceptions)
	problem := lib.exception_note(input.image, exception, described(finding))
}

described(finding) := sprintf("%s (%s %s%s)", [
	finding.vulnerability,
	finding.package.name,
	finding.package.version,
	fix(finding),
]) if {
	finding.package != null
} else := finding.vulnerability

fix(finding) := sprintf(", fixed in %s", [finding.fixedVersion]) if {
	finding.fixedVersion != null
} else := ""

noun(1) := "vulnerability"

noun(n) := "vulnerabilities" if n != 1
