# The policies about what is in an image: evidence, vulnerabilities, packages, and the exceptions to them.
package pratique.image.contents_test

import data.pratique.fixtures
import data.pratique.image.evidence
import data.pratique.image.packages
import data.pratique.image.vulnerabilities

image(facts) := object.union(fixtures.image([], [fixtures.requirement(1, ["team"])]), facts)

no_packages := {"deny": [], "allow": [], "unknown": "deny"}

parameters(given) := object.union(
	{"require": [], "vulnerabilities": null, "packages": no_packages, "exceptions": []},
	given,
)

evidence_codes(facts, given) := {problem.code | some problem in problems} if {
	problems := evidence.deny with input.image as image(facts)
		with data.pratique.parameters as parameters(given)
}

everything := ["sbom", "provenance", "scan", "checks"]

sbom := {"predicateType": "https://cyclonedx.org/bom", "document": {}, "problem": null}

scan := {
	"scanner": "pratique",
	"finishedAt": null,
	"ageDays": 3,
	"databaseAgeDays": null,
	"uncovered": 0,
	"leftOut": 0,
	"problem": null,
}

result(verdict, failed) := {
	"authorities": ["team"],
	"configuration": [],
	"result": verdict,
	"passed": ["a"],
	"warned": [],
	"failed": failed,
}

test_nothing_is_required if {
	evidence_codes({}, {}) == set()
	evidence_codes({"checks": [result("FAILED", ["a"])]}, {}) == set()
}

test_everything_is_required_and_missing if {
	evidence_codes({}, {"require": everything}) == {"SBOM_REQUIRED", "SCAN_REQUIRED", "PROVENANCE_REQUIRED", "CHECKS_REQUIRED"}
}

test_everything_is_there if {
	evidence_codes(
		{"sbom": sbom, "scan": scan, "provenance": [{"builder": "x"}], "checks": [result("WARNED", [])]},
		{"require": everything},
	) == set()
}

test_what_a_policy_reads_is_required if {
	evidence_codes({}, {"packages": {"deny": [{"name": "x"}], "allow": []}}) == {"SBOM_REQUIRED"}
	evidence_codes({}, {"packages": {"deny": [], "allow": [{"name": "x"}]}}) == {"SBOM_REQUIRED"}
	evidence_codes({}, {"vulnerabilities": limits({})}) == {"SCAN_REQUIRED"}
}

test_what_cannot_be_read_is_not_there if {
	broken := {
		"sbom": object.union(sbom, {"problem": "odd"}),
		"scan": object.union(scan, {"problem": "odd"}),
		"vulnerabilities": {"predicateType": "p", "document": {}},
	}
	evidence_codes(broken, {"require": ["sbom", "scan"]}) == {"SBOM_UNREADABLE", "SCAN_UNREADABLE"}
	evidence_codes(broken, {}) == set()
}

test_failed_tests if {
	evidence_codes({"checks": [result("PASSED", []), result("FAILED", ["a", "b"])]}, {"require": ["checks"]}) == {"CHECKS_FAILED"}
	evidence_codes({"checks": [result("FAILED", [])]}, {"require": ["checks"]}) == {"CHECKS_FAILED"}
}

limits(given) := object.union(
	{"fixOlderThanDays": {"critical": 7, "high": 30}, "refuseExploited": false, "scanOlderThanDays": null, "databaseOlderThanDays": null, "unknown": "deny"},
	given,
)

finding(given) := object.union(
	{
		"vulnerability": "CVE-2026-0001",
		"aliases": [],
		"severity": "critical",
		"package": {"name": "openssl", "version": "1.0", "purl": null},
		"fix": "available",
		"fixedVersion": "1.1",
		"published": "2026-01-01",
		"ageDays": 100,
		"exploited": false,
		"exceptions": [],
	},
	given,
)

findings_codes(findings, given) := {problem.code | some problem in problems} if {
	problems := vulnerabilities.deny with input.image as image({"scan": scan, "findings": findings})
		with data.pratique.parameters as parameters(given)
}

judged(given) := findings_codes([finding(given)], {"vulnerabilities": limits({})})

test_a_critical_one_with_an_old_fix if judged({}) == {"VULNERABILITY_FIXABLE"}

test_the_day_counts if {
	judged({"ageDays": 6}) == set()
	judged({"ageDays": 7}) == {"VULNERABILITY_FIXABLE"}
}

test_without_a_date_it_counts_at_once if judged({"ageDays": null}) == {"VULNERABILITY_FIXABLE"}

test_without_a_fix_it_does_not_count if judged({"fix": "none", "fixedVersion": null}) == set()

test_where_the_report_does_not_speak_of_fixes_it_counts if {
	judged({"fix": "unknown", "fixedVersion": null}) == {"VULNERABILITY_FIXABLE"}
	judged({"fix": "unknown", "fixedVersion": null, "package": null, "ageDays": null}) == {"VULNERABILITY_FIXABLE"}
}

test_each_severity_has_its_own_days if {
	judged({"severity": "high", "ageDays": 29}) == set()
	judged({"severity": "high", "ageDays": 30}) == {"VULNERABILITY_FIXABLE"}
	judged({"severity": "low"}) == set()
}

test_findings_that_are_not_known_are_left_to_the_evidence if {
	findings_codes(null, {"vulnerabilities": limits({})}) == set()
}

test_switched_off if findings_codes([finding({})], {}) == set()

test_exploited_ones if {
	known := {"exploited": true, "fix": "none", "fixedVersion": null, "severity": "low"}
	judged(known) == set()
	findings_codes([finding(known)], {"vulnerabilities": limits({"refuseExploited": true})}) == {"VULNERABILITY_EXPLOITED"}
}

# What is denied, and what is warned of, about a scan.
judgement(facts, given) := {"deny": codes(denials), "warn": codes(warnings)} if {
	all_facts := image(object.union({"scan": scan, "findings": []}, facts))
	given_parameters := parameters({"vulnerabilities": limits(given)})
	denials := vulnerabilities.deny with input.image as all_facts with data.pratique.parameters as given_parameters
	warnings := vulnerabilities.warn with input.image as all_facts with data.pratique.parameters as given_parameters
}

codes(problems) := {problem.code | some problem in problems}

denied(code) := {"deny": {code}, "warn": set()}

warned(code) := {"deny": set(), "warn": {code}}

nothing := {"deny": set(), "warn": set()}

test_whether_it_is_exploited_is_not_known if {
	facts := {"findings": [finding({"exploited": null, "fix": "none", "fixedVersion": null, "severity": "low"})]}
	judgement(facts, {}) == nothing
	judgement(facts, {"refuseExploited": true}) == denied("EXPLOITATION_UNKNOWN")
	judgement(facts, {"refuseExploited": true, "unknown": "warn"}) == warned("EXPLOITATION_UNKNOWN")
}

test_what_is_left_out_may_be_exploited if {
	facts := {"scan": object.union(scan, {"leftOut": 2})}
	judgement(facts, {}) == nothing
	judgement(facts, {"refuseExploited": true}) == denied("EXPLOITATION_UNKNOWN")
	judgement({"scan": object.union(scan, {"leftOut": null})}, {"refuseExploited": true}) == nothing
}

test_a_severity_that_nobody_gives if {
	facts := {"findings": [finding({"severity": "unknown", "ageDays": 7})]}
	judgement(facts, {}) == denied("SEVERITY_UNKNOWN")
	judgement(facts, {"unknown": "warn"}) == warned("SEVERITY_UNKNOWN")
	judgement({"findings": [finding({"severity": "unknown", "ageDays": 6})]}, {}) == nothing
	judgement({"findings": [finding({"severity": "unknown", "fix": "none"})]}, {}) == nothing
	judgement(facts, {"fixOlderThanDays": {"critical": 7, "unknown": 8}}) == nothing
	judgement(facts, {"fixOlderThanDays": {"unknown": 7}}) == denied("VULNERABILITY_FIXABLE")
}

test_packages_that_the_scan_knows_nothing_about if {
	facts := {"scan": object.union(scan, {"uncovered": 3})}
	judgement(facts, {}) == denied("SCAN_INCOMPLETE")
	judgement(facts, {"unknown": "warn"}) == warned("SCAN_INCOMPLETE")
	judgement({"scan": object.union(scan, {"uncovered": null})}, {}) == nothing
}

test_an_exception_for_what_is_not_known if {
	facts := image({"scan": scan, "findings": [finding({"exploited": null, "fix": "none", "exceptions": ["exceptions[0]"]})]})
	problems := vulnerabilities.deny with input.image as facts
		with data.pratique.parameters as parameters({
			"vulnerabilities": limits({"refuseExploited": true}),
			"exceptions": [exception({})],
		})
	problems == set()
}

scan_codes(age) := {problem.code | some problem in problems} if {
	problems := vulnerabilities.deny with input.image as image({"scan": object.union(scan, {"ageDays": age}), "findings": []})
		with data.pratique.parameters as parameters({"vulnerabilities": limits({"scanOlderThanDays": 3})})
}

test_the_age_of_the_scan if {
	scan_codes(3) == set()
	scan_codes(4) == {"SCAN_TOO_OLD"}
	scan_codes(null) == {"SCAN_TOO_OLD"}
}

database_codes(facts) := {problem.code | some problem in problems} if {
	problems := vulnerabilities.deny with input.image as image(facts)
		with data.pratique.parameters as parameters({"vulnerabilities": limits({"databaseOlderThanDays": 3})})
}

test_the_age_of_the_database_of_the_scan if {
	of_age := {age: database_codes({"scan": object.union(scan, {"databaseAgeDays": age}), "findings": []}) | some age in [0, 3, 4, null]}
	of_age == {0: set(), 3: set(), 4: {"SCAN_DATABASE_TOO_OLD"}, null: {"SCAN_DATABASE_TOO_OLD"}}
}

exception(given) := object.union(
	{
		"entry": "exceptions[0]",
		"match": ["a.b/**"],
		"vulnerability": "CVE-2026-0001",
		"package": null,
		"reason": "not reachable",
		"owner": "ana",
		"expires": "2026-06-01",
	},
	given,
)

excused(given) := {problem.code | some problem in array.concat([p | some p in denials], [p | some p in warnings])} if {
	facts := image({"scan": scan, "findings": [finding({"exceptions": ["exceptions[0]"]})]})
	given_parameters := parameters({"vulnerabilities": limits({}), "exceptions": [exception(given)]})
	denials := vulnerabilities.deny with input.image as facts with data.pratique.parameters as given_parameters
	warnings := vulnerabilities.warn with input.image as facts with data.pratique.parameters as given_parameters
}

test_an_exception_holds_to_the_end_of_its_last_day if {
	excused({}) == {"EXCEPTION_USED"}
	excused({"expires": "2026-05-31"}) == {"VULNERABILITY_FIXABLE", "EXCEPTION_EXPIRED"}
}

test_an_exception_for_another_image if {
	excused({"match": ["c.d/**"]}) == {"VULNERABILITY_FIXABLE"}
}

test_an_exception_that_is_about_something_else if {
	excused({"entry": "exceptions[1]"}) == {"VULNERABILITY_FIXABLE"}
}

test_the_message_lists_five if {
	many := [finding({"vulnerability": sprintf("CVE-%d", [n])}) | some n in numbers.range(1, 9)]
	problems := vulnerabilities.deny with input.image as image({"scan": scan, "findings": many})
		with data.pratique.parameters as parameters({"vulnerabilities": limits({})})
	some problem in problems
	problem.found == "9"
	contains(problem.msg, "CVE-5 (openssl 1.0, fixed in 1.1), and 4 more")
}

package_of(rules) := {
	"type": "deb",
	"name": "telnet",
	"version": "1",
	"purl": "pkg:deb/debian/telnet@1",
	"licenses": [],
	"supplier": null,
	"rules": rules,
	"undecided": [],
}

rule := {"name": "telnet", "reason": "plain text"}

package_codes(rules, given) := {problem.code | some problem in array.concat([p | some p in denials], [p | some p in warnings])} if {
	facts := image({"sbom": sbom, "packages": [package_of(rules)]})
	denials := packages.deny with input.image as facts with data.pratique.parameters as parameters(given)
	warnings := packages.warn with input.image as facts with data.pratique.parameters as parameters(given)
}

test_a_denied_package if {
	package_codes(["deny[0]"], {"packages": {"deny": [rule], "allow": []}}) == {"PACKAGE_DENIED"}
	package_codes([], {"packages": {"deny": [rule], "allow": []}}) == set()
}

test_a_package_that_is_not_allowed if {
	package_codes([], {"packages": {"deny": [], "allow": [rule]}}) == {"PACKAGE_NOT_ALLOWED"}
	package_codes(["allow[0]"], {"packages": {"deny": [], "allow": [rule]}}) == set()
	package_codes(["allow[0]", "deny[0]"], {"packages": {"deny": [rule], "allow": [rule]}}) == {"PACKAGE_DENIED"}
}

test_a_package_of_which_it_is_not_known if {
	facts := image({"sbom": sbom, "packages": [object.union(package_of([]), {"undecided": ["deny[0]"], "version": null})]})
	licences := [{"license": "AGPL-*", "reason": null}]
	by_mode := {mode: {"deny": codes(denials), "warn": codes(warnings)} |
		some mode in ["deny", "warn"]
		given := parameters({"packages": {"deny": licences, "allow": [], "unknown": mode}})
		denials := packages.deny with input.image as facts with data.pratique.parameters as given
		warnings := packages.warn with input.image as facts with data.pratique.parameters as given
	}
	by_mode == {"deny": denied("PACKAGE_UNKNOWN"), "warn": warned("PACKAGE_UNKNOWN")}
}

test_an_excepted_package if {
	given := {
		"packages": {"deny": [rule], "allow": []},
		"exceptions": [exception({"vulnerability": null, "package": "telnet"})],
	}
	package_codes(["deny[0]", "exceptions[0]"], given) == {"EXCEPTION_USED"}
	package_codes(["deny[0]"], given) == {"PACKAGE_DENIED"}
	expired := object.union(given, {"exceptions": [exception({"expires": "2026-01-01"})]})
	package_codes(["deny[0]", "exceptions[0]"], expired) == {"PACKAGE_DENIED", "EXCEPTION_EXPIRED"}
}

test_an_exception_nobody_needs_is_not_mentioned if {
	package_codes(["exceptions[0]"], {"exceptions": [exception({})]}) == set()
}
