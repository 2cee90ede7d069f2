# METADATA
# title: Signed for the environment of the namespace
# description: |
#   Parameter `environment.namespaces` of the trust configuration: globs over namespaces, each with the environment its
#   images must be signed for.
package pratique.request.environment

import data.pratique.lib

deny contains problem if {
	some pattern, expected in data.pratique.parameters.environment.namespaces
	glob.match(pattern, [], input.request.namespace)
	annotation := data.pratique.parameters.environment.annotation
	some image in input.images
	image.facts != null
	signatures := lib.trusted_signatures(image.facts)
	answerable(image, signatures)
	found := {value | some signature in signatures; value := signature.annotations[annotation]}
	not expected in found
	problem := {
		"code": "ENVIRONMENT_MISMATCH",
		"msg": sprintf("%s is signed for %s, and namespace %s runs %s", [
			lib.name(image.facts),
			text(found),
			input.request.namespace,
			expected,
		]),
		"expected": sprintf("%s=%s", [annotation, expected]),
		"found": sprintf("%s=%s", [annotation, text(found)]),
		"remedy": sprintf("deploy to a namespace for %s, or sign the image for %s: pratique sign --key KEY -a %s=%s %s", [
			text(found),
			expected,
			annotation,
			expected,
			lib.pinned(image.facts),
		]),
		"image": image.reference,
	}
}

answerable(_, signatures) if count(signatures) > 0

answerable(image, _) if count(image.facts.requirements) == 0

# What image policies let pass without a signature that counts (attested only, or asked for none) is for no environment.
answerable(image, _) if image.verdict.allowed

text(values) := concat(", ", values) if {
	count(values) > 0
} else := "no environment"
