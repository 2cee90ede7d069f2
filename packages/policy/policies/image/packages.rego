# METADATA
# title: Packages that may be in an image, and that may not
# description: |
#   Parameter `packages` of the trust configuration: `deny` and `allow`, lists of rules by type, name, version range,
#   package URL, licence and supplier. The packages are those of the newest bill of materials attested by an authority
#   that may sign the image. A package of which something is not said that a rule of `deny` asks for is refused, or with
#   `unknown: warn` warned of.
package pratique.image.packages

import data.pratique.lib

deny contains problem if {
	some index, rule in data.pratique.parameters.packages.deny
	entry := sprintf("deny[%d]", [index])
	packages := [described(found) |
		some found in input.image.packages
		entry in found.rules
		not lib.excepted(input.image, found.rules)
	]
	count(packages) > 0
	problem := {
		"code": "PACKAGE_DENIED",
		"msg": sprintf("%s has what packages.%s refuses: %s", [lib.name(input.image), entry, reason(rule)]),
		"expected": "an image without it",
		"found": lib.listed(packages),
		"remedy": "build the image without the package, or with a version or licence that is accepted",
	}
}

deny contains problem if {
	count(data.pratique.parameters.packages.allow) > 0
	packages := [described(found) |
		some found in input.image.packages
		not is_allowed(found)
		not lib.excepted(input.image, found.rules)
	]
	count(packages) > 0
	problem := {
		"code": "PACKAGE_NOT_ALLOWED",
		"msg": sprintf("%s has %d packages that no entry of packages.allow names", [lib.name(input.image), count(packages)]),
		"expected": "packages that packages.allow names",
		"found": lib.listed(packages),
	}
}

deny contains problem if {
	data.pratique.parameters.packages.unknown == "deny"
	some problem in unknown
}

warn contains problem if {
	data.pratique.parameters.packages.unknown == "warn"
	some problem in unknown
}

unknown contains problem if {
	some index, rule in data.pratique.parameters.packages.deny
	entry := sprintf("deny[%d]", [index])
	packages := [described(found) |
		some found in input.image.packages
		entry in found.undecided
		not lib.excepted(input.image, found.rules)
	]
	count(packages) > 0
	asked := concat(", ", [criterion |
		some criterion in ["type", "purl", "version", "license", "supplier"]
		not object.get(rule, criterion, null) in {null, []}
	])
	problem := {
		"code": "PACKAGE_UNKNOWN",
		"msg": sprintf("of %d packages of %s it is not known whether packages.%s refuses them: %s", [
			count(packages),
			lib.name(input.image),
			entry,
			reason(rule),
		]),
		"expected": sprintf("a bill of materials that says of every package: %s", [asked]),
		"found": lib.listed(packages),
	}
}

is_allowed(found) if {
	some rule in found.rules
	startswith(rule, "allow[")
}

warn contains problem if {
	some found in input.image.packages
	some exception in lib.exceptions_for(input.image, found.rules)
	is_refused(found)
	problem := lib.exception_note(input.image, exception, described(found))
}

is_refused(found) if {
	some rule in found.rules
	startswith(rule, "deny[")
}

is_refused(found) if {
	count(data.pratique.parameters.packages.allow) > 0
	not is_allowed(found)
}

described(found) := sprintf("%s %s", [found.name, found.version]) if {
	found.version != null
} else := found.name

reason(rule) := rule.reason if {
	rule.reason != null
} else := "it gives no reason"
