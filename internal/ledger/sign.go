package ledger

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

// Signer signs the heads of one tree, each the continuation of the one before.
type Signer interface {
	// Key is the log's public key; its name is the log's origin.
	Key() c2sp.PublicKey
	// Last is the newest tree it signed; the empty one before the first.
	Last(ctx context.Context) (c2sp.Checkpoint, error)
	// Extend signs the tree that has leaves after edge. It refuses unless edge is that
	// of the tree it signed last: it cannot be made to sign a fork.
	Extend(ctx context.Context, edge c2sp.Edge, leaves []c2sp.Hash) (signed string, err error)
	// Promise signs that a leaf will be in the tree within MMD.
	Promise(ctx context.Context, leaf c2sp.Hash, at time.Time) (signed string, err error)
}

// PromiseText is what a promise says: the log, the leaf, when it was accepted (Unix
// seconds) and within how many seconds it will be in the tree.
func PromiseText(origin string, leaf c2sp.Hash, at time.Time) string {
	return origin + "/promise\n" + base64.StdEncoding.EncodeToString(leaf[:]) + "\n" + strconv.FormatInt(at.Unix(), 10) + "\n" + strconv.Itoa(int(MMD/time.Second)) + "\n"
}

// ErrFork is a signer's refusal to sign a tree that does not continue its last.
var ErrFork = errors.New("ledger: the tree does not continue the one signed last")

// Notary signs with a key at hand and writes down what it signed before it gives
// it out.
type Notary struct {
	mu      sync.Mutex
	key     *c2sp.Key
	journal *Journal
}

// NewNotary returns the signer of a key and its journal.
func NewNotary(key *c2sp.Key, journal *Journal) *Notary { return &Notary{key: key, journal: journal} }

// Key is the log's public key.
func (n *Notary) Key() c2sp.PublicKey { return n.key.Public() }

// Last is the newest tree in the journal.
func (n *Notary) Last(context.Context) (c2sp.Checkpoint, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last(), nil
}

func (n *Notary) last() c2sp.Checkpoint {
	c := n.journal.Last()
	c.Origin = n.key.Name()
	return c
}

// Extend signs, as Signer says.
func (n *Notary) Extend(_ context.Context, edge c2sp.Edge, leaves []c2sp.Hash) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	last := n.last()
	if !edge.Valid() || edge.Size != last.Size || edge.Root() != last.Root {
		return "", ErrFork
	}
	next := edge.Clone()
	for _, h := range leaves {
		next.Append(h)
	}
	c := c2sp.Checkpoint{Origin: n.key.Name(), Size: next.Size, Root: next.Root()}
	signed, err := n.key.Note(c.String())
	if err != nil {
		return "", err
	}
	if len(leaves) > 0 {
		if err := n.journal.Append(c, signed); err != nil {
			return "", err
		}
	}
	return signed, nil
}

// Promise signs, as Signer says.
func (n *Notary) Promise(_ context.Context, leaf c2sp.Hash, at time.Time) (string, error) {
	return n.key.Note(PromiseText(n.key.Name(), leaf, at))
}

// ephemeral signs with a key that ends with the process, and believes whatever
// tree it finds.
type ephemeral struct{ *Notary }

func newEphemeral() (*ephemeral, error) {
	seed := make([]byte, 32)
	rand.Read(seed)
	key, err := c2sp.NewLogKey("this-process.invalid/so-cai", seed)
	return &ephemeral{NewNotary(key, &Journal{last: c2sp.Checkpoint{Root: c2sp.Edge{}.Root()}})}, err
}

func (l *Ledger) openSigner(ctx context.Context) (Signer, error) {
	if s := l.signer.Load(); s != nil {
		return *s, nil
	}
	if l.set.Signer != nil {
		s, err := l.set.Signer(ctx)
		if err == nil {
			l.signer.Store(&s)
		}
		return s, err
	}
	s, err := newEphemeral()
	if err != nil {
		return nil, err
	}
	if h, err := readHead(ctx, l.db); err == nil {
		edge, err := c2sp.ReadEdge(h.Size, tileReader(ctx, l.db))
		if err != nil {
			return nil, err
		}
		s.journal.last = c2sp.Checkpoint{Size: h.Size, Root: edge.Root()}
		err = l.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, `update ledger_tree set origin = $1, vkey = $2, checkpoint = '', cosigned = '' where id = 1`, s.key.Name(), s.key.Public().String())
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var signer Signer = s
	l.signer.Store(&signer)
	return s, nil
}

// promiser is what can sign a promise in a process that may not lead.
func (l *Ledger) promiser(ctx context.Context) (Signer, error) { return l.openSigner(ctx) }

// signAll signs what run commits, in its order, while run goes on.
func (l *Ledger) signAll() {
	defer l.ended.Done()
	for g := range l.unsign {
		l.signGroup(context.Background(), &g)
		for _, e := range g.entries {
			e.answer()
		}
		l.unsigned.Add(-1)
	}
}

func (l *Ledger) signGroup(ctx context.Context, g *group) {
	if g.edge.Size == g.tree.Size {
		return
	}
	signer := l.signer.Load()
	refused := false
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := l.sign(ctx, *signer, g.edge, g.tree)
		if err == nil {
			if refused {
				l.blocked.Store(nil)
			}
			return
		}
		var frozen *frozenError
		if errors.As(err, &frozen) {
			l.freeze(frozen)
			l.unanswered(g, *l.blocked.Load())
			return
		}
		if db.IsLost(err) || errors.Is(err, errJournalLost) {
			l.set.Fatal(fmt.Errorf("the disk did not keep the journal: %w", err))
		}
		l.set.Log.ErrorContext(ctx, "sign the tree", "size", g.tree.Size, "err", err)
		why := fault.New(fault.Busy, "ledger.unsigned").Because(err)
		if !refused {
			refused = true
			var blocked error = why
			l.blocked.Store(&blocked)
			l.unanswered(g, why)
			for _, e := range g.entries {
				e.answer()
			}
			g.entries = nil
		}
		select {
		case <-time.After(wait):
		case <-l.stop:
			return
		}
	}
}

// unanswered turns what is committed and not signed into a refusal: the person
// sends it again with the same key, and is then answered.
func (l *Ledger) unanswered(g *group, why error) {
	for _, e := range g.entries {
		if e.err == nil && e.panicked == nil {
			e.err, e.replayed = why, nil
		}
	}
}

// sign reads back what was committed, hashes it again and has it signed: a bit
// that flipped on the way to the disk must not be signed over.
func (l *Ledger) sign(ctx context.Context, signer Signer, edge c2sp.Edge, tree c2sp.Checkpoint) error {
	next := edge.Clone()
	var hashes []c2sp.Hash
	for from := edge.Size; from < tree.Size; from += 4096 {
		texts, err := readLeaves(ctx, l.db, from, min(from+4096, tree.Size))
		if err != nil {
			return frozenBecause("leaves that were written cannot be read: %v", err)
		}
		for _, text := range texts {
			h := leafHash(text)
			hashes = append(hashes, h)
			next.Append(h)
		}
	}
	if next.Root() != tree.Root {
		return frozenBecause("the leaves %d to %d came back other than they were written", edge.Size, tree.Size-1)
	}
	failpoint("sign")
	signed, err := signer.Extend(ctx, edge, hashes)
	if errors.Is(err, ErrFork) {
		return frozenBecause("the signer has signed another tree")
	}
	if err != nil {
		return err
	}
	failpoint("signed")
	l.signed.Store(&signedTree{tree, signed})
	l.later("checkpoint", func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `update ledger_tree set checkpoint = $1 where id = 1`, signed)
		return err
	})
	failpoint("published")
	return nil
}
