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

with_attester(attestations, wanted) := object.union(
	fixtures.image([fixtures.signature("ci", {})], []),
	{
		"attestations": attestations,
		"authorities": {"ci": {"satisfied": false, "attestations": wanted, "by": [], "wanted": []}},
	},
)

must_attest(predicate_type) := {"predicateType": predicate_type, "policy": null}

test_who_must_attest_does_not_count_by_a_signature if {
	requirement := fixtures.requirement(1, ["ci"])
	lib.met_by(with_attester([], [must_attest("t")]), requirement) == set()
	lib.trusted_signatures(object.union(with_attester([], [must_attest("t")]), {"requirements": [requirement]})) == []
}

test_everything_must_be_attested_by_the_authority_itself if {
	requirement := fixtures.requirement(1, ["ci"])
	both := [must_attest("t"), must_attest("u")]
	one := [fixtures.attestation("ci", "t", {})]
	other := array.concat(one, [fixtures.attestation("team", "u", {})])
	whole := array.concat(one, [fixtures.attestation("ci", "u", {})])
	lib.met_by(with_attester(one, both), requirement) == set()
	lib.met_by(with_attester(other, both), requirement) == set()
	lib.met_by(with_attester(whole, both), requirement) == {"ci"}
}

test_an_attestation_must_comply_with_its_policy if {
	requirement := fixtures.requirement(1, ["ci"])
	wanted := [{"predicateType": "t", "policy": "p"}]
	image := with_attester([fixtures.attestation("ci", "t", {"level": 3})], wanted)
	lib.met_by(image, requirement) == set()
	lib.met_by(image, requirement) == {"ci"} with data.pratique.attestation as {"p": {"isCompliant": true}}
	lib.met_by(image, requirement) == set() with data.pratique.attestation as {"p": {"isCompliant": false}}
	lib.met_by(image, requirement) == set() with data.pratique.attestation as {"other": {"isCompliant": true}}
}

test_a_policy_may_answer_with_results if {
	requirement := fixtures.requirement(1, ["ci"])
	image := with_attester([fixtures.attestation("ci", "t", {})], [{"predicateType": "t", "policy": "p"}])
	refused := {"result": false, "error": "too low"}
	lib.met_by(image, requirement) == {"ci"} with data.pratique.attestation.p.isCompliant as [refused, {"result": true}]
	lib.met_by(image, requirement) == set() with data.pratique.attestation.p.isCompliant as [refused]
	lib.met_by(image, requirement) == set() with data.pratique.attestation.p.isCompliant as []
	lib.met_by(image, requirement) == set() with data.pratique.attestation.p.isCompliant as [{"result": true, "warning": "hm"}]
}
