package conference

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// standard is the programme a new conference begins with.
func standard() []Item {
	all := []Item{
		{Kind: "reception", Title: "Đón tiếp đại biểu, phát tài liệu", Presenter: "Tổ giúp việc", Minutes: 30},
		{Kind: "opening", Title: "Chào cờ, tuyên bố lý do, giới thiệu đại biểu", Presenter: "Ban tổ chức", Minutes: 10},
		{Kind: "report", Title: "Báo cáo sơ kết", Presenter: "Cụm trưởng", Minutes: 20},
		{Kind: "floor", Title: "Thảo luận", Presenter: "Các đơn vị", Minutes: 40},
		{Kind: "conclusion", Title: "Kết luận hội nghị", Presenter: "Cụm trưởng", Minutes: 15},
		{Kind: "closing", Title: "Bế mạc", Presenter: "Ban tổ chức", Minutes: 5},
	}
	for i := range all {
		all[i].ID = word(8)
	}
	return all
}

// Seen names the state of the draft programme, so that nobody writes over what another
// has changed meanwhile.
func (c Conference) Seen() string {
	h := fnv.New64a()
	for _, it := range c.Items {
		fmt.Fprintf(h, "%+v\n", it)
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// SaveProgramme writes the draft programme.
func (s *Service) SaveProgramme(ctx context.Context, actor policy.Actor, id, seen string, items []Item) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, notClosed, func(tx *ledger.Tx, c *Conference) error {
		if seen != c.Seen() {
			return fault.New(fault.Conflict, "conference.programme.moved")
		}
		items, err := checkItems(items)
		if err != nil {
			return err
		}
		if c.Current != "" && !slices.ContainsFunc(items, func(it Item) bool { return it.ID == c.Current }) {
			return fault.New(fault.Conflict, "conference.programme.now")
		}
		for _, it := range c.Items {
			if slices.ContainsFunc(items, func(x Item) bool { return x.ID == it.ID }) {
				continue
			}
			if used, err := itemUsed(ctx, tx, c.ID, it.ID); err != nil {
				return err
			} else if used {
				return fault.New(fault.Conflict, "conference.programme.used", it.Title)
			}
		}
		c.Items = items
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "programme", "items": items, "office": actor.Office})
	})
}

// Publish makes the draft programme the next public version; its units are told what
// changed.
func (s *Service) Publish(ctx context.Context, actor policy.Actor, id, note string) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, notClosed, func(tx *ledger.Tx, c *Conference) error {
		if len(c.Items) == 0 {
			return fault.New(fault.Invalid, "conference.programme.empty")
		}
		for _, slot := range Schedule(c.Starts, c.Items) {
			if slot.Overlaps {
				return fault.New(fault.Invalid, "conference.programme.overlaps", slot.N, slot.Title)
			}
		}
		all, err := listProgrammes(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		p := Programme{Version: c.Published + 1, Items: c.Items, Starts: c.Starts, Place: c.Place, Note: lang.Line(note), Office: actor.Office, At: tx.At()}
		if len(all) > 0 && !Diff(all[0], p).Any() {
			return fault.New(fault.Invalid, "conference.programme.same")
		}
		if err := insertProgramme(ctx, tx, c.ID, p); err != nil {
			return err
		}
		c.Published = p.Version
		if err := s.tellProgramme(ctx, tx, *c, actor, p, all); err != nil {
			return err
		}
		public := make([]Item, len(p.Items))
		for i, it := range p.Items {
			it.Script, it.HandsTo = "", ""
			public[i] = it
		}
		return tx.Record(ctx, ledger.ConferencePublished, c.ID, map[string]any{"code": c.Code, "version": p.Version, "starts": db.Time(p.Starts), "place": p.Place, "items": public, "note": p.Note, "office": actor.Office})
	})
}

// tellProgramme tells all units of the first version, and of a later one each what it changes
// for it, and others nothing. before are the versions so far, the newest first.
func (s *Service) tellProgramme(ctx context.Context, tx *ledger.Tx, c Conference, by policy.Actor, p Programme, before []Programme) error {
	if len(before) == 0 {
		units, err := s.members(ctx, c.ClusterID, c.Starts)
		if err != nil {
			return err
		}
		return s.Told(ctx, tx, Event{Kind: "programme", Conference: c, Units: units, By: by, Words: p.Note})
	}
	change := Diff(before[0], p)
	papers, err := listPapers(ctx, tx, `conference_id = $1`, c.ID)
	if err != nil {
		return fmt.Errorf("list papers: %w", err)
	}
	members, err := s.clusters.Members(ctx, c.ClusterID, c.Starts)
	if err != nil {
		return err
	}
	was, is := readingOf(Schedule(before[0].Starts, before[0].Items), papers), readingOf(Schedule(p.Starts, p.Items), papers)
	for _, m := range members {
		u, err := s.units.GetIn(ctx, tx, m.UnitID, c.Starts)
		if err != nil {
			return err
		}
		var own Paper
		if i := slices.IndexFunc(papers, func(x Paper) bool { return x.UnitID == m.UnitID }); i >= 0 {
			own = papers[i]
		}
		lines := change.For([]string{u.FullName(), m.Code}, cmp.Or(own.Title, "tham luận"), was.At[own.ID], is.At[own.ID])
		if lines == nil {
			continue
		}
		if err := s.Told(ctx, tx, Event{Kind: "changed", Conference: c, Units: []string{m.UnitID}, By: by, Words: strings.Join(lines, "; ")}); err != nil {
			return err
		}
	}
	return nil
}
