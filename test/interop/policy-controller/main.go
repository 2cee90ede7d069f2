// Policy-controller's own verdict on an image: reads {policies, image, object} as JSON from standard input, one request
// a line, and answers {refused}, {denied} or {allowed}, with its warnings, a line each. `policies` is the text of
// ClusterImagePolicies, `object` the Kubernetes object that is admitted, or null. With `cue FILE 0` as arguments it asks
// what evaluates policies in CUE alone: see cue.go.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"go.uber.org/zap"
	"knative.dev/pkg/logging"

	"github.com/sigstore/policy-controller/pkg/policy"
	"github.com/sigstore/policy-controller/pkg/webhook"
)

type request struct {
	Policies string         `json:"policies"`
	Image    string         `json:"image"`
	Object   map[string]any `json:"object"`
}

type answer struct {
	// The policies are not valid.
	Refused string `json:"refused,omitempty"`
	// The image does not satisfy them.
	Denied   string   `json:"denied,omitempty"`
	Allowed  bool     `json:"allowed"`
	Warnings []string `json:"warnings,omitempty"`
}

func decide(ctx context.Context, asked request) (given answer) {
	// It takes some results of a policy for objects that are none, and panics.
	defer func() {
		if failure := recover(); failure != nil {
			given = answer{Denied: fmt.Sprintf("panic: %v", failure)}
		}
	}()
	verification := policy.Verification{
		NoMatchPolicy: "deny",
		Policies:      &[]policy.Source{{Data: asked.Policies}},
	}
	var warnings []string
	verifier, err := policy.Compile(ctx, verification, func(format string, arguments ...any) {
		warnings = append(warnings, fmt.Sprintf(format, arguments...))
	})
	if err != nil {
		return answer{Refused: err.Error()}
	}
	image, err := name.ParseReference(asked.Image)
	if err != nil {
		return answer{Denied: err.Error()}
	}
	if asked.Object != nil {
		ctx = webhook.IncludeSpec(ctx, asked.Object["spec"])
		ctx = webhook.IncludeObjectMeta(ctx, asked.Object["metadata"])
		ctx = webhook.IncludeTypeMeta(ctx, map[string]any{
			"kind": asked.Object["kind"], "apiVersion": asked.Object["apiVersion"],
		})
	}
	if err := verifier.Verify(ctx, image, authn.DefaultKeychain); err != nil {
		return answer{Denied: err.Error(), Warnings: warnings}
	}
	return answer{Allowed: true, Warnings: warnings}
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "cue" {
		evaluateCue(os.Args[2], os.Args[3])
		return
	}
	ctx := logging.WithLogger(context.Background(), zap.NewNop().Sugar())
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := answers.Encode(decide(ctx, asked)); err != nil {
			os.Exit(1)
		}
	}
}
