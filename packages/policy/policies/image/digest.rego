# METADATA
# title: One of the approved digests
# description: |
#   Parameter `digests` of the trust configuration: globs over image names, each with the digests approved for the
#   images it matches. An image no glob matches is not the concern of this policy.
package pratique.image.digest

import data.pratique.lib

deny contains problem if {
	approved := {digest |
		some pattern, digests in data.pratique.parameters.digests
		lib.matches(pattern, input.image)
		some digest in digests
	}
	governed
	not input.image.digest in approved
	problem := {
		"code": "DIGEST_NOT_APPROVED",
		"msg": sprintf("%s is at a digest that is not approved", [lib.name(input.image)]),
		"expected": concat(" or ", approved),
		"found": input.image.digest,
		"remedy": "deploy an approved digest, or add this one to `parameters.digests` of the trust configuration",
	}
}

governed if {
	some pattern, _ in data.pratique.parameters.digests
	lib.matches(pattern, input.image)
}
