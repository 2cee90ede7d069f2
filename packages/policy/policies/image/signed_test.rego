package pratique.image.signed_test

import data.pratique.fixtures
import data.pratique.image.signed

codes(image) := {problem.code | some problem in problems} if {
	problems := signed.deny with input.image as image
}

one(image) := problem if {
	problems := signed.deny with input.image as image
	count(problems) == 1
	some problem in problems
}

test_signed_by_who_is_required if {
	image := fixtures.image([fixtures.signature("team", {})], [fixtures.requirement(1, ["team", "release"])])
	codes(image) == set()
}

test_unsigned if {
	problem := one(fixtures.image([], [fixtures.requirement(1, ["team"])]))
	problem.code == "SIGNATURE_MISSING"
	problem.expected == "a signature by team (sha256:team)"
	problem.found == "no signature"
	problem.remedy == sprintf("pratique sign --key KEY a.b/team/app@%s", [fixtures.digest])
}

test_unsigned_by_one_who_signs_with_notation if {
	image := fixtures.image([], [object.union(fixtures.requirement(1, ["team"]), {"annotations": {"env": "prod"}})])
	problem := one(object.union(image, {"authorities": {"team": {"format": "notation"}}}))
	problem.code == "SIGNATURE_MISSING"
	problem.remedy == sprintf("pratique notation sign -m env=prod a.b/team/app@%s", [fixtures.digest])
}

test_an_image_nobody_speaks_of if {
	requirement := object.union(fixtures.requirement(1, []), {"entry": "default"})
	one(fixtures.image([fixtures.signature("team", {})], [requirement])).code == "IMAGE_NOT_COVERED"
}

test_a_valid_signature_by_somebody_else_does_not_do if {
	problem := one(fixtures.image([fixtures.signature("other", {})], [fixtures.requirement(1, ["team"])]))
	problem.code == "SIGNER_UNTRUSTED"
	problem.found == "other (sha256:other)"
}

test_all_means_every_one if {
	requirement := fixtures.requirement(2, ["team", "security"])
	problem := one(fixtures.image([fixtures.signature("team", {})], [requirement]))
	problem.code == "QUORUM_NOT_MET"
	problem.expected == "signatures by team (sha256:team) and security (sha256:security)"
	problem.found == "signed by team"
	both := [fixtures.signature("team", {}), fixtures.signature("security", {})]
	codes(fixtures.image(both, [requirement])) == set()
}

test_two_signatures_by_one_authority_are_no_quorum if {
	twice := [fixtures.signature("team", {}), fixtures.signature("team", {})]
	requirement := fixtures.requirement(2, ["team", "security", "release"])
	one(fixtures.image(twice, [requirement])).code == "QUORUM_NOT_MET"
}

test_every_requirement_must_be_met if {
	image := fixtures.image(
		[fixtures.signature("team", {})],
		[fixtures.requirement(1, ["team"]), fixtures.requirement(1, ["security"])],
	)
	codes(image) == {"SIGNER_UNTRUSTED"}
}

test_annotations_are_part_of_the_requirement if {
	requirement := object.union(fixtures.requirement(1, ["team"]), {"annotations": {"env": "dev"}})
	problem := one(fixtures.image([fixtures.signature("team", {"env": "prod"})], [requirement]))
	problem.code == "ANNOTATION_REQUIRED"
	problem.expected == "env=dev"
	problem.found == "env=prod"
	codes(fixtures.image([fixtures.signature("team", {"env": "dev", "x": "y"})], [requirement])) == set()
}

test_annotations_of_two_signatures_do_not_add_up if {
	requirement := object.union(fixtures.requirement(1, ["team"]), {"annotations": {"env": "dev", "tier": "web"}})
	signatures := [fixtures.signature("team", {"env": "dev"}), fixtures.signature("team", {"tier": "web"})]
	one(fixtures.image(signatures, [requirement])).code == "ANNOTATION_REQUIRED"
}

test_annotations_by_somebody_else_do_not_count if {
	requirement := object.union(fixtures.requirement(1, ["team"]), {"annotations": {"env": "dev"}})
	signatures := [fixtures.signature("team", {}), fixtures.signature("other", {"env": "dev"})]
	one(fixtures.image(signatures, [requirement])).code == "ANNOTATION_REQUIRED"
}

rejected(codes) := [rejection |
	some code in codes
	rejection := {"format": "cosign-tag", "code": code, "message": sprintf("because of %s", [code]), "expected": "e", "found": "f"}
]

test_a_signature_copied_from_another_image_says_so if {
	image := object.union(
		fixtures.image([], [fixtures.requirement(1, ["team"])]),
		{"rejected": rejected(["SIGNER_UNTRUSTED", "SUBJECT_MISMATCH"])},
	)
	problem := one(image)
	problem.code == "SUBJECT_MISMATCH"
	problem.expected == "e"
	problem.found == "f"
	endswith(problem.msg, "because of SUBJECT_MISMATCH (and 1 more refused)")
	problem.remedy == null
}

test_an_unknown_key_says_which_was_wanted if {
	image := object.union(
		fixtures.image([], [fixtures.requirement(1, ["team"])]),
		{"rejected": rejected(["SIGNER_UNTRUSTED"])},
	)
	problem := one(image)
	problem.code == "SIGNER_UNTRUSTED"
	problem.expected == "a signature by team (sha256:team)"
	problem.found == "f"
}

test_a_requirement_in_warn_mode_warns if {
	requirement := object.union(fixtures.requirement(1, ["team"]), {"mode": "warn"})
	image := fixtures.image([], [requirement])
	codes(image) == set()
	warnings := signed.warn with input.image as image
	{warning.code | some warning in warnings} == {"SIGNATURE_MISSING"}
}

attester(wanted) := {"ci": {"satisfied": false, "attestations": wanted, "by": [], "wanted": []}}

test_an_attestation_that_is_not_there_is_named if {
	image := object.union(
		fixtures.image([fixtures.signature("ci", {})], [fixtures.requirement(1, ["ci"])]),
		{"authorities": attester([{"predicateType": "t", "policy": null}])},
	)
	some problem in signed.deny with input.image as image
	problem.code == "ATTESTATION_MISSING"
	problem.found == "no attestation"
	contains(problem.expected, "an attestation of t by ci")
}

test_an_attestation_by_somebody_else_is_not_it if {
	image := object.union(
		fixtures.image([], [fixtures.requirement(1, ["ci"])]),
		{
			"authorities": attester([{"predicateType": "t", "policy": null}]),
			"attestations": [fixtures.attestation("other", "t", {})],
		},
	)
	some problem in signed.deny with input.image as image
	problem.code == "ATTESTATION_MISSING"
	problem.found == "t by other"
}

test_why_an_attestation_does_not_comply_is_said if {
	image := object.union(
		fixtures.image([], [fixtures.requirement(1, ["ci"])]),
		{
			"authorities": attester([{"predicateType": "t", "policy": "p"}]),
			"attestations": [fixtures.attestation("ci", "t", {})],
		},
	)
	answers := [{"result": false, "error": "level 1 is too low"}]
	some problem in signed.deny with input.image as image with data.pratique.attestation.p.isCompliant as answers
	problem.code == "ATTESTATION_REFUSED"
	problem.found == "level 1 is too low"
}

test_a_forbidden_image_is_refused_whoever_signed_it if {
	forbidden := object.union(fixtures.requirement(1, []), {"refusal": "not here"})
	image := fixtures.image([fixtures.signature("team", {})], [forbidden])
	some problem in signed.deny with input.image as image
	problem.code == "IMAGE_FORBIDDEN"
}

# A requirement with a policy over all of its authorities.
overall := {
	"name": "p",
	"authorities": {"mine": {"name": "team", "attestations": []}, "anybody": {"name": null, "attestations": []}},
	"include": ["spec"],
}

with_policy := fixtures.image(
	[fixtures.signature("team", {})],
	[object.union(fixtures.requirement(1, ["team"]), {"policy": overall})],
)

test_a_policy_over_all_authorities_that_says_yes if {
	answers := {"p": {"isCompliant": true}}
	codes(with_policy) == set() with data.pratique.cluster_image_policy as answers
}

test_a_policy_over_all_authorities_that_says_no if {
	answers := {"p": {"isCompliant": [{"result": false, "error": "not on a Friday"}]}}
	some problem in signed.deny with input.image as with_policy with data.pratique.cluster_image_policy as answers
	problem.code == "CLUSTER_POLICY_REFUSED"
	problem.found == "not on a Friday"
}

test_a_policy_over_all_authorities_that_is_not_there_is_no_yes if {
	codes(with_policy) == {"CLUSTER_POLICY_REFUSED"}
}

test_a_policy_over_all_authorities_is_asked_once_one_counts if {
	unsigned := object.union(with_policy, {"signatures": []})
	answers := {"p": {"isCompliant": true}}
	codes(unsigned) == {"SIGNATURE_MISSING"} with data.pratique.cluster_image_policy as answers
}
