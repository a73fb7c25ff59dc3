package conference

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"dongthuan/internal/document"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// AskPapers asks units for papers, by a time and of so many minutes.
func (s *Service) AskPapers(ctx context.Context, actor policy.Actor, id string, units []string, reading bool, minutes int64, due time.Time) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, notClosed, func(tx *ledger.Tx, c *Conference) error {
		var problems fault.List
		members, err := s.members(ctx, c.ClusterID, c.Starts)
		if err != nil {
			return err
		}
		if len(units) == 0 {
			problems.Add("unit", "conference.paper.units")
		}
		for _, u := range units {
			if !slices.Contains(members, u) {
				problems.Add("unit", "conference.delegate.other")
			}
		}
		if minutes < 1 || minutes > 120 {
			problems.Add("minutes", "conference.paper.minutes")
		}
		if due.IsZero() || due.After(c.Starts) {
			problems.Add("due", "conference.paper.due")
		}
		if err := problems.Or(); err != nil {
			return err
		}
		all, err := listPapers(ctx, tx, `conference_id = $1`, c.ID)
		if err != nil {
			return err
		}
		order := int64(0)
		for _, p := range all {
			order = max(order, p.Order)
		}
		for _, u := range units {
			order++
			p := Paper{ID: rand.Text(), ConferenceID: c.ID, UnitID: u, Order: order, Reading: reading, Minutes: minutes, Due: due, State: Asked, Office: actor.Office}
			if err := insertPaper(ctx, tx, p); err != nil {
				return err
			}
			if err := s.paperDone(ctx, tx, ledger.PaperAsked, *c, p, "paper.asked", actor, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) paperDone(ctx context.Context, tx *ledger.Tx, kind ledger.Type, c Conference, p Paper, event string, actor policy.Actor, words string) error {
	if event != "" {
		if err := s.Told(ctx, tx, Event{Kind: event, Conference: c, Units: []string{p.UnitID}, By: actor, Words: words, Paper: p}); err != nil {
			return err
		}
	}
	return tx.Record(ctx, kind, p.ID, map[string]any{"conference": c.ID, "unit": p.UnitID, "title": p.Title, "presenter": p.Presenter, "state": p.State, "reading": p.Reading, "minutes": p.Minutes, "order": p.Order, "words": words, "body": hashOf(p.Body), "office": actor.Office})
}

// paper runs an act on one paper. It is the unit's where the action is PaperWrite.
func (s *Service) paper(ctx context.Context, actor policy.Actor, id string, version int64, action policy.Action, fn func(*ledger.Tx, Conference, *Paper) error) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := findPaper(ctx, tx, id)
		if err != nil {
			return err
		}
		c, err := findConference(ctx, tx, "id", p.ConferenceID)
		if err != nil {
			return err
		}
		object := policy.Object{Cluster: c.ClusterID}
		if action == policy.PaperWrite {
			object = policy.Object{Unit: p.UnitID}
		}
		if err := policy.May(actor, action, object); err != nil {
			return err
		}
		// The proceedings wait for late papers until the minutes are signed.
		if c.State == Closed && c.Minutes == MinutesSigned {
			return fault.New(fault.Conflict, "conference.minutes.locked")
		}
		if version != 0 && p.Version != version {
			return fault.New(fault.Conflict, "conference.moved")
		}
		return fn(tx, c, &p)
	})
}

// HandIn hands a unit's paper in: its text, or a DOCX file whose text is taken out.
func (s *Service) HandIn(ctx context.Context, actor policy.Actor, id string, version int64, title, presenter, body string, file *evidence.Pending) (ledger.Ack, error) {
	return s.paper(ctx, actor, id, version, policy.PaperWrite, func(tx *ledger.Tx, c Conference, p *Paper) error {
		if p.State == Accepted {
			return fault.New(fault.Conflict, "conference.paper.frozen")
		}
		fileID := ""
		if file != nil {
			if file.Kind() != evidence.DOCX {
				return fault.New(fault.Invalid, "conference.paper.docx").In("file")
			}
			var err error
			if body, err = document.ReadDOCX(file.Reader(), file.Size(), maxBody); err != nil {
				return in(err, "file")
			}
		}
		p.Title, p.Presenter, p.Body = title, presenter, body
		var err error
		if *p, err = p.check(); err != nil {
			return err
		}
		if p.Body == "" {
			return fault.New(fault.Invalid, "conference.paper.body").In("body")
		}
		if file != nil {
			it, err := s.files.Keep(ctx, tx, file, evidence.Use{Room: RoomName, Object: p.ID})
			if err != nil {
				return err
			}
			fileID = it.ID
		}
		p.State, p.HandedAt, p.FileID, p.Office = Handed, tx.At(), fileID, actor.Office
		if p.FirstAt.IsZero() {
			p.FirstAt = p.HandedAt
		}
		if err := savePaper(ctx, tx, *p); err != nil {
			return err
		}
		return s.paperDone(ctx, tx, ledger.PaperHanded, c, *p, "paper.handed", actor, "")
	})
}

func in(err error, field string) error {
	list := fault.All(err)
	for _, e := range list {
		e.In(field)
	}
	if list == nil {
		return err
	}
	return list
}

// DecidePaper accepts a paper, which freezes it, or returns it with remarks.
func (s *Service) DecidePaper(ctx context.Context, actor policy.Actor, id string, version int64, accept bool, remark string) (ledger.Ack, error) {
	return s.paper(ctx, actor, id, version, policy.ConferenceManage, func(tx *ledger.Tx, c Conference, p *Paper) error {
		remark = lang.Clean(remark)
		if utf8.RuneCountInString(remark) > maxText {
			return fault.New(fault.Invalid, "conference.long", maxText).In("remark")
		}
		kind, event := ledger.PaperDecided, "paper.accepted"
		switch {
		case accept && p.State != Handed:
			return fault.New(fault.Conflict, "conference.paper.nothing")
		case !accept && p.State != Handed && p.State != Accepted:
			return fault.New(fault.Conflict, "conference.paper.nothing")
		case !accept && remark == "":
			return fault.New(fault.Invalid, "conference.paper.remark").In("remark")
		}
		p.State = Accepted
		if !accept {
			p.State, event = Returned, "paper.returned"
		}
		p.Remark, p.DecidedAt = remark, tx.At()
		if err := savePaper(ctx, tx, *p); err != nil {
			return err
		}
		return s.paperDone(ctx, tx, kind, c, *p, event, actor, remark)
	})
}

// ArrangePapers sets the order of papers, and which are read in the hall.
func (s *Service) ArrangePapers(ctx context.Context, actor policy.Actor, id string, order []string, reading map[string]bool, minutes map[string]int64) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, notClosed, func(tx *ledger.Tx, c *Conference) error {
		all, err := listPapers(ctx, tx, `conference_id = $1`, c.ID)
		if err != nil {
			return err
		}
		for _, p := range all {
			i := slices.Index(order, p.ID)
			if i < 0 {
				return fault.New(fault.Conflict, "conference.moved") // one was added meanwhile
			}
			if m, ok := minutes[p.ID]; ok {
				if m < 1 || m > 120 {
					return fault.New(fault.Invalid, "conference.paper.minutes").In("minutes-" + p.ID)
				}
				p.Minutes = m
			}
			p.Order, p.Reading = int64(i+1), reading[p.ID]
			if err := arrangePaper(ctx, tx, p); err != nil {
				return err
			}
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "papers", "order": order, "reading": len(reading), "office": actor.Office})
	})
}

// DropPaper takes back that a unit was asked, where it has not handed in.
func (s *Service) DropPaper(ctx context.Context, actor policy.Actor, id string, version int64) (ledger.Ack, error) {
	return s.paper(ctx, actor, id, version, policy.ConferenceManage, func(tx *ledger.Tx, c Conference, p *Paper) error {
		if p.State != Asked {
			return fault.New(fault.Conflict, "conference.paper.handed")
		}
		res, err := tx.ExecContext(ctx, `delete from conference_paper where id = $1 and state = 'asked'`, p.ID)
		if err != nil {
			return fmt.Errorf("drop a paper: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n != 1 { // handed in meanwhile, through another node
			return fault.New(fault.Conflict, "conference.paper.handed")
		}
		return s.paperDone(ctx, tx, ledger.PaperDecided, c, *p, "", actor, "dropped")
	})
}

// OnePaper returns a paper to those who may read the conference; an accepted one is also
// read by letter.
func (s *Service) OnePaper(ctx context.Context, actor policy.Actor, id string) (Paper, View, error) {
	p, err := findPaper(ctx, s.db, id)
	if err != nil {
		return p, View{}, err
	}
	v, err := s.Open(ctx, actor, p.ConferenceID)
	return p, v, err
}

// OwedPapers are those that a unit still has to hand in.
func (s *Service) OwedPapers(ctx context.Context, unitID string) ([]Paper, error) {
	return listPapers(ctx, s.db, `unit_id = $1 and state in ('asked', 'returned') and conference_id in (select id from conference where state <> 'closed')`, unitID)
}

// HandedPapers are those of a cluster that wait for the secretariat.
func (s *Service) HandedPapers(ctx context.Context, clusterID string) ([]Paper, error) {
	return listPapers(ctx, s.db, `state = 'handed' and conference_id in (select id from conference where minutes_state <> 'signed' and cluster_id = $1)`, clusterID)
}

// PaperFile is the file of a paper, as it came.
func (s *Service) PaperFile(ctx context.Context, p Paper) (evidence.Item, bool, error) {
	if p.FileID == "" {
		return evidence.Item{}, false, nil
	}
	it, err := s.files.Get(ctx, p.FileID)
	return it, err == nil, err
}
