# Facts for the tests of the policies beside this.
package pratique.fixtures

digest := "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

signature(authority, annotations) := {
	"format": "sigstore-bundle",
	"signer": {"kind": "key", "name": authority, "fingerprint": sprintf("sha256:%s", [authority])},
	"authorities": [authority],
	"annotations": annotations,
	"signedAt": null,
	"log": null,
	"checks": [],
}

requirement(n, authorities) := {
	"entry": "images[0]",
	"match": "**",
	"mode": "enforce",
	"atLeast": n,
	"of": authorities,
	"annotations": {},
	"refusal": null,
}

# By an authority, of a predicate type.
attestation(authority, predicate_type, predicate) := object.union(
	signature(authority, {}),
	{"predicateType": predicate_type, "predicate": predicate},
)

image(signatures, requirements) := {
	"schemaVersion": 1,
	"collectedAt": "2026-06-01T12:00:00.000Z",
	"reference": sprintf("a.b/team/app:1@%s", [digest]),
	"registry": "a.b",
	"repository": "team/app",
	"tag": "1",
	"digest": digest,
	"mediaType": "application/vnd.oci.image.manifest.v1+json",
	"platforms": ["linux/amd64"],
	"config": null,
	"signatures": signatures,
	"attestations": [],
	"authorities": {name: {"satisfied": false, "attestations": [], "by": [], "wanted": [sprintf("sha256:%s", [name])]} |
		some name in ["team", "security", "release", "other"]
	},
	"requirements": requirements,
	"sbom": null,
	"packages": null,
	"vulnerabilities": null,
	"scan": null,
	"findings": null,
	"checks": [],
	"provenance": [],
	"rejected": [],
}

# The image, where the authority counts by what it attests.
attesting(facts, authority, types) := object.union(facts, {"authorities": {authority: {
	"satisfied": true,
	"attestations": [{"predicateType": type, "policy": null} | some type in types],
	"by": [],
	"wanted": [],
}}})
