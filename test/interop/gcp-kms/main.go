// A Cloud KMS with real keys in memory: Google's own gRPC service, and beside it the REST API that Google's descriptors say
// belongs to it, for clients that show a token it gave, or one signed by its service account. It is the token service, too.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"

	"cloud.google.com/go/kms/apiv1/kmspb"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type version struct {
	key       crypto.Signer
	algorithm kmspb.CryptoKeyVersion_CryptoKeyVersionAlgorithm
	state     kmspb.CryptoKeyVersion_CryptoKeyVersionState
}

type server struct {
	kmspb.UnimplementedKeyManagementServiceServer
	mutex    sync.Mutex
	rings    map[string]bool
	keys     map[string][]*version
	purposes map[string]kmspb.CryptoKey_CryptoKeyPurpose
	tokens   map[string]bool
	account  *rsa.PrivateKey
}

const versions = "/cryptoKeyVersions/"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(bytes []byte) *wrapperspb.Int64Value {
	return wrapperspb.Int64(int64(crc32.Checksum(bytes, castagnoli)))
}

func newKey(algorithm kmspb.CryptoKeyVersion_CryptoKeyVersionAlgorithm) (crypto.Signer, error) {
	name := algorithm.String()
	switch {
	case strings.HasPrefix(name, "EC_SIGN_P256"):
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case strings.HasPrefix(name, "EC_SIGN_P384"):
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case strings.Contains(name, "_4096_"):
		return rsa.GenerateKey(rand.Reader, 4096)
	case strings.Contains(name, "_3072_"):
		return rsa.GenerateKey(rand.Reader, 3072)
	case strings.HasPrefix(name, "RSA_"):
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, status.Errorf(codes.InvalidArgument, "no keys of %s here", name)
}

func (s *server) add(name string, algorithm kmspb.CryptoKeyVersion_CryptoKeyVersionAlgorithm) error {
	key, err := newKey(algorithm)
	if err != nil {
		return err
	}
	s.keys[name] = append(s.keys[name], &version{key, algorithm, kmspb.CryptoKeyVersion_ENABLED})
	return nil
}

// The named version, which must be there.
func (s *server) version(name string) (*version, error) {
	key, number, found := strings.Cut(name, versions)
	index, err := strconv.Atoi(number)
	if !found || err != nil || index < 1 || index > len(s.keys[key]) {
		return nil, status.Errorf(codes.NotFound, "%s not found", name)
	}
	return s.keys[key][index-1], nil
}

func (s *server) usable(name string) (*version, error) {
	one, err := s.version(name)
	if err == nil && one.state != kmspb.CryptoKeyVersion_ENABLED {
		return nil, status.Errorf(codes.FailedPrecondition, "%s is not enabled, current state is: %s", name, one.state)
	}
	return one, err
}

func (s *server) GetKeyRing(_ context.Context, request *kmspb.GetKeyRingRequest) (*kmspb.KeyRing, error) {
	if !s.rings[request.Name] {
		return nil, status.Errorf(codes.NotFound, "%s not found", request.Name)
	}
	return &kmspb.KeyRing{Name: request.Name}, nil
}

func (s *server) CreateKeyRing(_ context.Context, request *kmspb.CreateKeyRingRequest) (*kmspb.KeyRing, error) {
	name := request.Parent + "/keyRings/" + request.KeyRingId
	if s.rings[name] {
		return nil, status.Errorf(codes.AlreadyExists, "%s already exists", name)
	}
	s.rings[name] = true
	return &kmspb.KeyRing{Name: name}, nil
}

func (s *server) GetCryptoKey(_ context.Context, request *kmspb.GetCryptoKeyRequest) (*kmspb.CryptoKey, error) {
	if s.keys[request.Name] == nil {
		return nil, status.Errorf(codes.NotFound, "%s not found", request.Name)
	}
	return &kmspb.CryptoKey{Name: request.Name, Purpose: s.purposes[request.Name]}, nil
}

func (s *server) CreateCryptoKey(_ context.Context, request *kmspb.CreateCryptoKeyRequest) (*kmspb.CryptoKey, error) {
	name := request.Parent + "/cryptoKeys/" + request.CryptoKeyId
	if !s.rings[request.Parent] {
		return nil, status.Errorf(codes.NotFound, "%s not found", request.Parent)
	}
	if s.keys[name] != nil {
		return nil, status.Errorf(codes.AlreadyExists, "%s already exists", name)
	}
	s.purposes[name] = request.CryptoKey.Purpose
	if err := s.add(name, request.CryptoKey.GetVersionTemplate().GetAlgorithm()); err != nil {
		return nil, err
	}
	return &kmspb.CryptoKey{Name: name, Purpose: request.CryptoKey.Purpose}, nil
}

func (s *server) CreateCryptoKeyVersion(_ context.Context, request *kmspb.CreateCryptoKeyVersionRequest) (*kmspb.CryptoKeyVersion, error) {
	first, err := s.version(request.Parent + versions + "1")
	if err != nil {
		return nil, err
	}
	if err := s.add(request.Parent, first.algorithm); err != nil {
		return nil, err
	}
	return s.described(request.Parent, len(s.keys[request.Parent])), nil
}

func (s *server) UpdateCryptoKeyVersion(_ context.Context, request *kmspb.UpdateCryptoKeyVersionRequest) (*kmspb.CryptoKeyVersion, error) {
	one, err := s.version(request.CryptoKeyVersion.Name)
	if err != nil {
		return nil, err
	}
	one.state = request.CryptoKeyVersion.State
	return request.CryptoKeyVersion, nil
}

func (s *server) described(key string, number int) *kmspb.CryptoKeyVersion {
	one := s.keys[key][number-1]
	return &kmspb.CryptoKeyVersion{Name: key + versions + strconv.Itoa(number), State: one.state, Algorithm: one.algorithm}
}

func (s *server) GetCryptoKeyVersion(_ context.Context, request *kmspb.GetCryptoKeyVersionRequest) (*kmspb.CryptoKeyVersion, error) {
	if _, err := s.version(request.Name); err != nil {
		return nil, err
	}
	key, number, _ := strings.Cut(request.Name, versions)
	index, _ := strconv.Atoi(number)
	return s.described(key, index), nil
}

func (s *server) ListCryptoKeyVersions(_ context.Context, request *kmspb.ListCryptoKeyVersionsRequest) (*kmspb.ListCryptoKeyVersionsResponse, error) {
	if s.keys[request.Parent] == nil {
		return nil, status.Errorf(codes.NotFound, "%s not found", request.Parent)
	}
	listed := []*kmspb.CryptoKeyVersion{}
	for index := range s.keys[request.Parent] {
		one := s.described(request.Parent, index+1)
		if request.Filter != "state=ENABLED" || one.State == kmspb.CryptoKeyVersion_ENABLED {
			listed = append(listed, one)
		}
	}
	if request.OrderBy == "name desc" {
		sort.Slice(listed, func(a, b int) bool { return listed[a].Name > listed[b].Name })
	}
	// Small pages, so that clients have to turn them.
	from, _ := strconv.Atoi(request.PageToken)
	response := &kmspb.ListCryptoKeyVersionsResponse{TotalSize: int32(len(listed))}
	if until := from + 2; until < len(listed) {
		response.NextPageToken = strconv.Itoa(until)
		listed = listed[:until]
	}
	response.CryptoKeyVersions = listed[min(from, len(listed)):]
	return response, nil
}

func (s *server) GetPublicKey(_ context.Context, request *kmspb.GetPublicKeyRequest) (*kmspb.PublicKey, error) {
	one, err := s.usable(request.Name)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(one.key.Public())
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return &kmspb.PublicKey{Name: request.Name, Pem: string(text), Algorithm: one.algorithm, PemCrc32C: checksum(text)}, nil
}

func (s *server) AsymmetricSign(_ context.Context, request *kmspb.AsymmetricSignRequest) (*kmspb.AsymmetricSignResponse, error) {
	one, err := s.usable(request.Name)
	if err != nil {
		return nil, err
	}
	name := one.algorithm.String()
	hash, digest := crypto.Hash(0), []byte(nil)
	switch {
	case strings.HasSuffix(name, "SHA256"):
		hash, digest = crypto.SHA256, request.GetDigest().GetSha256()
	case strings.HasSuffix(name, "SHA384"):
		hash, digest = crypto.SHA384, request.GetDigest().GetSha384()
	case strings.HasSuffix(name, "SHA512"):
		hash, digest = crypto.SHA512, request.GetDigest().GetSha512()
	}
	if hash == 0 || len(digest) != hash.Size() {
		return nil, status.Errorf(codes.InvalidArgument, "the digest is none for %s", name)
	}
	given := request.GetDigestCrc32C()
	if given != nil && given.Value != checksum(digest).Value {
		return nil, status.Error(codes.InvalidArgument, "the checksum did not match the digest")
	}
	var options crypto.SignerOpts = hash
	if strings.Contains(name, "_PSS_") {
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	signature, err := one.key.Sign(rand.Reader, digest, options)
	if err != nil {
		return nil, err
	}
	return &kmspb.AsymmetricSignResponse{
		Name: request.Name, Signature: signature, SignatureCrc32C: checksum(signature), VerifiedDigestCrc32C: given != nil,
	}, nil
}

// Whether a JWT is signed by the service account.
func (s *server) signedByAccount(token string) bool {
	head, encoded, found := cutLast(token, ".")
	signature, err := base64.RawURLEncoding.DecodeString(encoded)
	digest := sha256.Sum256([]byte(head))
	return found && err == nil && rsa.VerifyPKCS1v15(&s.account.PublicKey, crypto.SHA256, digest[:], signature) == nil
}

func cutLast(text, separator string) (string, string, bool) {
	index := strings.LastIndex(text, separator)
	if index < 0 {
		return text, "", false
	}
	return text[:index], text[index+1:], true
}

func (s *server) allowed(authorization string) error {
	token, found := strings.CutPrefix(authorization, "Bearer ")
	if found && (s.tokens[token] || s.signedByAccount(token)) {
		return nil
	}
	return status.Error(codes.Unauthenticated, "the request had invalid authentication credentials")
}

func (s *server) issue() string {
	bytes := make([]byte, 24)
	rand.Read(bytes)
	token := "ya29." + hex.EncodeToString(bytes)
	s.tokens[token] = true
	return token
}

// The token service, with the metadata server: a refresh token, a JWT of the service account, a workload identity.
func (s *server) token(response http.ResponseWriter, request *http.Request) {
	form := request.PostForm
	allowed := false
	switch {
	case request.URL.Path == "/computeMetadata/v1/instance/service-accounts/default/token":
		allowed = request.Header.Get("Metadata-Flavor") == "Google"
		response.Header().Set("Metadata-Flavor", "Google")
	case form.Get("grant_type") == "refresh_token":
		allowed = form.Get("refresh_token") == "the refresh token"
	case form.Get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
		allowed = s.signedByAccount(form.Get("assertion"))
	case form.Get("grant_type") == "urn:ietf:params:oauth:grant-type:token-exchange":
		allowed = form.Get("subject_token") == "the subject token"
	}
	response.Header().Set("Content-Type", "application/json")
	if !allowed {
		response.WriteHeader(http.StatusBadRequest)
		io.WriteString(response, `{"error":"invalid_grant","error_description":"Bad Request"}`)
		return
	}
	json.NewEncoder(response).Encode(map[string]any{
		"access_token": s.issue(), "expires_in": 3600, "token_type": "Bearer",
		"issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
	})
}

var (
	ringPath    = regexp.MustCompile(`^/v1/(projects/[^/]+/locations/[^/]+/keyRings/[^/]+)$`)
	ringsPath   = regexp.MustCompile(`^/v1/(projects/[^/]+/locations/[^/]+)/keyRings$`)
	keysPath    = regexp.MustCompile(`^/v1/(projects/.+/keyRings/[^/]+)/cryptoKeys$`)
	listPath    = regexp.MustCompile(`^/v1/(projects/.+/cryptoKeys/[^/]+)/cryptoKeyVersions$`)
	versionPath = regexp.MustCompile(`^/v1/(projects/.+/cryptoKeyVersions/[^/:]+)(/publicKey|:asymmetricSign)?$`)
)

// The google.api.http annotations of the service, as far as it goes.
func (s *server) call(request *http.Request) (proto.Message, error) {
	ctx, path, query := request.Context(), request.URL.Path, request.URL.Query()
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	read := func(into proto.Message) error {
		if err := protojson.Unmarshal(body, into); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
		return nil
	}
	get, post := request.Method == http.MethodGet, request.Method == http.MethodPost
	if found := ringPath.FindStringSubmatch(path); found != nil && get {
		return s.GetKeyRing(ctx, &kmspb.GetKeyRingRequest{Name: found[1]})
	}
	if found := ringsPath.FindStringSubmatch(path); found != nil && post {
		ring := &kmspb.KeyRing{}
		if err := read(ring); err != nil {
			return nil, err
		}
		return s.CreateKeyRing(ctx, &kmspb.CreateKeyRingRequest{Parent: found[1], KeyRingId: query.Get("keyRingId"), KeyRing: ring})
	}
	if found := keysPath.FindStringSubmatch(path); found != nil && post {
		key := &kmspb.CryptoKey{}
		if err := read(key); err != nil {
			return nil, err
		}
		return s.CreateCryptoKey(ctx, &kmspb.CreateCryptoKeyRequest{Parent: found[1], CryptoKeyId: query.Get("cryptoKeyId"), CryptoKey: key})
	}
	if found := listPath.FindStringSubmatch(path); found != nil {
		if post {
			return s.CreateCryptoKeyVersion(ctx, &kmspb.CreateCryptoKeyVersionRequest{Parent: found[1]})
		}
		return s.ListCryptoKeyVersions(ctx, &kmspb.ListCryptoKeyVersionsRequest{
			Parent: found[1], Filter: query.Get("filter"), OrderBy: query.Get("orderBy"), PageToken: query.Get("pageToken"),
		})
	}
	if found := versionPath.FindStringSubmatch(path); found != nil {
		switch {
		case get && found[2] == "/publicKey":
			return s.GetPublicKey(ctx, &kmspb.GetPublicKeyRequest{Name: found[1]})
		case post && found[2] == ":asymmetricSign":
			sign := &kmspb.AsymmetricSignRequest{}
			if err := read(sign); err != nil {
				return nil, err
			}
			sign.Name = found[1]
			return s.AsymmetricSign(ctx, sign)
		case request.Method == http.MethodPatch:
			one := &kmspb.CryptoKeyVersion{}
			if err := read(one); err != nil {
				return nil, err
			}
			one.Name = found[1]
			return s.UpdateCryptoKeyVersion(ctx, &kmspb.UpdateCryptoKeyVersionRequest{CryptoKeyVersion: one})
		}
	}
	return nil, status.Error(codes.NotFound, "no such method")
}

var httpStatus = map[codes.Code]int{
	codes.InvalidArgument: 400, codes.FailedPrecondition: 400, codes.Unauthenticated: 401,
	codes.PermissionDenied: 403, codes.NotFound: 404, codes.AlreadyExists: 409,
}

func (s *server) rest(response http.ResponseWriter, request *http.Request) {
	err := s.allowed(request.Header.Get("Authorization"))
	var message proto.Message
	if err == nil {
		message, err = s.call(request)
	}
	response.Header().Set("Content-Type", "application/json")
	if err != nil {
		answer := status.Convert(err)
		number, known := httpStatus[answer.Code()]
		if !known {
			number = 500
		}
		response.WriteHeader(number)
		json.NewEncoder(response).Encode(map[string]any{"error": map[string]any{
			"code": number, "message": answer.Message(), "status": code.Code(answer.Code()).String(),
		}})
		return
	}
	bytes, err := protojson.Marshal(message)
	if err != nil {
		log.Fatal(err)
	}
	response.Write(bytes)
}

func (s *server) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if strings.HasPrefix(request.URL.Path, "/v1/projects/") {
		s.rest(response, request)
		return
	}
	if err := request.ParseForm(); err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(request.URL.Path, "/computeMetadata/") && !strings.HasSuffix(request.URL.Path, "/token") {
		http.NotFound(response, request)
		return
	}
	s.token(response, request)
}

func (s *server) intercept(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	given, _ := metadata.FromIncomingContext(ctx)
	if err := s.allowed(strings.Join(given.Get("authorization"), "")); err != nil {
		return nil, err
	}
	return handle(ctx, request)
}

func run() error {
	certificate := flag.String("tls-cert", "", "PEM file")
	key := flag.String("tls-key", "", "PEM file")
	account := flag.String("account-key", "", "PEM file to write the private key of the service account to")
	flag.Parse()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(*account, text, 0o600); err != nil {
		return err
	}
	s := &server{
		rings: map[string]bool{}, keys: map[string][]*version{}, tokens: map[string]bool{},
		purposes: map[string]kmspb.CryptoKey_CryptoKeyPurpose{}, account: private,
	}
	rpc := grpc.NewServer(grpc.UnaryInterceptor(s.intercept))
	kmspb.RegisterKeyManagementServiceServer(rpc, s)
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	both := http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if strings.HasPrefix(request.Header.Get("Content-Type"), "application/grpc") {
			rpc.ServeHTTP(response, request)
			return
		}
		s.ServeHTTP(response, request)
	})
	failed := make(chan error, 2)
	go func() { failed <- http.ServeTLS(secure, both, *certificate, *key) }()
	go func() { failed <- http.Serve(plain, s) }()
	fmt.Printf("listening on %d and %d\n", secure.Addr().(*net.TCPAddr).Port, plain.Addr().(*net.TCPAddr).Port)
	return errors.Join(<-failed)
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
