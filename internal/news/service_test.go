package news

import (
	"bytes"
	"context"
	"crypto/rand"
	"image"
	"image/png"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// desk is a newsroom with its ledger and files; both are verified at the end of
// the test.
type desk struct {
	*Service
	t       *testing.T
	clock   time.Time
	indexed map[string]SearchDoc
}

func open(t *testing.T) *desk {
	t.Helper()
	d := dbtest.Open(t)
	k := &desk{t: t, clock: time.Date(2026, 7, 9, 10, 3, 0, 0, time.UTC), indexed: map[string]SearchDoc{}}
	now := func() time.Time { return k.clock }
	book, err := ledger.Open(t.Context(), d, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	files, err := evidence.New(d, filepath.Join(t.TempDir(), "files"), now)
	if err != nil {
		t.Fatal(err)
	}
	k.Service = New(d, book, files, now)
	k.Index = func(_ context.Context, _ *ledger.Tx, doc SearchDoc) error {
		k.indexed[doc.Ref] = doc
		return nil
	}
	t.Cleanup(func() {
		if p, err := ledger.Verify(context.Background(), d); err != nil || p != nil {
			t.Errorf("ledger: %v, %v", p, err)
		}
		if p, err := files.Verify(context.Background()); err != nil || p != nil {
			t.Errorf("files: %v, %v", p, err)
		}
		files.Close()
	})
	return k
}

func holder(role policy.Role) policy.Actor {
	return policy.Actor{Account: rand.Text(), Office: "Ban Biên tập", Enrolled: true, Holds: []policy.Membership{{Role: role, Unit: "U", Cluster: "C"}}}
}

func editor() policy.Actor { return holder(policy.Editor) }

func (k *desk) photo(w, h int) *evidence.Pending {
	k.t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		k.t.Fatal(err)
	}
	p, err := k.files.Prepare(k.t.Context(), &b, "ảnh.png")
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { p.Close() })
	return p
}

// create makes an article and returns it as it is saved.
func (k *desk) create(c Change, photo *evidence.Pending) Item {
	k.t.Helper()
	id, ack, err := k.Create(k.t.Context(), editor(), c, photo)
	if err != nil || !ack.Recorded() {
		k.t.Fatal(err)
	}
	return k.get(id)
}

func (k *desk) get(id string) Item {
	k.t.Helper()
	it, err := k.Get(k.t.Context(), editor(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return it
}

func (k *desk) save(it Item, c Change, photo *evidence.Pending) error {
	c.Version = it.Version
	_, err := k.Save(k.t.Context(), editor(), it.ID, c, photo)
	return err
}

func TestArticleThroughItsLife(t *testing.T) {
	k := open(t)
	ctx := t.Context()
	it := k.create(Change{Draft: Draft{Title: "  Sơ kết\n6 tháng "}}, nil)
	if it.State != Drafted || it.Title != "Sơ kết 6 tháng" || len(k.indexed) != 0 {
		t.Fatalf("created %+v", it)
	}
	if _, err := k.BySlug(ctx, it.Slug); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the public reads a draft: %v", err)
	}
	if err := k.save(it, Change{Draft: it.Draft, Publish: true}, nil); !strings.Contains(keys(err), "lead:news.lead.missing") {
		t.Errorf("half an article was published: %v", err)
	}
	if err := k.save(it, Change{Draft: whole(), Publish: true, Caption: "Quang cảnh", Alt: "Hội trường có 34 người"}, k.photo(40, 30)); err != nil {
		t.Fatal(err)
	}
	it = k.get(it.ID)
	if it.State != Published || it.Slug != "so-ket-phong-trao-thi-dua-6-thang" || !it.PublishedAt.Equal(k.clock) || len(it.Photos) != 1 || it.Photos[0].Width != 40 {
		t.Fatalf("published %+v", it)
	}
	if doc := k.indexed[it.ID]; doc.Gone || doc.Title != it.Title || doc.URL != it.Path() || !strings.Contains(doc.Body, "Đoạn hai") {
		t.Errorf("indexed %+v", doc)
	}

	k.clock = k.clock.Add(time.Hour)
	d := whole()
	d.Title, d.Lead = "Sơ kết thi đua", "Sáng 10/07."
	change := Change{Draft: d, Correction: "Sửa ngày họp."}
	if err := k.save(it, change, nil); err != nil {
		t.Fatal(err)
	}
	was := it
	it = k.get(it.ID)
	if it.Slug != was.Slug || !it.PublishedAt.Equal(was.PublishedAt) || !it.CorrectedAt.Equal(k.clock) || len(it.Photos) != 1 {
		t.Errorf("corrected %+v", it)
	}
	corrections, err := k.Corrections(ctx, it.ID)
	if err != nil || len(corrections) != 1 || corrections[0].Words != "Sửa ngày họp." || !corrections[0].At.Equal(k.clock) {
		t.Errorf("corrections %v, %v", corrections, err)
	}
	if err := k.save(it, change, nil); keys(err) != ":news.unchanged" {
		t.Errorf("a correction of nothing: %v", err)
	}

	if _, err := k.Retract(ctx, editor(), it.ID, it.Version, " "); keys(err) != "reason:news.reason.missing" {
		t.Errorf("retracted without a reason: %v", err)
	}
	if _, err := k.Retract(ctx, editor(), it.ID, it.Version-1, "Sai"); keys(err) != ":news.changed" {
		t.Errorf("retracted an older version: %v", err)
	}
	if _, err := k.Retract(ctx, editor(), it.ID, it.Version, "Đăng nhầm"); err != nil {
		t.Fatal(err)
	}
	gone, err := k.BySlug(ctx, it.Slug)
	if err != nil || gone.State != Retracted || gone.Reason != "Đăng nhầm" || !k.indexed[it.ID].Gone {
		t.Errorf("retracted %+v, %v", gone, err)
	}
	if err := k.save(gone, change, nil); keys(err) != ":news.retracted.fixed" {
		t.Errorf("changed what was taken down: %v", err)
	}
	if latest, err := k.Latest(ctx, 9); err != nil || len(latest) != 0 {
		t.Errorf("still listed: %v, %v", latest, err)
	}
	versions, err := k.Versions(ctx, editor(), it.ID)
	if err != nil || len(versions) != 4 || versions[3].Title != "Sơ kết 6 tháng" || versions[2].Lead != whole().Lead {
		t.Errorf("versions %+v, %v", versions, err)
	}
	events, err := ledger.History(ctx, k.db, it.ID)
	var types []string
	for _, e := range events {
		types = append(types, string(e.Type))
	}
	if got, want := strings.Join(types, " "), "news.drafted news.published news.corrected news.retracted"; err != nil || got != want {
		t.Errorf("leaves %s, %v; want %s", got, err, want)
	}
	if !strings.Contains(events[1].Payload, "Đoạn hai") || !strings.Contains(events[1].Payload, was.Photos[0].Hash) {
		t.Errorf("the leaf of publication does not hold the public text: %s", events[1].Payload)
	}
}

// TestTwoEditors saves over an older version, one after the other and at once:
// one is refused, and what was saved first stays among the versions.
func TestTwoEditors(t *testing.T) {
	k := open(t)
	it := k.create(Change{Draft: Draft{Title: "x"}}, nil)
	if err := k.save(it, Change{Draft: Draft{Title: "của người thứ nhất"}}, nil); err != nil {
		t.Fatal(err)
	}
	err := k.save(it, Change{Draft: Draft{Title: "của người thứ hai"}}, nil)
	if fault.KindOf(err) != fault.Conflict || keys(err) != ":news.changed" {
		t.Errorf("Save over an older version = %v", err)
	}
	it = k.get(it.ID)
	var wg sync.WaitGroup
	results := make([]error, 6)
	for i := range results {
		wg.Go(func() { results[i] = k.save(it, Change{Draft: Draft{Title: strings.Repeat("a", i+1)}}, nil) })
	}
	wg.Wait()
	saved := 0
	for _, err := range results {
		switch {
		case err == nil:
			saved++
		case fault.KindOf(err) != fault.Conflict:
			t.Error(err)
		}
	}
	if saved != 1 {
		t.Errorf("%d of %d saved over the same version", saved, len(results))
	}
	if versions, err := k.Versions(t.Context(), editor(), it.ID); err != nil || len(versions) != 3 {
		t.Errorf("%d versions, %v", len(versions), err)
	}
}

func TestPhotos(t *testing.T) {
	k := open(t)
	it := k.create(Change{Draft: whole(), Alt: "một"}, k.photo(10, 10))
	for _, alt := range []string{"hai", "ba"} {
		if err := k.save(it, Change{Draft: whole(), Alt: alt}, k.photo(20, 10+len(alt))); err != nil {
			t.Fatal(err)
		}
		it = k.get(it.ID)
	}
	one, two, three := it.Photos[0], it.Photos[1], it.Photos[2]
	change := Change{Draft: whole(), Photos: []PhotoChange{
		{ID: one.ID, Alt: "một", Order: 2}, {ID: two.ID, Drop: true, Order: 2}, {ID: three.ID, Alt: "ba mới", Caption: "c", Order: 1}, {ID: "của ai khác", Alt: "x"},
	}}
	if err := k.save(it, change, nil); err != nil {
		t.Fatal(err)
	}
	it = k.get(it.ID)
	if len(it.Photos) != 2 || it.Photos[0].ID != three.ID || it.Photos[0].Alt != "ba mới" || it.Photos[1].ID != one.ID {
		t.Errorf("photographs %+v", it.Photos)
	}
	dropped, err := k.files.Get(t.Context(), two.EvidenceID)
	if err != nil || dropped.WithdrawnAt.IsZero() {
		t.Errorf("dropped %+v, %v", dropped, err)
	}
	doc, err := k.files.Prepare(t.Context(), strings.NewReader("%PDF-1.4\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"), "a.pdf")
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	if err := k.save(it, Change{Draft: whole(), Alt: "x"}, doc); keys(err) != "photo:news.photo.kind" {
		t.Errorf("a PDF as a photograph: %v", err)
	}
	// Who may see the photographs follows the article.
	for _, step := range []struct {
		state State
		open  bool
	}{{Drafted, false}, {Published, true}, {Retracted, false}} {
		switch it = k.get(it.ID); step.state {
		case Published:
			if err := k.save(it, Change{Draft: whole(), Publish: true}, nil); err != nil {
				t.Fatal(err)
			}
		case Retracted:
			if _, err := k.Retract(t.Context(), editor(), it.ID, it.Version, "x"); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.MayFile(t.Context(), policy.Actor{}, it.ID); (err == nil) != step.open {
			t.Errorf("%s: the public's photographs: %v", step.state, err)
		}
		if err := k.MayFile(t.Context(), editor(), it.ID); err != nil {
			t.Errorf("%s: the editor's photographs: %v", step.state, err)
		}
	}
	if err := k.MayFile(t.Context(), editor(), "nowhere"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("photographs of nothing: %v", err)
	}
}

func TestOnlyEditorsWrite(t *testing.T) {
	k := open(t)
	ctx := t.Context()
	it := k.create(Change{Draft: whole(), Publish: true}, nil)
	for _, role := range append(policy.Roles, policy.Public) {
		actor := holder(role)
		if role == policy.Public {
			actor = policy.Actor{}
		}
		want := policy.Allows(role, policy.NewsWrite)
		version := k.get(it.ID).Version
		d := whole()
		d.Body = "Của " + string(role)
		_, _, create := k.Create(ctx, actor, Change{Draft: whole()}, nil)
		_, save := k.Save(ctx, actor, it.ID, Change{Draft: d, Version: version, Correction: "x"}, nil)
		_, list := k.List(ctx, actor)
		_, get := k.Get(ctx, actor, it.ID)
		_, versions := k.Versions(ctx, actor, it.ID)
		for act, err := range map[string]error{"create": create, "save": save, "list": list, "get": get, "versions": versions} {
			if (err == nil) != want || err != nil && fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s by %s: %v", act, role, err)
			}
		}
		if _, err := k.Retract(ctx, actor, it.ID, 0, "x"); (fault.KindOf(err) == fault.Forbidden) == want {
			t.Errorf("retract by %s: %v", role, err)
		}
		_, err := k.book.Write(ctx, func(tx *ledger.Tx) error {
			_, err := k.Draft(ctx, tx, actor, whole())
			return err
		})
		if mayDraft := want || policy.Allows(role, policy.ReportWrite); (err == nil) != mayDraft {
			t.Errorf("draft by %s: %v", role, err)
		}
	}
}

func TestSameTitle(t *testing.T) {
	k := open(t)
	for _, want := range []string{"so-ket-phong-trao-thi-dua-6-thang", "so-ket-phong-trao-thi-dua-6-thang-2", "so-ket-phong-trao-thi-dua-6-thang-3"} {
		if it := k.create(Change{Draft: whole(), Publish: true}, nil); it.Slug != want {
			t.Errorf("address %s, want %s", it.Slug, want)
		}
	}
	d := whole()
	d.Title = "!!!"
	if it := k.create(Change{Draft: d, Publish: true}, nil); it.Slug != "tin" {
		t.Errorf("address %s", it.Slug)
	}
}

func TestSeedAndLists(t *testing.T) {
	k := open(t)
	ctx := t.Context()
	at := time.Date(2019, 7, 9, 10, 3, 0, 0, time.UTC)
	for i, category := range []string{"Công tác Đảng", "Đời sống", "CÔNG TÁC ĐẢNG"} {
		if _, err := k.book.Write(ctx, func(tx *ledger.Tx) error {
			d := whole()
			d.Category, d.Title = category, "Tin số "+string(rune('1'+i))
			_, err := k.PublishSeed(ctx, tx, Seed{Draft: d, Office: "Ban Biên tập", At: at.AddDate(0, 0, i), Views: 7,
				Photos: []SeedPhoto{{k.photo(10, 10), "c", "mô tả"}}})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.book.Write(ctx, func(tx *ledger.Tx) error {
		_, err := k.PublishSeed(ctx, tx, Seed{Draft: whole(), At: at, Photos: []SeedPhoto{{k.photo(10, 10), "c", ""}}})
		return err
	}); keys(err) != "alt:news.alt.missing" {
		t.Errorf("a photograph without a description: %v", err)
	}
	all, total, err := k.Page(ctx, "", 1, 2)
	if err != nil || total != 3 || len(all) != 2 || all[0].Title != "Tin số 3" || all[0].Views != 7 || len(all[0].Photos) != 1 {
		t.Errorf("page 1: %d of %d, %v", len(all), total, err)
	}
	if all, _, err = k.Page(ctx, "", 2, 2); err != nil || len(all) != 1 || all[0].Title != "Tin số 1" {
		t.Errorf("page 2: %v, %v", all, err)
	}
	categories, err := k.Categories(ctx)
	if err != nil || len(categories) != 2 || categories[0].Count != 2 || categories[1].Slug != "doi-song" {
		t.Errorf("categories %v, %v", categories, err)
	}
	related, err := k.Related(ctx, all[0], 2)
	if err != nil || len(related) != 2 || related[0].Title != "Tin số 3" || related[1].Title != "Tin số 2" {
		t.Errorf("related %v, %v", related, err)
	}
	map1, err := k.Sitemap(ctx)
	if err != nil || len(map1) != 3 || map1[2].URL != "/tin/tin-so-1" || !map1[2].At.Equal(at) {
		t.Errorf("sitemap %v, %v", map1, err)
	}
	docs, err := k.SearchDocs(ctx)
	if err != nil || len(docs) != 3 || docs[0] != k.indexed[docs[0].Ref] {
		t.Errorf("docs %v, %v", docs, err)
	}
}

func TestViews(t *testing.T) {
	k := open(t)
	ctx := t.Context()
	it := k.create(Change{Draft: whole(), Publish: true}, nil)
	changes := k.book.Changes()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { k.Seen(it.Slug) })
	}
	wg.Wait()
	k.Seen("khong-co")
	k.Seen("a b")
	k.Seen(strings.Repeat("x", 101))
	if got := k.get(it.ID).Views; got != 0 {
		t.Errorf("written before the flush: %d", got)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := k.FlushViews(stopped); err == nil {
		t.Error("flushed without a database")
	}
	k.Seen(it.Slug)
	for range 2 {
		if err := k.FlushViews(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got := k.get(it.ID); got.Views != 51 || got.Version != it.Version {
		t.Errorf("views %d of version %d", got.Views, got.Version)
	}
	if k.book.Changes() != changes {
		t.Error("a count of views throws kept pages away")
	}
	for i := range 2 * maxCounted {
		k.Seen(itoa(i))
	}
	if len(k.views) > maxCounted {
		t.Errorf("%d addresses are counted", len(k.views))
	}
	k.views = map[string]int64{}
}

func itoa(n int) string { return string(db.Time(time.Unix(int64(n), 0))[:19]) }
