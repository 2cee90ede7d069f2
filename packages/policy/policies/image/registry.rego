# METADATA
# title: From an allowed registry
# description: |
#   Parameter `registries` of the trust configuration: globs over image names; every image must match one of them.
package pratique.image.registry

import data.pratique.lib

deny contains problem if {
	patterns := data.pratique.parameters.registries
	count(patterns) > 0
	not allowed(patterns)
	problem := {
		"code": "REGISTRY_NOT_ALLOWED",
		"msg": sprintf("%s comes from a registry that is not allowed", [lib.name(input.image)]),
		"expected": concat(" or ", patterns),
		"found": lib.name(input.image),
	}
}

allowed(patterns) if {
	some pattern in patterns
	lib.matches(pattern, input.image)
}
