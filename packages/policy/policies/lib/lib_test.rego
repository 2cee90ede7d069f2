package pratique.lib_test

import data.pratique.fixtures
import data.pratique.lib

test_name_and_pinned if {
	image := fixtures.image([], [])
	lib.name(image) == "a.b/team/app"
	lib.pinned(image) == sprintf("a.b/team/app@%s", [fixtures.digest])
}

test_one_star_stays_within_a_segment if {
	image := fixtures.image([], [])
	lib.matches("a.b/team/*", image)
	lib.matches("a.b/**", image)
	not lib.matches("a.b/*", image)
	not lib.matches("b/team/app", image)
	not lib.matches("a.b/team/app/**", image)
}

test_every_annotation_must_be_there_with_its_value if {
	signature := fixtures.signature("team", {"env": "dev", "tier": "web"})
	lib.has_annotations(signature, {})
	lib.has_annotations(signature, {"env": "dev", "tier": "web"})
	not lib.has_annotations(signature, {"env": "prod"})
	not lib.has_annotations(signature, {"env": "dev", "owner": "x"})
}

test_two_signatures_by_one_authority_count_once if {
	twice := [fixtures.signature("team", {}), fixtures.signature("team", {"again": "1"})]
	requirement := fixtures.requirement(2, ["team", "security"])
	lib.met_by(fixtures.image(twice, [requirement]), requirement) == {"team"}
}

test_a_signature_by_an_authority_nobody_asked_for_is_not_a_trusted_one if {
	image := fixtures.image(
		[fixtures.signature("other", {}), fixtures.signature("team", {})],
		[fixtures.requirement(1, ["team"])],
	)
	[signature.authorities | some signature in lib.trusted_signatures(image)] == [["team"]]
}

test_a_signature_without_the_required_annotations_is_not_a_trusted_one if {
	requirement := object.union(fixtures.requirement(1, ["team"]), {"annotations": {"env": "dev"}})
	image := fixtures.image([fixtures.signature("team", {"env": "prod"})], [requirement])
	lib.trusted_signatures(image) == []
}

test_where_nothing_is_required_every_verified_signature_is_trusted if {
	count(lib.trusted_signatures(fixtures.image([fixtures.signature("other", {})], []))) == 1
}

test_attestations_by_type_and_trusted_signer if {
	attestation := object.union(fixtures.signature("team", {}), {"predicateType": "t", "predicate": {"n": 1}})
	stranger := object.union(attestation, {"authorities": ["other"]})
	image := object.union(
		fixtures.image([], [fixtures.requirement(1, ["team"])]),
		{"attestations": [stranger, attestation]},
	)
	lib.attestations(image, "t") == [attestation]
	lib.attestations(image, "u") == []
}
