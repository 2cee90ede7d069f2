# A policy that breaks when it is told to.
package pratique.request.broken

deny contains "x" if {
	input.request.case == "conflict"
	f(1) == 1
}

f(x) := 1 if x > 0

f(x) := 2 if x < 2

deny contains "too old" if {
	input.request.case == "built-in error"
	to_number(input.request.word) < 0
}
