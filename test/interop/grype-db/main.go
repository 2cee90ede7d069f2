// Command grype-db writes a vulnerability.db for Grype (schema 6) from JSON on standard input: a list of packages that
// vulnerabilities affect. What writes it is Grype's own package, so that the schema is what Grype reads.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
)

type affected struct {
	Vulnerability string `json:"vulnerability"`
	// Ecosystem is a package type of Syft's: deb, apk, python, npm, go-module.
	Ecosystem string `json:"ecosystem"`
	Package   string `json:"package"`
	// System is the release of an operating system; nil for packages of languages.
	System *struct {
		Name     string `json:"name"`
		Major    string `json:"major"`
		Minor    string `json:"minor"`
		Codename string `json:"codename"`
	} `json:"system"`
	Ranges []struct {
		Constraint string `json:"constraint"`
		Fixed      string `json:"fixed"`
	} `json:"ranges"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: grype-db DIRECTORY < affected.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(directory string) error {
	var all []affected
	if err := json.NewDecoder(os.Stdin).Decode(&all); err != nil {
		return err
	}
	store, err := v6.NewWriter(v6.Config{DBDirPath: directory})
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	provider := &v6.Provider{ID: "pratique", Version: "1", Processor: "grype-db", DateCaptured: &now, InputDigest: "xxh64:0"}
	vulnerabilities := map[string]*v6.VulnerabilityHandle{}
	for _, one := range all {
		vulnerability, known := vulnerabilities[one.Vulnerability]
		if !known {
			vulnerability = &v6.VulnerabilityHandle{
				Name:      one.Vulnerability,
				Status:    v6.VulnerabilityActive,
				Provider:  provider,
				BlobValue: &v6.VulnerabilityBlob{ID: one.Vulnerability},
			}
			if err := store.AddVulnerabilities(vulnerability); err != nil {
				return err
			}
			vulnerabilities[one.Vulnerability] = vulnerability
		}
		if err := store.AddAffectedPackages(handle(one, vulnerability)); err != nil {
			return err
		}
	}
	return store.Close()
}

func handle(one affected, vulnerability *v6.VulnerabilityHandle) *v6.AffectedPackageHandle {
	ranges := make([]v6.Range, 0, len(one.Ranges))
	for _, each := range one.Ranges {
		fix := &v6.Fix{State: v6.NotFixedStatus}
		if each.Fixed != "" {
			fix = &v6.Fix{State: v6.FixedStatus, Version: each.Fixed}
		}
		ranges = append(ranges, v6.Range{
			Version: v6.Version{Type: one.Ecosystem, Constraint: each.Constraint},
			Fix:     fix,
		})
	}
	var system *v6.OperatingSystem
	if one.System != nil {
		system = &v6.OperatingSystem{
			Name:         one.System.Name,
			ReleaseID:    one.System.Name,
			MajorVersion: one.System.Major,
			MinorVersion: one.System.Minor,
			Codename:     one.System.Codename,
		}
	}
	return &v6.AffectedPackageHandle{
		Vulnerability:   vulnerability,
		VulnerabilityID: vulnerability.ID,
		OperatingSystem: system,
		Package:         &v6.Package{Ecosystem: one.Ecosystem, Name: one.Package},
		BlobValue:       &v6.PackageBlob{Ranges: ranges},
	}
}
