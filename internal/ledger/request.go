package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

// Request is what makes a write happen once, however often it is sent: the key
// that its sender gave it, and what was sent under it.
type Request struct {
	Actor       string // account, or what stands for one
	Key         string
	Fingerprint func() string // of what was sent; asked once, when it has been read

	print   string
	claimed bool
}

// Replayed is the answer to a request that was done before: nothing was done
// again. It comes as an error, so that no handler takes it for a write of its own.
type Replayed struct {
	Ack    Ack
	Answer string // as Answered kept it, "" where that was lost
}

func (*Replayed) Error() string { return "ledger: the request was done before" }

type requestKey struct{}

// WithRequest has the first write under ctx happen once for r.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

func requestOf(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	if r == nil || r.claimed {
		return nil
	}
	// Here, and not when it is claimed: the rest of a slow upload is waited for by
	// its own request and not by the writes of others.
	r.print = r.Fingerprint()
	return r
}

// keepRequests is how long a request is known again.
const keepRequests = 30 * 24 * time.Hour

// claim takes a request's key for this write, or finds that it was taken. It
// writes either way: only then does the answer to a repeated request wait until
// the first one's commit is safe.
func claim(ctx context.Context, tx *db.Tx, r *Request, at time.Time) (*Replayed, error) {
	if r == nil {
		return nil, nil
	}
	r.claimed = true
	res, err := tx.ExecContext(ctx, `
		insert into ledger_request (actor, key, fingerprint, object, hash, answer, replays, at) values ($1, $2, $3, '', '', '', 0, $4)
		on conflict (actor, key) do nothing`, r.Actor, r.Key, r.print, db.Time(at))
	if err != nil {
		return nil, fmt.Errorf("claim a request: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return nil, err
	}
	return replay(ctx, tx, r)
}

func replay(ctx context.Context, tx *db.Tx, r *Request) (*Replayed, error) {
	var first, object, hash, answer string
	var at time.Time
	err := tx.QueryRowContext(ctx, `
		update ledger_request set replays = replays + 1 where actor = $1 and key = $2 returning fingerprint, object, hash, answer, at`,
		r.Actor, r.Key).Scan(&first, &object, &hash, &answer, db.When(&at))
	if err != nil {
		return nil, err
	}
	if first != r.print {
		return nil, fault.New(fault.Invalid, "ledger.otherkey")
	}
	again := &Replayed{Ack: Ack{at: at}, Answer: answer}
	if hash == "" {
		return again, nil // done in this very transaction: its leaf has no place yet
	}
	h, err := parseHex(hash)
	if err != nil {
		return nil, err
	}
	idx, err := findLeaf(ctx, tx, object, h)
	if err != nil {
		return nil, err
	}
	p := Place{Object: object, Hash: h, Index: idx}
	if idx >= 0 {
		text, err := readLeaf(ctx, tx, idx)
		if err != nil {
			return nil, err
		}
		leaf, err := ParseLeaf(text)
		if err != nil {
			return nil, err
		}
		p.Type = leaf.Type
	}
	again.Ack.leaves = []Place{p}
	return again, nil
}

// twins gives requests that were sent twice at once, and met in one transaction,
// the same receipt.
func twins(entries []*entry) {
	for _, e := range entries {
		if e.replayed == nil || e.replayed.Ack.Recorded() {
			continue
		}
		for _, first := range entries {
			if first.request != nil && first.ack.Recorded() && first.request.Actor == e.request.Actor && first.request.Key == e.request.Key {
				e.replayed.Ack = first.ack
			}
		}
	}
}

// remember notes which leaf a request led to, and drops those long past.
func (l *Ledger) remember(ctx context.Context, tx *db.Tx, e *entry) error {
	if e.request == nil || e.err != nil || e.panicked != nil || e.replayed != nil {
		return nil
	}
	last := e.tx.records[len(e.tx.records)-1]
	_, err := tx.ExecContext(ctx, `update ledger_request set object = $3, hash = $4 where actor = $1 and key = $2`,
		e.request.Actor, e.request.Key, last.object, Hex(last.hash))
	return err
}

// Done returns the answer to a request that was done before, nil for a new one. It
// reads first, and where it finds the request asks again by writing.
func (l *Ledger) Done(ctx context.Context, r *Request) (*Replayed, error) {
	var one int
	err := l.db.QueryRowContext(ctx, `select 1 from ledger_request where actor = $1 and key = $2`, r.Actor, r.Key).Scan(&one)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	again := &Request{Actor: r.Actor, Key: r.Key, Fingerprint: r.Fingerprint}
	_, err = l.Write(WithRequest(ctx, again), func(*Tx) error { return errNew })
	var done *Replayed
	if errors.As(err, &done) {
		return done, nil
	}
	if errors.Is(err, errNew) {
		return nil, nil
	}
	return nil, err
}

var errNew = errors.New("ledger: a new request")

// Answered keeps how a request was answered, for the next time it is sent.
func (l *Ledger) Answered(r *Request, answer string) {
	if !r.claimed {
		return
	}
	actor, key := r.Actor, r.Key
	l.later("answer "+actor+" "+key, func(tx *db.Tx) error {
		_, err := tx.ExecContext(context.Background(), `update ledger_request set answer = $3 where actor = $1 and key = $2`, actor, key, answer)
		return err
	})
}

// ForgetRequests drops requests that are long past.
func (l *Ledger) ForgetRequests(ctx context.Context) error {
	return l.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from ledger_request where at < $1`, db.Time(l.set.Now().Add(-keepRequests)))
		return err
	})
}

// PlaceOf finds a leaf by the hash that a promise or a request names.
func PlaceOf(ctx context.Context, q db.Query, object string, hash c2sp.Hash) (Place, error) {
	idx, err := findLeaf(ctx, q, object, hash)
	return Place{Object: object, Hash: hash, Index: idx}, err
}
