package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/conference"
)

// certificate is one for 127.0.0.1, as files, and a client that trusts it.
func certificate(t *testing.T) (cert, key string, client *http.Client) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return cert, key, &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

// TestLaptopInAHall: one process serves the staff over TLS and the phones of the hall, which
// do not know its authority, plainly; nobody signs in plainly, and both see one hall.
func TestLaptopInAHall(t *testing.T) {
	s := demonstration(t)
	cert, key, staff := certificate(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	plain := free.Addr().String()
	free.Close()
	ctx, stop := context.WithCancel(t.Context())
	w := &world{ctx: ctx, log: slog.New(slog.DiscardHandler)}
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(w, s.App, serveCommand{Listen: "127.0.0.1:0", TLSCert: cert, TLSKey: key, ListenPlain: plain}, func(a string) { address <- a })
	}()
	var secure string
	select {
	case secure = <-address:
	case err := <-ended:
		t.Fatal(err)
	}
	if !strings.HasPrefix(secure, "https://") {
		t.Fatal(secure)
	}
	v := s.meetingOf(t, conference.Live)
	letter := v.Address() + "/giay-moi/" + delegateOf(t, v, "DV06").Code()
	ask := func(c *http.Client, method, url string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = strings.Replace(r.URL.Host, "127.0.0.1", "192.168.1.10", 1) // as it is asked for in the hall
		res, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	for who, x := range map[string]struct {
		client *http.Client
		site   string
		signs  bool
	}{"staff": {staff, secure, true}, "a phone": {&http.Client{Timeout: 30 * time.Second}, "http://" + plain, false}} {
		if code, page := ask(x.client, http.MethodGet, x.site+letter); code != http.StatusOK || !strings.Contains(page, v.Title) {
			t.Errorf("%s opens a letter: %d", who, code)
		}
		if code, page := ask(x.client, http.MethodGet, x.site+"/dang-nhap"); strings.Contains(page, `name="password"`) != x.signs {
			t.Errorf("%s may sign in: %d, want %t", who, code, x.signs)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := (&http.Client{Timeout: time.Second}).Get("http://" + plain); err == nil {
		t.Error("it still serves")
	}
	// Without TLS there is nothing beside which to serve plainly.
	if err := (serveCommand{ListenPlain: plain}).Run(w); err == nil || !strings.Contains(fmt.Sprint(err), "--tls-cert") {
		t.Error(err)
	}
}
