// The server of Vault as it is released, as far as keys that sign need it: its core, its HTTP API, its policies and
// tokens, and the transit engine, kept in memory. The command of its release is built with every plugin and storage, and
// `go install` refuses it: its module replaces others by directories of its repository. Of those, the releases that go
// with this one are taken.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
	"github.com/hashicorp/vault/version"
)

func main() {
	address := flag.String("listen", "127.0.0.1:0", "address")
	certificate := flag.String("tls-cert", "", "file of the certificate; without it, plain HTTP")
	key := flag.String("tls-key", "", "file of its key")
	about := flag.Bool("version", false, "print the version")
	flag.Parse()
	if *about {
		fmt.Println(version.GetVersion().FullVersionNumber(false))
		return
	}
	log.Fatal(serve(*address, *certificate, *key))
}

func serve(address, certificate, key string) error {
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Warn})
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:        storage,
		LogicalBackends: map[string]logical.Factory{"transit": transit.Factory},
		BuiltinRegistry: registry{},
		DisableMlock:    true,
		Logger:          logger,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("listening on", listener.Addr())
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core})
	if certificate == "" {
		return http.Serve(listener, handler)
	}
	return http.ServeTLS(listener, handler, certificate, key)
}

// registry says which engines are built in. Those that are mounted are made by LogicalBackends.
type registry struct{}

func (registry) Contains(name string, kind consts.PluginType) bool {
	return name == "transit" && kind == consts.PluginTypeSecrets
}

func (registry) Keys(consts.PluginType) []string { return nil }

func (registry) Get(string, consts.PluginType) (func() (interface{}, error), bool) { return nil, false }

func (registry) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Unknown, false
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
