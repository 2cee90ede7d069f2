package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sigstore/cosign/v3/pkg/cosign/cue"
	"github.com/sigstore/cosign/v3/pkg/policy"
)

// A policy in CUE and documents of JSON. The answers are what each of the two says of each document: nothing where it
// complies.
type cueRequest struct {
	Policy    string            `json:"policy"`
	Documents []json.RawMessage `json:"documents"`
}

type cueAnswer struct {
	// As an attestation's policy, or one over all authorities.
	Policy string `json:"policy"`
	// As `cosign verify-attestation --policy`.
	Cosign string `json:"cosign"`
}

// There are policies on which CUE comes to no end.
const patience = 5 * time.Second

func said(run func() error) (text string) {
	defer func() {
		if failure := recover(); failure != nil {
			text = fmt.Sprintf("panic: %v", failure)
		}
	}()
	if err := run(); err != nil {
		return "refused: " + err.Error()
	}
	return ""
}

func askCue(file string, asked cueRequest) []cueAnswer {
	if err := os.WriteFile(file, []byte(asked.Policy), 0o600); err != nil {
		panic(err)
	}
	answers := []cueAnswer{}
	for _, document := range asked.Documents {
		answers = append(answers, cueAnswer{
			Policy: said(func() error {
				_, err := policy.EvaluatePolicyAgainstJSON(context.Background(), "p", "cue", asked.Policy, document)
				return err
			}),
			Cosign: said(func() error { return cue.ValidateJSON(document, []string{file}) }),
		})
	}
	return answers
}

// Reads requests from a file, one a line, from line `start` on, and writes a line of answers for each. It ends where
// there is none in time: what runs without end cannot be stopped otherwise.
func evaluateCue(file string, start string) {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	first, err := strconv.Atoi(start)
	if err != nil {
		panic(err)
	}
	output := json.NewEncoder(os.Stdout)
	for _, line := range lines[first:] {
		var asked cueRequest
		if err := json.Unmarshal([]byte(line), &asked); err != nil {
			panic(err)
		}
		done := make(chan []cueAnswer, 1)
		go func() { done <- askCue(filepath.Join(filepath.Dir(file), "policy.cue"), asked) }()
		select {
		case answers := <-done:
			if err := output.Encode(answers); err != nil {
				panic(err)
			}
		case <-time.After(patience):
			os.Exit(1)
		}
	}
}
