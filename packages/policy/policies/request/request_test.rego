package pratique.request.request_test

import data.pratique.fixtures
import data.pratique.request.environment
import data.pratique.request.reference

image(changes) := object.union(
	{
		"reference": "a.b/team/app:1",
		"registry": "a.b",
		"repository": "team/app",
		"tag": "1",
		"digest": fixtures.digest,
		"pinned": false,
		"containers": ["containers[0]"],
		"mode": "enforce",
		"exempt": false,
		"facts": null,
		"verdict": {"allowed": true, "denials": [], "warnings": []},
	},
	changes,
)

reference_codes(images, parameters) := {problem.code | some problem in problems} if {
	problems := reference.deny with input.images as images
		with data.pratique.parameters as parameters
}

strict := {"requireDigest": true, "forbiddenTags": ["latest"]}

test_a_digest_is_required if {
	reference_codes([image({})], strict) == {"DIGEST_REQUIRED"}
	reference_codes([image({"pinned": true})], strict) == set()
	reference_codes([image({})], {"requireDigest": false, "forbiddenTags": ["latest"]}) == set()
}

test_a_forbidden_tag if {
	lax := {"requireDigest": false, "forbiddenTags": ["latest"]}
	reference_codes([image({}), image({"tag": "latest"})], lax) == {"TAG_FORBIDDEN"}
	reference_codes([image({"tag": "latest", "pinned": true})], lax) == set()
}

test_exempt_images_are_nobodys_concern if {
	reference_codes([image({"exempt": true, "tag": "latest"})], strict) == set()
}

environment_codes(namespace, annotations) := {problem.code | some problem in problems} if {
	problems := environment.deny with input as {
		"request": {"namespace": namespace},
		"images": [image({"facts": fixtures.image(
			[fixtures.signature("team", annotations)],
			[fixtures.requirement(1, ["team"])],
		)})],
	}
		with data.pratique.parameters.environment as {
			"annotation": "env",
			"expected": null,
			"namespaces": {"prod-*": "prod", "dev": "dev"},
		}
}

test_the_namespace_decides_which_environment if {
	environment_codes("prod-eu", {"env": "prod"}) == set()
	environment_codes("prod-eu", {"env": "dev"}) == {"ENVIRONMENT_MISMATCH"}
	environment_codes("prod-eu", {}) == {"ENVIRONMENT_MISMATCH"}
	environment_codes("dev", {"env": "prod"}) == {"ENVIRONMENT_MISMATCH"}
	environment_codes("other", {"env": "dev"}) == set()
}

test_an_image_that_is_allowed_without_a_signature_has_no_environment if {
	facts := fixtures.image([], [fixtures.requirement(1, ["team"])])
	problems := environment.deny with input as {
		"request": {"namespace": "prod-eu"},
		"images": [image({"facts": facts, "verdict": {"allowed": true, "denials": [], "warnings": []}})],
	}
		with data.pratique.parameters.environment as {
			"annotation": "env",
			"expected": null,
			"namespaces": {"prod-*": "prod"},
		}
	{problem.code | some problem in problems} == {"ENVIRONMENT_MISMATCH"}
}

test_an_image_that_is_refused_is_left_to_the_signature_policy if {
	facts := fixtures.image([], [fixtures.requirement(1, ["team"])])
	problems := environment.deny with input as {
		"request": {"namespace": "prod-eu"},
		"images": [image({"facts": facts, "verdict": {"allowed": false, "denials": [{}], "warnings": []}})],
	}
		with data.pratique.parameters.environment as {
			"annotation": "env",
			"expected": null,
			"namespaces": {"prod-*": "prod"},
		}
	problems == set()
}
