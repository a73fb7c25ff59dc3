package task

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// A calendar program cannot sign in: it subscribes to an address that nobody else
// knows. The database keeps only its hash, and another address ends the one before.

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// MakeFeed gives the actor's account a new address of its calendar.
func (s *Service) MakeFeed(ctx context.Context, actor policy.Actor) (token string, ack ledger.Ack, err error) {
	token = strings.ToLower(rand.Text())
	ack, err = s.changeFeed(ctx, actor, func(tx *ledger.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			insert into task_feed (token_hash, account_id, at) values ($1, $2, $3)
			on conflict (account_id) do update set token_hash = excluded.token_hash, at = excluded.at`, tokenHash(token), actor.Account, db.Time(tx.At())); err != nil {
			return fmt.Errorf("keep a feed: %w", err)
		}
		return tx.Record(ctx, ledger.AccountChanged, actor.Account, map[string]any{"office": actor.Office, "calendar": "made"})
	})
	return token, ack, err
}

// EndFeed takes the address away.
func (s *Service) EndFeed(ctx context.Context, actor policy.Actor) (ledger.Ack, error) {
	return s.changeFeed(ctx, actor, func(tx *ledger.Tx) error {
		res, err := tx.ExecContext(ctx, `delete from task_feed where account_id = $1`, actor.Account)
		if err != nil {
			return fmt.Errorf("end a feed: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.Conflict, "task.feed.none").Because(err)
		}
		return tx.Record(ctx, ledger.AccountChanged, actor.Account, map[string]any{"office": actor.Office, "calendar": "ended"})
	})
}

func (s *Service) changeFeed(ctx context.Context, actor policy.Actor, fn func(*ledger.Tx) error) (ledger.Ack, error) {
	if err := policy.May(actor, policy.Work, policy.Object{}); err != nil {
		return ledger.Ack{}, err
	}
	return s.book.Write(ctx, fn)
}

// feedOf returns whose calendar an address is.
func (s *Service) feedOf(ctx context.Context, token string) (accountID string, err error) {
	err = s.db.QueryRowContext(ctx, `select account_id from task_feed where token_hash = $1`, tokenHash(token)).Scan(&accountID)
	if errors.Is(err, db.ErrNoRows) {
		return "", web.NotFound()
	}
	return accountID, err
}

// HasFeed reports since when the account has an address, zero where it has none.
func (s *Service) HasFeed(ctx context.Context, accountID string) (since time.Time, err error) {
	err = s.db.QueryRowContext(ctx, `select at from task_feed where account_id = $1`, accountID).Scan(db.When(&since))
	if errors.Is(err, db.ErrNoRows) {
		return since, nil
	}
	return since, err
}

type feedPage struct {
	web.Base
	Address string
	Web     string // the same for programs that know webcal
}

func (p pages) makeFeed(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.Base(r)
	if err != nil {
		return web.Outcome{}, err
	}
	token, ack, err := p.service.MakeFeed(r.Context(), base.Actor)
	if err != nil {
		return web.Outcome{}, err
	}
	address := p.Origin(r) + "/viec/lich/" + token + ".ics"
	_, rest, _ := strings.Cut(address, "://")
	return web.SavedPage(ack, "task/feed", feedPage{base, address, "webcal://" + rest}), nil
}

func (p pages) endFeed(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.Base(r)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.service.EndFeed(r.Context(), base.Actor)
	if err != nil {
		return web.Outcome{}, err
	}
	return web.Saved(ack, "/viec", "task.done.feed"), nil
}

// calendar is what a calendar program reads: the duties of the account whose address
// it is, with the rights that the account has today.
func (p pages) calendar(w http.ResponseWriter, r *http.Request) error {
	token, ok := strings.CutSuffix(r.PathValue("feed"), ".ics")
	if !ok {
		return web.NotFound()
	}
	id, err := p.service.feedOf(r.Context(), token)
	if err != nil {
		return err
	}
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	if base.Actor, err = p.others.Actor(r.Context(), id); err != nil {
		return err
	}
	if err := policy.May(base.Actor, policy.Work, policy.Object{}); err != nil {
		return web.NotFound() // the account has ended
	}
	var events []document.Event
	for _, from := range p.duties {
		some, err := from(r.Context(), base)
		if err != nil {
			return err
		}
		for _, d := range some {
			if d.Closed {
				continue
			}
			day := d.Due
			if d.Day {
				day = d.LastDay()
			}
			events = append(events, document.Event{UID: tokenHash(d.To + d.Title)[:26] + "@viec", Day: day, Summary: d.Title, Description: strings.TrimSpace(d.Where + "\n" + d.Note), URL: p.Origin(r) + d.To, Stamp: base.Now, Remind: 3})
		}
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-store")
	return document.WriteICalendar(w, base.Words("task.mine"), slices.Values(events))
}
