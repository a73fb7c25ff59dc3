// Package witness cosigns the checkpoints of others' logs, as
// c2sp.org/tlog-witness asks: each only if it continues the one cosigned before.
// What it knows is one row for each log, in a SQLite file of its own.
package witness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
)

// Witness cosigns for the logs it was told of.
type Witness struct {
	db   *db.DB
	key  *c2sp.Key
	logs map[string][]c2sp.PublicKey // by origin
	log  *slog.Logger
}

// Open opens a witness whose memory is the file at path.
func Open(ctx context.Context, path string, key *c2sp.Key, logs []c2sp.PublicKey, log *slog.Logger) (*Witness, error) {
	if !key.Public().Witness() {
		return nil, errors.New("this is not a witness's key")
	}
	w := &Witness{key: key, logs: map[string][]c2sp.PublicKey{}, log: log}
	for _, l := range logs {
		w.logs[l.Name()] = append(w.logs[l.Name()], l)
	}
	var err error
	if w.db, err = db.Connect(ctx, path); err != nil {
		return nil, err
	}
	err = w.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `
			create table if not exists witness_log (
				origin   text    primary key,
				size     integer not null,
				root     text    not null,
				cosigned text    not null
			)`)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, w.db.Close())
	}
	return w, nil
}

// Close closes the file.
func (w *Witness) Close() error { return w.db.Close() }

// Handler serves add-checkpoint, and each log's newest checkpoint for monitors.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.add)
	mux.HandleFunc("GET /{origin}/checkpoint", w.newest)
	return mux
}

// refusal is an answer that is not a cosignature.
type refusal struct {
	code int
	size int64 // of 409
	why  string
}

func (r *refusal) Error() string { return r.why }

const maxBody = 128 << 10

func (w *Witness) add(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, maxBody))
	if err != nil {
		http.Error(out, "body too large", http.StatusRequestEntityTooLarge)
		return
	}
	line, err := w.Cosign(r.Context(), string(body))
	var no *refusal
	switch {
	case errors.As(err, &no) && no.code == http.StatusConflict:
		out.Header().Set("Content-Type", "text/x.tlog.size")
		out.WriteHeader(no.code)
		fmt.Fprintln(out, no.size)
	case errors.As(err, &no):
		w.log.Warn("refused a checkpoint", "code", no.code, "why", no.why, "request", string(body))
		http.Error(out, no.why, no.code)
	case err != nil:
		w.log.Error("cosign", "err", err)
		http.Error(out, "internal error", http.StatusInternalServerError)
	default:
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(out, line)
	}
}

// Cosign checks a request and returns the cosignature's line. What it accepts is
// stored before it answers, in the transaction that checked it.
func (w *Witness) Cosign(ctx context.Context, request string) (line string, err error) {
	a, err := c2sp.ParseAdvance(request)
	if err != nil {
		return "", &refusal{code: http.StatusBadRequest, why: err.Error()}
	}
	text, err := c2sp.NoteText(a.Checkpoint)
	if err != nil {
		return "", &refusal{code: http.StatusBadRequest, why: err.Error()}
	}
	named, err := c2sp.ParseCheckpoint(text)
	if err != nil {
		return "", &refusal{code: http.StatusUnprocessableEntity, why: err.Error()}
	}
	keys, known := w.logs[named.Origin]
	if !known {
		return "", &refusal{code: http.StatusNotFound, why: "a log that this witness does not know"}
	}
	next, err := c2sp.Open(a.Checkpoint, keys...)
	if err != nil {
		return "", &refusal{code: http.StatusForbidden, why: err.Error()}
	}
	if a.Old > next.Size {
		return "", &refusal{code: http.StatusBadRequest, why: "the old size is larger than the checkpoint's"}
	}
	err = w.db.Write(ctx, func(tx *db.Tx) error {
		old := c2sp.Checkpoint{Origin: next.Origin, Root: c2sp.Edge{}.Root()}
		var root string
		err := tx.QueryRowContext(ctx, `select size, root from witness_log where origin = $1`, next.Origin).Scan(&old.Size, &root)
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return err
		}
		if err == nil {
			if old.Root, err = c2sp.ParseHash(root); err != nil {
				return err
			}
		}
		if old.Size != a.Old {
			return &refusal{code: http.StatusConflict, size: old.Size, why: "the old size is not the one cosigned last"}
		}
		if err := c2sp.CheckConsistency(a.Proof, next.Checkpoint, old); err != nil {
			return &refusal{code: http.StatusUnprocessableEntity, why: "the checkpoint does not continue the one cosigned last: " + err.Error()}
		}
		if line, err = w.key.Cosign(a.Checkpoint); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			insert into witness_log (origin, size, root, cosigned) values ($1, $2, $3, $4)
			on conflict (origin) do update set size = excluded.size, root = excluded.root, cosigned = excluded.cosigned`,
			next.Origin, next.Size, next.Root.String(), a.Checkpoint+line)
		return err
	})
	return line, err
}

func (w *Witness) newest(out http.ResponseWriter, r *http.Request) {
	for origin := range w.logs {
		if OriginHash(origin) != r.PathValue("origin") {
			continue
		}
		var cosigned string
		err := w.db.QueryRowContext(r.Context(), `select cosigned from witness_log where origin = $1`, origin).Scan(&cosigned)
		if errors.Is(err, db.ErrNoRows) {
			break
		}
		if err != nil {
			http.Error(out, "internal error", http.StatusInternalServerError)
			return
		}
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(out, cosigned)
		return
	}
	http.NotFound(out, r)
}

// OriginHash is how a witness's monitoring address names a log.
func OriginHash(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

// Ask asks a witness at url to cosign, and returns its line. A witness that has
// seen another size says which, as *Other.
func Ask(ctx context.Context, client *http.Client, url string, a c2sp.Advance) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(url, "/")+"/add-checkpoint", strings.NewReader(a.String()))
	if err != nil {
		return "", err
	}
	resp, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return "", err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return string(body), nil
	case http.StatusConflict:
		size, err := strconv.ParseInt(strings.TrimSuffix(string(body), "\n"), 10, 64)
		if err != nil {
			return "", fmt.Errorf("witness %s: 409 without a size", url)
		}
		return "", &Other{size}
	}
	return "", fmt.Errorf("witness %s: %s: %.200s", url, resp.Status, body)
}

// Other says that the witness cosigned another size last.
type Other struct{ Size int64 }

func (o *Other) Error() string { return fmt.Sprintf("the witness cosigned a tree of %d last", o.Size) }
