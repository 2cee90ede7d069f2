# METADATA
# title: Signed for the expected environment
# description: |
#   Parameter `environment` of the trust configuration: a trusted signature must carry the annotation with the expected
#   value. Says nothing about an image that too few of the required authorities vouch for: `signed` has refused that one
#   already. One that is vouched for by attestations alone has no environment.
package pratique.image.environment

import data.pratique.lib

deny contains problem if {
	expected := data.pratique.parameters.environment.expected
	expected != null
	annotation := data.pratique.parameters.environment.annotation
	signatures := lib.trusted_signatures(input.image)
	answerable(signatures)
	found := {value | some signature in signatures; value := signature.annotations[annotation]}
	not expected in found
	problem := {
		"code": "ENVIRONMENT_MISMATCH",
		"msg": sprintf("%s is signed for %s, not for %s", [lib.name(input.image), text(found), expected]),
		"expected": sprintf("%s=%s", [annotation, expected]),
		"found": sprintf("%s=%s", [annotation, text(found)]),
		"remedy": sprintf("deploy the image signed for %s, or sign this one for it: pratique sign --key KEY -a %s=%s %s", [
			expected,
			annotation,
			expected,
			lib.pinned(input.image),
		]),
	}
}

answerable(signatures) if count(signatures) > 0

answerable(_) if not lib.lacks_authorities(input.image)

text(values) := concat(", ", values) if {
	count(values) > 0
} else := "no environment"
