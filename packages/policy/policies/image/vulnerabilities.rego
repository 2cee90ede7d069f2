# METADATA
# title: No vulnerability that could have been fixed by now
# description: |
#   Parameter `vulnerabilities` of the trust configuration. A vulnerability counts when its fix exists and it was
#   published at least as many days ago as its severity allows; without a date it counts at once, and so it does where the
#   scan does not speak of fixes. The scan is the newest one attested by an authority that may sign the image. What it does
#   not know is not "no": it is refused, or with `unknown: warn` warned of.
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

# A report that does not speak of fixes (in-toto's vulns) does not say that there is none.
may_be_fixed(finding) if finding.fix != "none"

# What nobody dates may be of any age.
days_known(finding) := finding.ageDays if {
	finding.ageDays != null
} else := 1000000

deny contains problem if {
	wanted.refuseExploited
	findings := [finding |
		some finding in input.image.findings
		finding.exploited == true
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
	not is_recent(scan.ageDays, limit)
	problem := {
		"code": "SCAN_TOO_OLD",
		"msg": sprintf("the vulnerability scan of %s says nothing about today", [lib.name(input.image)]),
		"expected": sprintf("a scan of the last %d days", [limit]),
		"found": aged("a scan", scan.ageDays),
		"remedy": scan_again,
	}
}

# A new scan with an old database knows nothing of what was published since.
deny contains problem if {
	limit := wanted.databaseOlderThanDays
	limit != null
	scan := input.image.scan
	scan != null
	not is_recent(scan.databaseAgeDays, limit)
	problem := {
		"code": "SCAN_DATABASE_TOO_OLD",
		"msg": sprintf("the vulnerability scan of %s knows nothing of what was published lately", [lib.name(input.image)]),
		"expected": sprintf("a scan with a database of the last %d days", [limit]),
		"found": aged("a database", scan.databaseAgeDays),
		"remedy": sprintf("update the advisory database (pratique db update, or pratique db import), then %s", [scan_again]),
	}
}

is_recent(age, limit) if {
	age != null
	age <= limit
}

aged(what, age) := sprintf("%s %d days old", [what, age]) if {
	age != null
} else := sprintf("%s without a date", [what])

deny contains problem if {
	wanted.unknown == "deny"
	some problem in unknown
}

warn contains problem if {
	wanted.unknown == "warn"
	some problem in unknown
}

unknown contains problem if {
	wanted.refuseExploited
	findings := [finding |
		some finding in input.image.findings
		finding.exploited == null
		not lib.excepted(input.image, finding.exceptions)
	]
	count(findings) > 0
	problem := {
		"code": "EXPLOITATION_UNKNOWN",
		"msg": sprintf("%s has %d %s of which the scan does not know whether they are exploited: %s", [
			lib.name(input.image),
			count(findings),
			noun(count(findings)),
			lib.listed([described(finding) | some finding in findings]),
		]),
		"expected": "a scan that knows CISA's catalogue of what is exploited (KEV)",
		"found": scanner,
		"remedy": sprintf("pratique db import known_exploited_vulnerabilities.json (of cisa.gov), then %s", [scan_again]),
	}
}

unknown contains problem if {
	wanted.refuseExploited
	left_out := input.image.scan.leftOut
	left_out > 0
	problem := {
		"code": "EXPLOITATION_UNKNOWN",
		"msg": sprintf("the scan of %s leaves out %d %s without a fix, which may be exploited", [
			lib.name(input.image),
			left_out,
			noun(left_out),
		]),
		"expected": "a scan with all that it found",
		"found": "a scan with --only-fixed",
		"remedy": scan_again,
	}
}

# A severity that nobody gives may be the one that counts first.
unknown contains problem if {
	limits := object.remove(wanted.fixOlderThanDays, ["unknown"])
	count(limits) > 0
	count(limits) == count(wanted.fixOlderThanDays)
	days := min([days | some days in limits])
	findings := [finding |
		some finding in input.image.findings
		finding.severity == "unknown"
		is_overdue(finding, days)
		not lib.excepted(input.image, finding.exceptions)
	]
	count(findings) > 0
	problem := {
		"code": "SEVERITY_UNKNOWN",
		"msg": sprintf("%s has %d %s whose severity is not known, with a fix: %s", [
			lib.name(input.image),
			count(findings),
			noun(count(findings)),
			lib.listed([described(finding) | some finding in findings]),
		]),
		"expected": sprintf("no vulnerability of unknown severity whose fix has been there for %d days", [days]),
		"found": sprintf("%d", [count(findings)]),
		"remedy": "upgrade the packages; or import who rates them (pratique db import) and scan again; or say how long they may be left: fixOlderThanDays.unknown",
	}
}

unknown contains problem if {
	wanted != null
	uncovered := input.image.scan.uncovered
	uncovered > 0
	problem := {
		"code": "SCAN_INCOMPLETE",
		"msg": sprintf("the scan of %s says nothing about %d of its packages", [lib.name(input.image), uncovered]),
		"expected": "a scan with advisories for every package",
		"found": sprintf("%d packages that its database knows nothing about", [uncovered]),
		"remedy": sprintf("import advisories for them (pratique db import), then %s", [scan_again]),
	}
}

scanner := input.image.scan.scanner if {
	input.image.scan.scanner != ""
} else := "a scanner that does not say who it is"

scan_again := sprintf("pratique scan -o cosign-vuln IMAGE, and attest it: pratique attest --type vuln --predicate FILE --key KEY %s", [
	lib.pinned(input.image),
])

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
