# METADATA
# title: What the policies of Pratique share, and yours may use
# description: Documented in docs/reference/policies.md. `image` is always the document at `input.image`.
package pratique.lib

# The image's name without tag and digest: "ghcr.io/acme/shop".
name(image) := sprintf("%s/%s", [image.registry, image.repository])

# The reference that cannot move: "ghcr.io/acme/shop@sha256:…".
pinned(image) := sprintf("%s@%s", [name(image), image.digest])

# Does the glob match the image's name? `*` stays within one path segment, `**` does not.
matches(pattern, image) if glob.match(pattern, ["/"], name(image))

# Does the signature carry every annotation of `wanted`, with exactly that value?
has_annotations(signature, wanted) if {
	every key, value in wanted {
		signature.annotations[key] == value
	}
}

# The verified signatures by the authority.
signatures_by(image, authority) := [signature |
	some signature in image.signatures
	authority in signature.authorities
]

# Is everything there that the requirement asks for?
met(image, requirement) if {
	count(met_by(image, requirement)) >= requirement.atLeast
	policy_allows(image, requirement)
}

# Is an enforced requirement (or, where all only warn, any) without enough authorities? `pratique.image.signed` says so then.
lacks_authorities(image) if {
	some requirement in image.requirements
	requirement.mode == "enforce"
	count(met_by(image, requirement)) < requirement.atLeast
}

lacks_authorities(image) if {
	every requirement in image.requirements {
		requirement.mode == "warn"
	}
	some requirement in image.requirements
	count(met_by(image, requirement)) < requirement.atLeast
}

# The authorities of the requirement that have signed with its annotations, or attested what they must.
met_by(image, requirement) := {authority |
	some authority in requirement.of
	has_done_its_part(image, authority, requirement)
}

has_done_its_part(image, authority, requirement) if {
	signs(image, authority)
	some signature in signatures_by(image, authority)
	has_annotations(signature, requirement.annotations)
}

has_done_its_part(image, authority, _) if {
	not signs(image, authority)
	every wanted in image.authorities[authority].attestations {
		attested(image, authority, wanted)
	}
}

# Does the authority count by a signature? Else by what it attests.
signs(image, authority) if count(image.authorities[authority].attestations) == 0

attested(image, authority, wanted) if {
	some attestation in attestations_by(image, authority, wanted.predicateType)
	complies(image, attestation, wanted.policy)
}

attestations_by(image, authority, predicate_type) := [attestation |
	some attestation in image.attestations
	attestation.predicateType == predicate_type
	authority in attestation.authorities
]

complies(_, _, policy) if policy == null

complies(image, attestation, policy) if {
	policy != null
	is_compliant(compliance(image, attestation, policy))
}

# Policies of a ClusterImagePolicy answer as for policy-controller: `isCompliant` is true, or a list (or set) of results
# the first positive of which has no warning. What is no such list does not comply.
is_compliant(answer) if answer == true

is_compliant(answer) if {
	results := result_list(answer)
	positive := [index | some index, result in results; result.result == true]
	every result in array.slice(results, 0, positive[0] + 1) {
		well_formed(result)
	}
	object.get(results[positive[0]], "warning", "") in {"", null}
}

result_list(answer) := answer if is_array(answer)

result_list(answer) := [result | some result in answer] if is_set(answer)

well_formed(result) if {
	is_object(result)
	type_name(object.get(result, "result", null)) in {"boolean", "null"}
	type_name(object.get(result, "warning", null)) in {"string", "null"}
	type_name(object.get(result, "error", null)) in {"string", "null"}
}

# What a policy says of why it refuses.
reasons(answer) := {reason |
	some result in result_list(answer)
	some key in ["error", "warning"]
	reason := result[key]
	is_string(reason)
	reason != ""
}

compliance(image, attestation, policy) := answer if {
	answer := data.pratique.attestation[policy].isCompliant with input as {
		"_type": "https://in-toto.io/Statement/v0.1",
		"predicateType": attestation.predicateType,
		"subject": [{"name": name(image), "digest": digest_set(image)}],
		"predicate": attestation.predicate,
	}
}

# Does the policy of the requirement, over all of its authorities, accept those that count? Where there is none, yes.
policy_allows(_, requirement) if object.get(requirement, "policy", null) == null

policy_allows(image, requirement) if is_compliant(policy_answer(image, requirement.policy))

# The policy sees what policy-controller shows it: the authorities that count, and what it includes of the image and of
# the object that is admitted. Without an object it sees none of its parts.
policy_answer(image, policy) := answer if {
	shown := object.union(
		{"authorityMatches": authority_matches(image, policy)},
		{part: policy_part(image, part) | some part in policy.include},
	)
	answer := data.pratique.cluster_image_policy[policy.name].isCompliant with input as shown
}

policy_part(image, "config") := image.configFiles

policy_part(_, "spec") := input.object.spec

policy_part(_, "metadata") := input.object.metadata

policy_part(_, "typemeta") := {"apiVersion": input.object.apiVersion, "kind": input.object.kind}

authority_matches(image, policy) := {name: match |
	some name, authority in policy.authorities
	match := authority_match(image, authority)
}

authority_match(_, authority) := {"static": true} if authority.name == null

authority_match(image, authority) := {"signatures": shown} if {
	authority.name != null
	signs(image, authority.name)
	shown := [shown_signer(signature) | some signature in signatures_by(image, authority.name)]
	count(shown) > 0
}

authority_match(image, authority) := {"attestations": shown} if {
	authority.name != null
	not signs(image, authority.name)
	required := image.authorities[authority.name].attestations
	every wanted in required {
		attested(image, authority.name, wanted)
	}
	shown := {wanted.name: compliant |
		some index, wanted in authority.attestations
		compliant := [shown_attestation(attestation, wanted) |
			some attestation in attestations_by(image, authority.name, required[index].predicateType)
			complies(image, attestation, required[index].policy)
		]
	}
}

shown_attestation(attestation, wanted) := object.union_n([
	shown_signer(attestation),
	{"predicateType": wanted.predicateType},
	{"digest": digest | digest := attestation.layer; digest != null},
])

# Nothing more of a key: its authority says whose it is.
shown_signer(signature) := {"id": id | id := signature.id} if signature.signer.kind == "key"

shown_signer(signature) := {name: value | some name, value in fields; value != ""} if {
	signature.signer.kind == "identity"
	extensions := signature.signer.extensions
	fields := {
		"id": object.get(signature, "id", ""),
		"subject": signature.signer.subject,
		"issuer": signature.signer.issuer,
		"githubWorkflowTrigger": object.get(extensions, "githubWorkflowTrigger", ""),
		"githubWorkflowSha": object.get(extensions, "githubWorkflowSha", ""),
		"githubWorkflowName": object.get(extensions, "githubWorkflowName", ""),
		"githubWorkflowRepo": object.get(extensions, "githubWorkflowRepository", ""),
		"githubWorkflowRef": object.get(extensions, "githubWorkflowRef", ""),
	}
}

digest_set(image) := {algorithm: hex} if [algorithm, hex] := split(image.digest, ":")

# The signatures that count towards at least one requirement. Where nothing is required, every verified signature.
trusted_signatures(image) := image.signatures if count(image.requirements) == 0

trusted_signatures(image) := [signature |
	some signature in image.signatures
	counts(image, signature)
] if {
	count(image.requirements) > 0
}

counts(image, signature) if {
	some requirement in image.requirements
	some authority in requirement.of
	authority in signature.authorities
	signs(image, authority)
	has_annotations(signature, requirement.annotations)
}

# The verified attestations of one predicate type, by an authority of a requirement (any signer where nothing is required).
attestations(image, predicate_type) := [attestation |
	some attestation in image.attestations
	attestation.predicateType == predicate_type
	trusted_attestation(image, attestation)
]

trusted_attestation(image, _) if count(image.requirements) == 0

trusted_attestation(image, attestation) if {
	some requirement in image.requirements
	some authority in requirement.of
	authority in attestation.authorities
}

# "env=dev, tier=web": annotations as a person writes them.
annotation_text(annotations) := concat(", ", [sprintf("%s=%s", [key, value]) | some key, value in annotations])

# "-a env=dev -a tier=web": annotations as flags of `pratique sign`.
annotation_flags(annotations) := concat("", [sprintf("-a %s=%s ", [key, value]) | some key, value in annotations])

# Who signed, for people: a configured authority's name, else the identity, else the key's fingerprint.
signer_text(signature) := concat(", ", signature.authorities) if count(signature.authorities) > 0

signer_text(signature) := signature.signer.subject if {
	count(signature.authorities) == 0
	signature.signer.kind == "identity"
}

signer_text(signature) := signature.signer.fingerprint if {
	count(signature.authorities) == 0
	signature.signer.kind == "key"
}

# Does an exception of the trust configuration that holds on the day the image was looked at excuse this? `entries` are
# those that are about it: `exceptions` of a finding, `rules` of a package.
excepted(image, entries) if {
	some exception in exceptions_for(image, entries)
	holds(exception, image)
}

# The exceptions among `entries` that are for this image, whether or not they have expired.
exceptions_for(image, entries) := [exception |
	some exception in data.pratique.parameters.exceptions
	exception.entry in entries
	some pattern in exception.match
	matches(pattern, image)
]

# RFC 3339 dates in UTC sort as texts do.
holds(exception, image) if substring(image.collectedAt, 0, 10) <= exception.expires

# The first five of a list of texts, and how many more there are.
listed(texts) := concat(", ", texts) if {
	count(texts) < 6
} else := sprintf("%s, and %d more", [concat(", ", array.slice(texts, 0, 5)), count(texts) - 5])

# A warning that says what an exception lets pass, or no longer does.
exception_note(image, exception, what) := {
	"code": "EXCEPTION_USED",
	"msg": sprintf("%s is excepted until %s by %s: %s", [what, exception.expires, exception.owner, exception.reason]),
} if {
	holds(exception, image)
} else := {
	"code": "EXCEPTION_EXPIRED",
	"msg": sprintf("the exception of %s by %s for %s expired on %s", [
		exception.entry,
		exception.owner,
		what,
		exception.expires,
	]),
}
