# METADATA
# title: Made on a base image of ours
# description: |
#   Parameter `bases` of the trust configuration: digests of base images. Signed provenance (SLSA v1 or v0.2) by an
#   authority of a requirement must name one of them. A label says nothing here: whoever builds an image writes it.
package pratique.image.base

import data.pratique.lib

deny contains problem if {
	approved := {digest | some digest in data.pratique.parameters.bases}
	count(approved) > 0
	count(approved & materials) == 0
	problem := {
		"code": "BASE_NOT_APPROVED",
		"msg": sprintf("no trusted provenance says that %s was made on an approved base image", [lib.name(input.image)]),
		"expected": sprintf("provenance that names %s", [concat(" or ", approved)]),
		"found": found,
		"remedy": "build on an approved base image, and have the build attest where it came from: pratique attest --type slsaprovenance1",
	}
}

# Digests of everything that trusted provenance says went into the image, as "sha256:…".
materials contains sprintf("%s:%s", [algorithm, hex]) if {
	some attestation in lib.attestations(input.image, "https://slsa.dev/provenance/v1")
	some dependency in attestation.predicate.buildDefinition.resolvedDependencies
	some algorithm, hex in dependency.digest
}

materials contains sprintf("%s:%s", [algorithm, hex]) if {
	some attestation in lib.attestations(input.image, "https://slsa.dev/provenance/v0.2")
	some material in attestation.predicate.materials
	some algorithm, hex in material.digest
}

found := sprintf("provenance that names %d other digests", [count(materials)]) if {
	count(materials) > 0
} else := "no provenance by who may sign this image"
