# What one policy may say, chosen by `input.request.case`: the behavioural suite runs it on every engine.
package pratique.request.cases

import data.acme.text

deny contains "no" if input.request.case in {"string", "conflict", "built-in error"}

deny contains {
	"msg": "never",
	"code": "SITE_RULE",
	"expected": 1,
	"found": ["a"],
	"remedy": "ask",
	"image": "x",
} if {
	input.request.case == "object"
}

deny contains {"msg": "m", "code": "DIGEST_REQUIRED"} if input.request.case == "known code"

warn contains "hm" if input.request.case == "warning"

deny contains 7 if input.request.case == "a number"

deny contains {"message": "typo"} if input.request.case == "an object without a message"

deny contains {"msg": 7} if input.request.case == "a message that is no text"

deny contains {"msg": "m", "code": 7} if input.request.case == "a code that is no text"

warn contains 7 if input.request.case == "a warning that is no message"

deny contains sprintf("%d", [data.site.team.size]) if input.request.case == "data"

deny contains text.shout(input.request.word) if input.request.case == "library"

deny contains sprintf("%d", [n]) if {
	input.request.case == "many"
	some n in numbers.range(1, 500)
}

deny contains "x" if {
	input.request.case == "endless"
	some a in numbers.range(1, 20000)
	some b in numbers.range(1, 20000)
	a * b < 0
}
