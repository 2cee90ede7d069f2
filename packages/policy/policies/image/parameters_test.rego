# The policies that are switched on by parameters of the trust configuration.
package pratique.image.parameters_test

import data.pratique.fixtures
import data.pratique.image.base
import data.pratique.image.digest
import data.pratique.image.environment
import data.pratique.image.registry

required := [fixtures.requirement(1, ["team"])]

signed(annotations) := fixtures.image([fixtures.signature("team", annotations)], required)

environment_codes(image, parameters) := {problem.code | some problem in problems} if {
	problems := environment.deny with input.image as image
		with data.pratique.parameters.environment as parameters
}

dev := {"annotation": "env", "expected": "dev", "namespaces": {}}

test_the_expected_environment if {
	environment_codes(signed({"env": "dev"}), dev) == set()
}

test_another_environment if {
	environment_codes(signed({"env": "prod"}), dev) == {"ENVIRONMENT_MISMATCH"}
	environment_codes(signed({}), dev) == {"ENVIRONMENT_MISMATCH"}
}

test_no_environment_is_expected if {
	environment_codes(signed({"env": "prod"}), object.union(dev, {"expected": null})) == set()
}

test_an_environment_somebody_else_vouches_for_does_not_count if {
	signatures := [fixtures.signature("team", {"env": "prod"}), fixtures.signature("other", {"env": "dev"})]
	environment_codes(fixtures.image(signatures, required), dev) == {"ENVIRONMENT_MISMATCH"}
}

test_an_unsigned_image_is_left_to_the_signature_policy if {
	environment_codes(fixtures.image([], required), dev) == set()
}

# Its only authority counts by what it attests: nothing else would ask for the environment.
test_an_attested_image_has_no_environment if {
	attesting := fixtures.attesting(fixtures.image([], required), "team", ["https://slsa.dev/provenance/v1"])
	image := object.union(attesting, {"attestations": [fixtures.attestation("team", "https://slsa.dev/provenance/v1", {})]})
	environment_codes(image, dev) == {"ENVIRONMENT_MISMATCH"}
	environment_codes(attesting, dev) == set()
}

test_what_is_only_warned_of_does_not_hide_the_environment if {
	attesting := fixtures.attesting(
		fixtures.image([], [required[0], object.union(fixtures.requirement(1, ["other"]), {"mode": "warn"})]),
		"team",
		["https://slsa.dev/provenance/v1"],
	)
	image := object.union(attesting, {"attestations": [fixtures.attestation("team", "https://slsa.dev/provenance/v1", {})]})
	environment_codes(image, dev) == {"ENVIRONMENT_MISMATCH"}
}

test_an_image_that_no_signature_is_asked_of_has_no_environment if {
	environment_codes(fixtures.image([], [fixtures.requirement(0, [])]), dev) == {"ENVIRONMENT_MISMATCH"}
}

test_an_unsigned_image_nothing_is_required_of_has_no_environment if {
	environment_codes(fixtures.image([], []), dev) == {"ENVIRONMENT_MISMATCH"}
}

test_the_message_names_both_environments if {
	problems := environment.deny with input.image as signed({"env": "prod"})
		with data.pratique.parameters.environment as dev
	some problem in problems
	problem.expected == "env=dev"
	problem.found == "env=prod"
}

digest_codes(digests) := {problem.code | some problem in problems} if {
	problems := digest.deny with input.image as fixtures.image([], [])
		with data.pratique.parameters.digests as digests
}

test_an_approved_digest if {
	digest_codes({"**": [fixtures.digest]}) == set()
	digest_codes({"a.b/**": ["sha256:b"], "a.b/team/*": [fixtures.digest]}) == set()
}

test_a_digest_that_is_not_approved if {
	digest_codes({"**": ["sha256:b"]}) == {"DIGEST_NOT_APPROVED"}
	digest_codes({"**": []}) == {"DIGEST_NOT_APPROVED"}
}

test_digests_of_other_images_do_not_matter if {
	digest_codes({"c.d/**": ["sha256:b"]}) == set()
	digest_codes({"c.d/**": [fixtures.digest], "a.b/**": ["sha256:b"]}) == {"DIGEST_NOT_APPROVED"}
	digest_codes({}) == set()
}

registry_codes(registries) := {problem.code | some problem in problems} if {
	problems := registry.deny with input.image as fixtures.image([], [])
		with data.pratique.parameters.registries as registries
}

test_registries if {
	registry_codes([]) == set()
	registry_codes(["c.d/**", "a.b/**"]) == set()
	registry_codes(["c.d/**"]) == {"REGISTRY_NOT_ALLOWED"}
	registry_codes(["a.b"]) == {"REGISTRY_NOT_ALLOWED"}
}

provenance(authority, digest) := fixtures.attestation(
	authority,
	"https://slsa.dev/provenance/v1",
	{"buildDefinition": {"resolvedDependencies": [{"uri": "base", "digest": {"sha256": digest}}]}},
)

base_codes(attestations, bases) := {problem.code | some problem in problems} if {
	image := object.union(signed({}), {"attestations": attestations})
	problems := base.deny with input.image as image with data.pratique.parameters.bases as bases
}

test_provenance_that_names_an_approved_base if {
	base_codes([provenance("team", "aa")], ["sha256:aa", "sha256:bb"]) == set()
	old := fixtures.attestation("team", "https://slsa.dev/provenance/v0.2", {"materials": [{"digest": {"sha256": "bb"}}]})
	base_codes([old], ["sha256:bb"]) == set()
}

test_another_base_none_or_somebody_elses_word_is_refused if {
	base_codes([provenance("team", "cc")], ["sha256:aa"]) == {"BASE_NOT_APPROVED"}
	base_codes([], ["sha256:aa"]) == {"BASE_NOT_APPROVED"}
	base_codes([provenance("other", "aa")], ["sha256:aa"]) == {"BASE_NOT_APPROVED"}
}

test_where_no_base_is_asked_for_any_will_do if {
	base_codes([], []) == set()
}

test_provenance_of_another_shape_says_nothing if {
	odd := fixtures.attestation("team", "https://slsa.dev/provenance/v1", {"buildDefinition": "sha256:aa"})
	base_codes([odd], ["sha256:aa"]) == {"BASE_NOT_APPROVED"}
}
