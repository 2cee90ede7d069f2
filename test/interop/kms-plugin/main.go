// Command sigstore-kms-filekms is a KMS plugin on sigstore's own handler of the plugin protocol: P-256 keys in files.
// A key `filekms://NAME` is the file NAME below the directory that FILEKMS_DIRECTORY names.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"
)

const algorithm = "ecdsa-p256"

type fileKey struct {
	path string
	hash crypto.Hash
}

func (k *fileKey) load() (signature.SignerVerifier, error) {
	text, err := os.ReadFile(k.path)
	if err != nil {
		return nil, fmt.Errorf("no such key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the key file is not PEM")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return signature.LoadSignerVerifier(key, k.hash)
}

func (k *fileKey) PublicKey(opts ...signature.PublicKeyOption) (crypto.PublicKey, error) {
	key, err := k.load()
	if err != nil {
		return nil, err
	}
	return key.PublicKey(opts...)
}

func (k *fileKey) SignMessage(message io.Reader, _ ...signature.SignOption) ([]byte, error) {
	key, err := k.load()
	if err != nil {
		return nil, err
	}
	return key.SignMessage(message)
}

func (k *fileKey) VerifySignature(sig, message io.Reader, _ ...signature.VerifyOption) error {
	key, err := k.load()
	if err != nil {
		return err
	}
	return key.VerifySignature(sig, message)
}

func (k *fileKey) CreateKey(_ context.Context, wanted string) (crypto.PublicKey, error) {
	if wanted != algorithm {
		return nil, fmt.Errorf("keys are %s, not %s", algorithm, wanted)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	file, err := os.OpenFile(k.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(text); err != nil {
		return nil, err
	}
	return &key.PublicKey, file.Close()
}

func (k *fileKey) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errors.New("is made by the caller")
}

func (k *fileKey) SupportedAlgorithms() []string { return []string{algorithm} }
func (k *fileKey) DefaultAlgorithm() string      { return algorithm }

func main() {
	args, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		_ = handler.WriteErrorResponse(os.Stdout, err)
		os.Exit(1)
	}
	name := filepath.Base(args.InitOptions.KeyResourceID)
	key := &fileKey{
		path: filepath.Join(os.Getenv("FILEKMS_DIRECTORY"), name),
		hash: args.InitOptions.HashFunc,
	}
	if _, err := handler.Dispatch(os.Stdout, os.Stdin, args, key); err != nil {
		os.Exit(1)
	}
}
