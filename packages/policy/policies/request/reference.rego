# METADATA
# title: How an image is named in the request
# description: |
#   Parameters `requireDigest` and `forbiddenTags` of the trust configuration. A reference that has a digest is fine by
#   both: the digest decides what runs.
package pratique.request.reference

deny contains problem if {
	some image in by_tag
	image.tag in data.pratique.parameters.forbiddenTags
	problem := {
		"code": "TAG_FORBIDDEN",
		"msg": sprintf("%s is named by the tag %s", [image.reference, image.tag]),
		"expected": sprintf("a tag other than %s, or a digest", [concat(", ", data.pratique.parameters.forbiddenTags)]),
		"found": image.tag,
		"image": image.reference,
	}
}

deny contains problem if {
	data.pratique.parameters.requireDigest
	some image in by_tag
	problem := {
		"code": "DIGEST_REQUIRED",
		"msg": sprintf("%s is named by tag, and a tag can move", [image.reference]),
		"expected": "a reference with a digest",
		"found": image.tag,
		"remedy": remedy(image),
		"image": image.reference,
	}
}

# An exempt image is nobody's concern.
by_tag := [image |
	some image in input.images
	not image.pinned
	not image.exempt
]

remedy(image) := sprintf("write %s/%s:%s@%s", [image.registry, image.repository, image.tag, image.digest]) if {
	image.digest != null
} else := "write the reference with its digest"
