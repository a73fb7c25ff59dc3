package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"dongthuan/internal/c2sp"
)

// A signer of its own process, under its own user, answers over a unix socket: who
// has taken over the program still cannot sign a fork, and does not get the key.

type lastAnswer struct {
	Key  string `json:"key"`
	Size int64  `json:"size"`
	Root string `json:"root"`
}

type extendRequest struct {
	Size   int64    `json:"size"`
	Edge   []string `json:"edge"`
	Leaves []string `json:"leaves"`
}

type promiseRequest struct {
	Leaf string `json:"leaf"`
	At   int64  `json:"at"`
}

type signedAnswer struct {
	Signed string `json:"signed"`
}

// maxExtend bounds a request: a backlog of 200,000 leaves.
const maxExtend = 16 << 20

// Handler serves the notary to a RemoteSigner.
func (n *Notary) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /last", func(w http.ResponseWriter, r *http.Request) {
		last, err := n.Last(r.Context())
		reply(w, lastAnswer{n.Key().String(), last.Size, last.Root.String()}, err)
	})
	mux.HandleFunc("POST /extend", func(w http.ResponseWriter, r *http.Request) {
		var in extendRequest
		if !take(w, r, &in) {
			return
		}
		edge, err := hashes(in.Edge)
		leaves, err2 := hashes(in.Leaves)
		if err := errors.Join(err, err2); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		signed, err := n.Extend(r.Context(), c2sp.Edge{Size: in.Size, Nodes: edge}, leaves)
		reply(w, signedAnswer{signed}, err)
	})
	mux.HandleFunc("POST /promise", func(w http.ResponseWriter, r *http.Request) {
		var in promiseRequest
		if !take(w, r, &in) {
			return
		}
		leaf, err := c2sp.ParseHash(in.Leaf)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		signed, err := n.Promise(r.Context(), leaf, time.Unix(in.At, 0))
		reply(w, signedAnswer{signed}, err)
	})
	return mux
}

func take(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxExtend)).Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func reply(w http.ResponseWriter, v any, err error) {
	switch {
	case errors.Is(err, ErrFork):
		http.Error(w, err.Error(), http.StatusConflict)
	case errors.Is(err, errJournalLost):
		// A signer whose disk forgets must not go on, nor be asked again.
		http.Error(w, err.Error(), http.StatusInsufficientStorage)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v) // a caller that has gone away asks again
	}
}

func hashes(texts []string) ([]c2sp.Hash, error) {
	all := make([]c2sp.Hash, len(texts))
	for i, text := range texts {
		var err error
		if all[i], err = c2sp.ParseHash(text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func texts(hashes []c2sp.Hash) []string {
	all := make([]string, len(hashes))
	for i, h := range hashes {
		all[i] = h.String()
	}
	return all
}

// RemoteSigner asks a signer behind a unix socket.
type RemoteSigner struct {
	client *http.Client
	key    c2sp.PublicKey
}

// DialSigner reaches the signer at socket.
func DialSigner(ctx context.Context, socket string) (*RemoteSigner, error) {
	s := &RemoteSigner{client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}}}
	var last lastAnswer
	if err := s.ask(ctx, http.MethodGet, "/last", nil, &last); err != nil {
		return nil, fmt.Errorf("reach the signer at %s: %w", socket, err)
	}
	var err error
	s.key, err = c2sp.ParseKey(last.Key)
	return s, err
}

func (s *RemoteSigner) ask(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://signer"+path, body)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(resp.Body).Decode(out)
	case http.StatusConflict:
		return ErrFork
	}
	words, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	return errors.Join(fmt.Errorf("the signer answered %s: %s", resp.Status, words), err)
}

// Key is the log's public key.
func (s *RemoteSigner) Key() c2sp.PublicKey { return s.key }

// Last is the newest tree the signer signed.
func (s *RemoteSigner) Last(ctx context.Context) (c2sp.Checkpoint, error) {
	var last lastAnswer
	if err := s.ask(ctx, http.MethodGet, "/last", nil, &last); err != nil {
		return c2sp.Checkpoint{}, err
	}
	root, err := c2sp.ParseHash(last.Root)
	return c2sp.Checkpoint{Origin: s.key.Name(), Size: last.Size, Root: root}, err
}

// Extend signs, as Signer says.
func (s *RemoteSigner) Extend(ctx context.Context, edge c2sp.Edge, leaves []c2sp.Hash) (string, error) {
	var out signedAnswer
	err := s.ask(ctx, http.MethodPost, "/extend", extendRequest{edge.Size, texts(edge.Nodes), texts(leaves)}, &out)
	return out.Signed, err
}

// Promise signs, as Signer says.
func (s *RemoteSigner) Promise(ctx context.Context, leaf c2sp.Hash, at time.Time) (string, error) {
	var out signedAnswer
	err := s.ask(ctx, http.MethodPost, "/promise", promiseRequest{leaf.String(), at.Unix()}, &out)
	return out.Signed, err
}
