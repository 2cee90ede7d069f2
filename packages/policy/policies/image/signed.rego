# METADATA
# title: Signed by those the trust configuration requires
# description: |
#   Every requirement must be met: enough of its authorities have signed this digest, with its annotations, or attested
#   what they must. The code of the denial says what came nearest to meeting it.
package pratique.image.signed

import data.pratique.lib

deny contains problem if {
	some requirement in unmet
	requirement.mode == "enforce"
	problem := explain(requirement)
}

warn contains problem if {
	some requirement in unmet
	requirement.mode == "warn"
	problem := explain(requirement)
}

unmet contains requirement if {
	some requirement in input.image.requirements
	not lib.met(input.image, requirement)
}

# No signature would do.
explain(requirement) := {
	"code": "IMAGE_FORBIDDEN",
	"msg": sprintf("%s is forbidden by %s: %s", [lib.name(input.image), requirement.entry, requirement.refusal]),
	"expected": "another image",
	"found": lib.pinned(input.image),
} if {
	requirement.refusal != null
}

# Enough have signed or attested, and the policy over all of them refuses.
else := {
	"code": "CLUSTER_POLICY_REFUSED",
	"msg": sprintf("%s does not comply with the policy of %s", [lib.name(input.image), requirement.policy.name]),
	"expected": sprintf("what the policy of %s accepts", [requirement.policy.name]),
	"found": concat("; ", policy_reasons(requirement.policy)),
} if {
	count(lib.met_by(input.image, requirement)) >= requirement.atLeast
}

# Nothing in the trust configuration speaks of this image.
else := {
	"code": "IMAGE_NOT_COVERED",
	"msg": sprintf("no entry of the trust configuration matches %s", [lib.name(input.image)]),
	"expected": sprintf("an `images` entry that matches %s", [lib.name(input.image)]),
	"found": "none",
} if {
	count(requirement.of) == 0
}

# Some have signed, but not enough of them.
else := {
	"code": "QUORUM_NOT_MET",
	"msg": sprintf("%s is signed by %d of the %d authorities %s needs", [
		lib.name(input.image),
		count(met),
		requirement.atLeast,
		requirement.entry,
	]),
	"expected": wanted(requirement),
	"found": sprintf("signed by %s", [concat(", ", met)]),
	"remedy": remedy(requirement),
} if {
	met := lib.met_by(input.image, requirement)
	count(met) > 0
}

# Attested by the right one, but it says something that is not accepted.
else := {
	"code": "ATTESTATION_REFUSED",
	"msg": sprintf("the attestation of %s about %s by %s does not comply with the policy %s", [
		refused[0].wanted.predicateType,
		lib.name(input.image),
		refused[0].authority,
		refused[0].wanted.policy,
	]),
	"expected": sprintf("an attestation of %s that complies", [refused[0].wanted.predicateType]),
	"found": concat("; ", reasons(refused[0])),
} if {
	refused := refused_attestations(requirement)
	count(refused) > 0
}

# Only attestations would do, and one is not there.
else := {
	"code": "ATTESTATION_MISSING",
	"msg": sprintf("%s has no attestation of %s by %s", [
		lib.name(input.image),
		missing[0].wanted.predicateType,
		missing[0].authority,
	]),
	"expected": wanted(requirement),
	"found": attestations_found,
	"remedy": sprintf("pratique attest --type %s --predicate FILE --key KEY %s", [
		missing[0].wanted.predicateType,
		lib.pinned(input.image),
	]),
} if {
	every authority in requirement.of {
		not lib.signs(input.image, authority)
	}
	missing := missing_attestations(requirement)
	count(missing) > 0
}

# The right signer, but not the annotations.
else := {
	"code": "ANNOTATION_REQUIRED",
	"msg": sprintf("%s is signed by %s, but not with %s", [
		lib.name(input.image),
		lib.signer_text(near[0]),
		lib.annotation_text(requirement.annotations),
	]),
	"expected": lib.annotation_text(requirement.annotations),
	"found": annotations_found(near),
	"remedy": remedy(requirement),
} if {
	near := by_any(requirement)
	count(near) > 0
}

# A valid signature by somebody else that the trust configuration knows.
else := {
	"code": "SIGNER_UNTRUSTED",
	"msg": sprintf("%s is signed by %s, who may not sign it", [
		lib.name(input.image),
		lib.signer_text(input.image.signatures[0]),
	]),
	"expected": wanted(requirement),
	"found": concat(", ", {sprintf("%s (%s)", [lib.signer_text(signature), identity(signature)]) |
		some signature in input.image.signatures
	}),
	"remedy": remedy(requirement),
} if {
	count(input.image.signatures) > 0
}

# Nothing valid, but something was there: the most telling reason first.
else := {
	"code": nearest.code,
	"msg": sprintf("%s has no valid signature: %s%s", [lib.name(input.image), nearest.message, others]),
	"expected": nearest_expected(nearest, requirement),
	"found": object_or(nearest, "found", nearest.message),
	"remedy": nearest_remedy(nearest, requirement),
} if {
	count(input.image.rejected) > 0
	nearest := rejections_by_weight[0]
	others := more(count(input.image.rejected) - 1)
}

else := {
	"code": "SIGNATURE_MISSING",
	"msg": sprintf("%s has no signature", [lib.name(input.image)]),
	"expected": wanted(requirement),
	"found": "no signature",
	"remedy": remedy(requirement),
}

# "Some unknown key signed it" says least: it is the reason only when there is no other.
rejections_by_weight := array.concat(
	[rejection | some rejection in input.image.rejected; rejection.code != "SIGNER_UNTRUSTED"],
	[rejection | some rejection in input.image.rejected; rejection.code == "SIGNER_UNTRUSTED"],
)

# The verifier knows every configured key; who may sign this image is known here.
nearest_expected(nearest, requirement) := wanted(requirement) if {
	nearest.code == "SIGNER_UNTRUSTED"
} else := object_or(nearest, "expected", wanted(requirement))

# The error registry has a remedy for every other code; signing over a tampered signature would not be one.
nearest_remedy(nearest, requirement) := remedy(requirement) if {
	nearest.code == "SIGNER_UNTRUSTED"
} else := null

by_any(requirement) := [signature |
	some signature in input.image.signatures
	some authority in requirement.of
	authority in signature.authorities
]

wanting_attestations(requirement) := [{"authority": authority, "wanted": wanted_attestation} |
	some authority in requirement.of
	some wanted_attestation in input.image.authorities[authority].attestations
	not lib.attested(input.image, authority, wanted_attestation)
]

is_there(wanting) if {
	count(lib.attestations_by(input.image, wanting.authority, wanting.wanted.predicateType)) > 0
}

refused_attestations(requirement) := [wanting |
	some wanting in wanting_attestations(requirement)
	is_there(wanting)
]

missing_attestations(requirement) := [wanting |
	some wanting in wanting_attestations(requirement)
	not is_there(wanting)
]

# What the policy of an attestation says of why.
reasons(refused) := said if {
	said := {reason |
		some attestation in lib.attestations_by(input.image, refused.authority, refused.wanted.predicateType)
		some reason in lib.reasons(lib.compliance(input.image, attestation, refused.wanted.policy))
	}
	count(said) > 0
} else := {"the policy does not say why"}

policy_reasons(policy) := said if {
	said := lib.reasons(lib.policy_answer(input.image, policy))
	count(said) > 0
} else := {"the policy does not say why"}

attestations_found := concat(", ", found) if {
	found := {sprintf("%s by %s", [attestation.predicateType, lib.signer_text(attestation)]) |
		some attestation in input.image.attestations
	}
	count(found) > 0
} else := "no attestation"

wanted(requirement) := sprintf("%s%s%s", [quantity(requirement), names(requirement), suffix(requirement)]) if {
	every authority in requirement.of {
		lib.signs(input.image, authority)
	}
} else := sprintf("%s%s", [parts(requirement), concat(joiner(requirement), [part(authority) | some authority in requirement.of])])

parts(requirement) := "" if {
	requirement.atLeast in {1, count(requirement.of)}
} else := sprintf("%d of ", [requirement.atLeast])

part(authority) := sprintf("a signature by %s", [described(authority)]) if {
	lib.signs(input.image, authority)
} else := sprintf("an attestation of %s by %s", [concat(" and of ", types), described(authority)]) if {
	types := [wanted_attestation.predicateType | some wanted_attestation in input.image.authorities[authority].attestations]
}

quantity(requirement) := "a signature by " if {
	requirement.atLeast == 1
} else := "signatures by " if {
	requirement.atLeast == count(requirement.of)
} else := sprintf("signatures by %d of ", [requirement.atLeast])

names(requirement) := concat(joiner(requirement), [described(authority) | some authority in requirement.of])

joiner(requirement) := " or " if {
	requirement.atLeast == 1
} else := " and " if {
	requirement.atLeast == count(requirement.of)
} else := ", "

described(authority) := sprintf("%s (%s)", [authority, concat(", ", wants)]) if {
	wants := input.image.authorities[authority].wanted
	count(wants) > 0
	count(wants) < 3
} else := authority

suffix(requirement) := sprintf(" with %s", [lib.annotation_text(requirement.annotations)]) if {
	count(requirement.annotations) > 0
} else := ""

annotations_found(signatures) := concat("; ", found) if {
	found := {lib.annotation_text(signature.annotations) |
		some signature in signatures
		count(signature.annotations) > 0
	}
	count(found) > 0
} else := "no annotations"

identity(signature) := signature.signer.fingerprint if {
	signature.signer.kind == "key"
} else := signature.signer.issuer

object_or(object_, key, _) := object_[key] if object_[key] != null

object_or(object_, key, fallback) := fallback if object.get(object_, key, null) == null

more(n) := "" if {
	n == 0
} else := sprintf(" (and %d more refused)", [n])

remedy(requirement) := sprintf("pratique notation sign %s%s", [
	concat("", [sprintf("-m %s=%s ", [key, value]) | some key, value in requirement.annotations]),
	lib.pinned(input.image),
]) if {
	count(requirement.of) > 0
	every authority in requirement.of {
		input.image.authorities[authority].format == "notation"
	}
} else := sprintf("pratique sign --key KEY %s%s", [
	lib.annotation_flags(requirement.annotations),
	lib.pinned(input.image),
])
