# The form people write by mistake: `deny` as one value instead of a set.
package pratique.request.complete

deny if input.request.case == "true instead of a set"
