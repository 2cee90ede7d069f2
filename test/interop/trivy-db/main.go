// Command trivy-db writes a database for Trivy (bbolt, schema 2) from JSON on standard input:
// a list of {bucket, package, vulnerability, advisory}, and what Trivy shows of each vulnerability.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

type input struct {
	// DataSources names the publisher of each bucket of advisories.
	DataSources map[string]json.RawMessage `json:"dataSources"`
	Advisories  []struct {
		Bucket        string          `json:"bucket"`
		Package       string          `json:"package"`
		Vulnerability string          `json:"vulnerability"`
		Advisory      json.RawMessage `json:"advisory"`
	} `json:"advisories"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: trivy-db CACHE_DIRECTORY < advisories.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(cache string) error {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	directory := filepath.Join(cache, "db")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	db, err := bbolt.Open(filepath.Join(directory, "trivy.db"), 0o644, nil)
	if err != nil {
		return err
	}
	if err := db.Update(func(tx *bbolt.Tx) error { return write(tx, in) }); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	now := time.Now().UTC()
	metadata, err := json.Marshal(map[string]any{
		"Version": 2, "UpdatedAt": now, "DownloadedAt": now, "NextUpdate": now.AddDate(1, 0, 0),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, "metadata.json"), metadata, 0o644)
}

func write(tx *bbolt.Tx, in input) error {
	sources, err := tx.CreateBucketIfNotExists([]byte("data-source"))
	if err != nil {
		return err
	}
	for bucket, source := range in.DataSources {
		if err := sources.Put([]byte(bucket), source); err != nil {
			return err
		}
	}
	details, err := tx.CreateBucketIfNotExists([]byte("vulnerability"))
	if err != nil {
		return err
	}
	for _, one := range in.Advisories {
		if err := details.Put([]byte(one.Vulnerability), []byte(`{"Severity":"UNKNOWN"}`)); err != nil {
			return err
		}
		outer, err := tx.CreateBucketIfNotExists([]byte(one.Bucket))
		if err != nil {
			return err
		}
		inner, err := outer.CreateBucketIfNotExists([]byte(one.Package))
		if err != nil {
			return err
		}
		if err := inner.Put([]byte(one.Vulnerability), one.Advisory); err != nil {
			return err
		}
	}
	return nil
}
