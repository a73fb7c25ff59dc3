package conference

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// presenceAct answers the forms of the board of presence.
func (p pages) presenceAct(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r, "presence")
	if err != nil {
		return web.Outcome{}, err
	}
	f, err := p.files.ReadForm(r)
	if err != nil {
		return web.Outcome{}, err
	}
	defer f.Close()
	ctx, act := r.Context(), f.Get("act")
	var ack ledger.Ack
	done := "conference.done.presence"
	switch act {
	case "tick":
		at := h.Now
		if text := f.Get("at"); text != "" {
			if at, err = lang.ParseMoment(text); err != nil {
				return p.again(r, h, act, f.Values, in(err, "at"))
			}
		}
		if len(f.Values["delegate"]) == 0 {
			return p.again(r, h, act, f.Values, fault.New(fault.Invalid, "conference.tick.none").In("delegate"))
		}
		ack, err = p.Tick(ctx, h.Actor, h.ID, f.Values["delegate"], at)
	case "in", "out":
		how := "list"
		if act == "out" {
			how = "out"
		}
		var all []Scanned
		all, ack, err = p.Scans(ctx, h.Actor, h.ID, []Scan{{ID: rand.Text(), Delegate: f.Get("delegate"), How: how, At: h.Now.UnixMilli()}})
		if err == nil && all[0].Kind == "unknown" {
			err = fault.New(fault.NotFound, "conference.scan.unknown")
		}
	case "walkin":
		var all []Scanned
		all, ack, err = p.Scans(ctx, h.Actor, h.ID, []Scan{{ID: rand.Text(), How: "walkin", At: h.Now.UnixMilli(), Unit: f.Get("unit"), Body: f.Get("body"), Office: f.Get("office"), Name: f.Get("name")}})
		if err == nil && all[0].Kind == "refused" {
			// The scan was not taken: the form says why.
			return p.again(r, h, act, f.Values, fault.New(fault.Invalid, all[0].Words, all[0].Args...).In(all[0].Field))
		}
	case "undo":
		ack, err = p.Unscan(ctx, h.Actor, h.ID, f.Get("delegate"), f.Get("reason"))
		done = "conference.done.undone"
	case "desk":
		_, ack, err = p.OpenDesk(ctx, h.Actor, h.ID, f.Get("name"))
		done = "conference.done.desk"
	case "closedesk":
		ack, err = p.CloseDesk(ctx, h.Actor, h.ID, f.Get("desk"))
		done = "conference.done.closedesk"
	case "file":
		var file *evidence.Pending
		if file, err = f.File("file"); err == nil {
			ack, err = p.AddFile(ctx, h.Actor, h.ID, ListRoom, file)
		}
		done = "conference.done.file"
	case "dropfile":
		ack, err = p.DropFile(ctx, h.Actor, h.ID, f.Get("file"), f.Get("reason"))
		done = "conference.done.after"
	default:
		return web.Outcome{}, web.NotFound()
	}
	if err != nil {
		return p.again(r, h, act, f.Values, err)
	}
	return web.Saved(ack, h.Work()+"/diem-danh", done), nil
}

// chairAct answers every button of the chair's page.
func (p pages) chairAct(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r, "chair")
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	ctx, f := r.Context(), r.PostForm
	act := f.Get("act")
	var ack ledger.Ack
	done := ""
	switch act {
	case "begin":
		ack, err = p.Begin(ctx, h.Actor, h.ID)
		done = "conference.done.begun"
	case "goto":
		ack, err = p.GoTo(ctx, h.Actor, h.ID, f.Get("seen"), f.Get("item"))
	case "take":
		ack, err = p.Take(ctx, h.Actor, h.ID, f.Get("taking") == "1")
	case "raise":
		ack, err = p.Raise(ctx, h.Actor, h.ID, f.Get("delegate"), f.Get("kind"), f.Get("subject"))
	case "order":
		ack, err = p.Order(ctx, h.Actor, h.ID, moved(h.Waiting(), f))
	case "fair":
		ack, err = p.Fair(ctx, h.Actor, h.ID)
	case "call":
		ack, err = p.Call(ctx, h.Actor, h.ID, f.Get("seen"), f.Get("speech"))
	case "paper":
		ack, err = p.CallPaper(ctx, h.Actor, h.ID, f.Get("seen"), f.Get("paper"))
	case "end":
		ack, err = p.EndSpeech(ctx, h.Actor, h.ID, f.Get("speech"))
	case "putback":
		ack, err = p.PutBack(ctx, h.Actor, h.ID, f.Get("speech"))
	case "drop":
		ack, err = p.Drop(ctx, h.Actor, h.ID, f.Get("speech"))
	case "extend":
		ack, err = p.Extend(ctx, h.Actor, h.ID, f.Get("speech"), whole(f.Get("more")))
	case "vote":
		ack, err = p.OpenVote(ctx, h.Actor, h.ID, f.Get("question"), f.Get("way"))
	case "count":
		v := Vote{}
		for field, to := range map[string]*int64{"yes": &v.Yes, "no": &v.No, "abstain": &v.Abstain, "issued": &v.Issued, "returned": &v.Returned, "valid": &v.Valid} {
			if f.Has(field) {
				*to = whole(f.Get(field))
			}
		}
		ack, err = p.CloseVote(ctx, h.Actor, h.ID, f.Get("vote"), v, f.Get("silent") != "")
	case "cancel":
		ack, err = p.CancelVote(ctx, h.Actor, h.ID, f.Get("vote"), f.Get("reason"))
	case "finish":
		ack, err = p.Finish(ctx, h.Actor, h.ID)
		done = "conference.done.finished"
	case "unbegin":
		ack, err = p.Unbegin(ctx, h.Actor, h.ID, f.Get("reason"))
		done = "conference.done.unbegun"
	case "unfinish":
		ack, err = p.Unfinish(ctx, h.Actor, h.ID, f.Get("reason"))
		done = "conference.done.unfinished"
	default:
		return web.Outcome{}, web.NotFound()
	}
	if err != nil {
		return p.again(r, h, act, f, err)
	}
	if strings.HasPrefix(r.Header.Get("Accept"), "application/json") {
		return web.SavedData(ack, map[string]any{"saved": true}), nil
	}
	return web.Saved(ack, h.Work()+"/dieu-hanh", done), nil
}

// moved is the order of a queue: as a script sends it, or by a button of one row.
func moved(waiting []Speech, f url.Values) []string {
	if f.Has("order") {
		return strings.Split(f.Get("order"), ",")
	}
	var ids []string
	at := -1
	for i, s := range waiting {
		ids = append(ids, s.ID)
		if s.ID == f.Get("speech") {
			at = i
		}
	}
	to := at - 1
	if f.Get("way") == "down" {
		to = at + 1
	}
	if at >= 0 && to >= 0 && to < len(ids) {
		ids[at], ids[to] = ids[to], ids[at]
	}
	return ids
}

// minutesAct saves what a secretary wrote: by a script while it is written, or by a form.
func (p pages) minutesAct(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r, "minutes")
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	ctx, f := r.Context(), r.PostForm
	switch f.Get("act") {
	case "check":
		ack, err := p.CheckMinutes(ctx, h.Actor, h.ID)
		if err != nil {
			return p.again(r, h, "check", f, err)
		}
		return web.Saved(ack, h.Work()+"/bien-ban#ky", "conference.done.checked"), nil
	case "conclude":
		ack, err := p.Conclude(ctx, h.Actor, h.ID, f.Get("item"), f.Get("sentence"))
		if err != nil {
			return p.again(r, h, "m-"+f.Get("item"), f, err)
		}
		return web.Saved(ack, h.Work()+"/bien-ban#m-"+f.Get("item"), "conference.done.concluded"), nil
	}
	// A note of an item, or of a speech in it.
	item := f.Get("item")
	name, at := "body-"+item, "m-"+item
	version := whole(f.Get("v-" + name))
	save := func() (Note, ledger.Ack, error) {
		return p.SaveNote(ctx, h.Actor, h.ID, item, version, f.Get(name))
	}
	if speech := f.Get("speech"); speech != "" {
		name, at = "note-"+speech, "s-"+speech
		version = whole(f.Get("v-" + name))
		save = func() (Note, ledger.Ack, error) {
			return p.NoteSpeech(ctx, h.Actor, h.ID, speech, version, f.Get(name))
		}
	}
	n, ack, err := save()
	script := strings.HasPrefix(r.Header.Get("Accept"), "application/json")
	clockNow := h.Now.In(lang.Vietnam).Format("15:04:05")
	cell := func(n Note) map[string]any {
		return map[string]any{"saved": true, "time": clockNow, "cells": []map[string]any{{"name": name, "version": n.Version, "text": n.Body}}}
	}
	var clash *Clash
	switch {
	case err == nil && script:
		return web.SavedData(ack, cell(n)), nil
	case err == nil:
		return web.Saved(ack, h.Work()+"/bien-ban#m-"+item, "conference.done.noted"), nil
	case errors.As(err, &clash) && clash.Theirs.Body == lang.Clean(f.Get(name)) && script:
		return web.NotSaved(http.StatusOK, cell(clash.Theirs)), nil // the same words
	case errors.As(err, &clash):
		t := clash.Theirs
		words := h.Words("conference.clash", t.Office, t.At.In(lang.Vietnam).Format("15:04:05"))
		if script {
			return web.NotSaved(http.StatusConflict, map[string]any{"problem": words, "conflicts": []map[string]any{{"name": name, "version": t.Version, "mine": f.Get(name), "theirs": t.Body, "office": t.Office, "words": words + "\n" + t.Body}}}), nil
		}
		h.Theirs = &t // the page has the version that stands there now, and its words
		return p.again(r, h, at, f, fault.New(fault.Conflict, "conference.clash", t.Office, t.At.In(lang.Vietnam).Format("15:04:05")).In(name))
	case script:
		return web.Outcome{}, err
	}
	return p.again(r, h, at, f, err)
}

// signAct signs the minutes, or opens them again.
func (p pages) signAct(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.here(r, "minutes")
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(h.Actor, policy.ConferenceSign, policy.Object{Cluster: h.ClusterID}); err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	var ack ledger.Ack
	done := "conference.done.signed"
	if r.PostForm.Get("act") == "reopen" {
		ack, err = p.Reopen(r.Context(), h.Actor, h.ID, r.PostForm.Get("reason"))
		done = "conference.done.reopened"
	} else {
		ack, err = p.Sign(r.Context(), h.Actor, h.ID)
	}
	if err != nil {
		return p.again(r, h, "ky", r.PostForm, err)
	}
	return web.Saved(ack, h.Work()+"/bien-ban#ky", done), nil
}

// conclusionAct answers the forms of conclusions and their tasks.
func (p pages) conclusionAct(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r, "conclusions")
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	ctx, f := r.Context(), r.PostForm
	id, seen := f.Get("conclusion"), whole(f.Get("seen"))
	var ack ledger.Ack
	done, at := "conference.done.conclusion", id
	switch f.Get("act") {
	case "add":
		at = "them"
		ack, err = p.Conclude(ctx, h.Actor, h.ID, f.Get("item"), f.Get("body"))
		done = "conference.done.concluded"
	case "change":
		ack, err = p.ChangeConclusion(ctx, h.Actor, h.ID, id, seen, f.Get("body"), false)
	case "remove":
		ack, err = p.ChangeConclusion(ctx, h.Actor, h.ID, id, seen, "", true)
	case "up", "down":
		ack, err = p.MoveConclusion(ctx, h.Actor, h.ID, id, seen, f.Get("act") == "down")
	case "task":
		due, _ := lang.ParseDate(f.Get("due")) // none is refused beside its field
		ack, err = p.MakeTaskOf(ctx, h.Actor, h.ID, id, seen, TaskDraft{Title: f.Get("title"), Product: f.Get("product"), Due: due, Leads: f["leads"], With: f["with"]})
		done = "conference.done.task"
	case "untie":
		ack, err = p.UntieTask(ctx, h.Actor, h.ID, id, seen, f.Get("reason"))
	case "link":
		ack, err = p.LinkTask(ctx, h.Actor, h.ID, id, seen, f.Get("task"))
		done = "conference.done.task"
	default:
		return web.Outcome{}, web.NotFound()
	}
	if err != nil {
		return p.again(r, h, at, f, err)
	}
	return web.Saved(ack, h.Work()+"/ket-luan#k-"+id, done), nil
}

// afterAct answers what is done after the conference.
func (p pages) afterAct(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r, "after")
	if err != nil {
		return web.Outcome{}, err
	}
	f, err := p.files.ReadForm(r)
	if err != nil {
		return web.Outcome{}, err
	}
	defer f.Close()
	var ack ledger.Ack
	act := f.Get("act")
	to, done := h.Work()+"/sau", "conference.done.after"
	switch act {
	case "news":
		to, ack, err = p.DraftNews(r.Context(), h.Actor, h.ID)
		if err == nil && policy.May(h.Actor, policy.NewsWrite, policy.Object{}) != nil {
			to = h.Work() + "/sau" // the editor finishes it
		}
		done = "conference.done.news"
	case "file":
		var file *evidence.Pending
		if file, err = f.File("file"); err == nil {
			ack, err = p.AddFile(r.Context(), h.Actor, h.ID, RoomName, file)
		}
		done = "conference.done.file"
	case "dropfile":
		ack, err = p.DropFile(r.Context(), h.Actor, h.ID, f.Get("file"), f.Get("reason"))
	case "names":
		ack, err = p.ForgetNames(r.Context(), h.Actor, h.ID)
		done = "conference.done.names"
	default:
		return web.Outcome{}, web.NotFound()
	}
	if err != nil {
		return p.again(r, h, act, f.Values, err)
	}
	return web.Saved(ack, to, done), nil
}
