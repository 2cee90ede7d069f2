// The API server of Kubernetes as it is released. Its module replaces others by directories that only its own
// repository has, so that `go install` refuses it; go.mod names the versions of them that were released with it.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
