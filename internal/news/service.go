package news

import (
	"context"
	"crypto/rand"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Service does what people may do with articles. Each method that writes is one
// transaction, recorded in the ledger; those that take a tx are steps inside the
// caller's.
type Service struct {
	db    *db.DB
	book  *ledger.Ledger
	files *evidence.Store
	now   func() time.Time

	// Index keeps what the search knows of an article, in the transaction that
	// changes it. It is set once, before serving; nil keeps nothing.
	Index func(ctx context.Context, tx *ledger.Tx, doc SearchDoc) error
	// Address is the site's own ("https://hathanh.gov.vn"), for the feeds; where it
	// is empty they use the one they were asked at. It is set once, before serving.
	Address string

	mu    sync.Mutex
	views map[string]int64 // by slug, since the last FlushViews; guarded by mu
}

// New returns the service over d, recording in book, with photographs in files.
func New(d *db.DB, book *ledger.Ledger, files *evidence.Store, now func() time.Time) *Service {
	return &Service{db: d, book: book, files: files, now: now, views: map[string]int64{}}
}

// mayWrite asks the policy for what editors do.
func mayWrite(actor policy.Actor) error { return policy.May(actor, policy.NewsWrite, policy.Object{}) }

// MayFile answers evidence who may see the photographs of an article: everybody
// while it is published, editors always.
func (s *Service) MayFile(ctx context.Context, actor policy.Actor, id string) error {
	state, err := stateOf(ctx, s.db, id)
	switch {
	case err != nil:
		return err
	case state == Published:
		return nil
	case state == "":
		return fault.New(fault.NotFound, "news.missing")
	}
	return mayWrite(actor)
}

// Draft makes a draft inside the caller's transaction and returns its id: for an
// editor, or for one who writes a report and makes news of it. photos are files of
// another room that it shows too, each under its name.
func (s *Service) Draft(ctx context.Context, tx *ledger.Tx, actor policy.Actor, d Draft, photos ...evidence.File) (string, error) {
	if err := mayWrite(actor); err != nil && policy.May(actor, policy.ReportWrite, policy.Object{}) != nil {
		return "", err
	}
	it, err := s.draft(ctx, tx, actor.Office, d.clean(), photos...)
	return it.ID, err
}

func (s *Service) draft(ctx context.Context, tx *ledger.Tx, office string, d Draft, photos ...evidence.File) (Item, error) {
	if err := d.Check(); err != nil {
		return Item{}, err
	}
	id := rand.Text()
	it := Item{ID: id, Slug: strings.ToLower(id), Draft: d, CategorySlug: lang.Slug(d.Category), State: Drafted, Version: 1,
		Office: office, MadeAt: tx.At(), UpdatedAt: tx.At()}
	if err := insertItem(ctx, tx, it); err != nil {
		return it, err
	}
	for i, of := range photos {
		file, err := s.files.KeepAgain(ctx, tx, of, evidence.Use{Room: RoomName, Object: id})
		if err != nil {
			return it, err
		}
		words := strings.TrimSuffix(file.Name, path.Ext(file.Name))
		p := Photo{ID: rand.Text(), EvidenceID: file.ID, Hash: file.Hash, Caption: words, Alt: words, Order: int64(i), Width: file.Width, Height: file.Height}
		if err := insertPhoto(ctx, tx, id, p); err != nil {
			return it, err
		}
		it.Photos = append(it.Photos, p)
	}
	if err := insertVersion(ctx, tx, it, ""); err != nil {
		return it, err
	}
	return it, tx.Record(ctx, ledger.NewsDrafted, id, map[string]any{"version": it.Version, "office": office, "title": d.Title})
}

// Create makes an article, with its first photograph where one is given, and
// publishes it where that is asked.
func (s *Service) Create(ctx context.Context, actor policy.Actor, c Change, photo *evidence.Pending) (id string, ack ledger.Ack, err error) {
	if err := mayWrite(actor); err != nil {
		return "", ack, err
	}
	c = c.clean()
	c.Photos, c.Correction = nil, ""
	if err := c.Check(Item{State: Drafted}, photo != nil); err != nil {
		return "", ack, err
	}
	ack, err = s.book.Write(ctx, func(tx *ledger.Tx) error {
		it, err := s.draft(ctx, tx, actor.Office, c.Draft)
		id = it.ID
		if err != nil || photo == nil && !c.Publish {
			return err
		}
		return s.save(ctx, tx, actor.Office, it, c, photo)
	})
	return id, ack, err
}

// Save writes a change to an article, and publishes it where that is asked. After
// publication a change is a correction, which says what was wrong. It is refused
// when another editor saved meanwhile.
func (s *Service) Save(ctx context.Context, actor policy.Actor, id string, c Change, photo *evidence.Pending) (ledger.Ack, error) {
	if err := mayWrite(actor); err != nil {
		return ledger.Ack{}, err
	}
	c = c.clean()
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		it, err := oneItem(ctx, tx, "id", id)
		if err != nil {
			return err
		}
		if it.Version != c.Version {
			return fault.New(fault.Conflict, "news.changed")
		}
		if err := c.Check(it, photo != nil); err != nil {
			return err
		}
		if it.State == Published && !c.differs(it, photo != nil) {
			return fault.New(fault.Invalid, "news.unchanged")
		}
		return s.save(ctx, tx, actor.Office, it, c, photo)
	})
}

// save writes a checked change over it.
func (s *Service) save(ctx context.Context, tx *ledger.Tx, office string, it Item, c Change, photo *evidence.Pending) (err error) {
	over, before := it.Version, it.State
	it.Draft, it.CategorySlug, it.Office = c.Draft, lang.Slug(c.Category), office
	it.Version, it.UpdatedAt = over+1, tx.At()
	switch {
	case before == Published:
		it.CorrectedAt = tx.At()
	case c.Publish:
		it.State, it.PublishedAt = Published, tx.At()
		if it.Slug, err = freeSlug(ctx, tx, it.Title, it.ID); err != nil {
			return err
		}
	}
	if err := updateItem(ctx, tx, it, over); err != nil {
		return err
	}
	if it.Photos, err = s.savePhotos(ctx, tx, it, c, photo); err != nil {
		return err
	}
	if err := insertVersion(ctx, tx, it, c.Correction); err != nil {
		return err
	}
	switch {
	case it.State == Drafted:
		return tx.Record(ctx, ledger.NewsChanged, it.ID, map[string]any{"version": it.Version, "office": office, "title": it.Title})
	case before == Published:
		err = tx.Record(ctx, ledger.NewsCorrected, it.ID, record(it, c.Correction))
	default:
		err = tx.Record(ctx, ledger.NewsPublished, it.ID, record(it, ""))
	}
	if err != nil {
		return err
	}
	return s.index(ctx, tx, it)
}

// savePhotos writes what becomes of the photographs and returns those that stay,
// in their order.
func (s *Service) savePhotos(ctx context.Context, tx *ledger.Tx, it Item, c Change, photo *evidence.Pending) ([]Photo, error) {
	stay, gone := arrange(it.Photos, c.Photos)
	for _, p := range gone {
		if err := s.dropPhoto(ctx, tx, p, c.Correction); err != nil {
			return nil, err
		}
	}
	for _, p := range stay {
		if err := updatePhoto(ctx, tx, p); err != nil {
			return nil, err
		}
	}
	if photo == nil {
		return stay, nil
	}
	p, err := s.addPhoto(ctx, tx, it.ID, photo, c.Caption, c.Alt, int64(len(stay)))
	return append(stay, p), err
}

func (s *Service) dropPhoto(ctx context.Context, tx *ledger.Tx, p Photo, reason string) error {
	if err := deletePhoto(ctx, tx, p.ID); err != nil {
		return err
	}
	if reason == "" {
		reason = "news.photo.dropped" // a key: nobody gave words for it
	}
	return s.files.Withdraw(ctx, tx, p.EvidenceID, reason)
}

func (s *Service) addPhoto(ctx context.Context, tx *ledger.Tx, itemID string, photo *evidence.Pending, caption, alt string, order int64) (Photo, error) {
	if !photo.Kind().Image() {
		return Photo{}, fault.New(fault.Invalid, "news.photo.kind").In("photo")
	}
	file, err := s.files.Keep(ctx, tx, photo, evidence.Use{Room: RoomName, Object: itemID})
	if err != nil {
		return Photo{}, err
	}
	p := Photo{ID: rand.Text(), EvidenceID: file.ID, Hash: file.Hash, Caption: caption, Alt: alt, Order: order, Width: file.Width, Height: file.Height}
	return p, insertPhoto(ctx, tx, itemID, p)
}

// Retract takes an article down. Its address stays, and says when and why.
func (s *Service) Retract(ctx context.Context, actor policy.Actor, id string, version int64, reason string) (ledger.Ack, error) {
	if err := mayWrite(actor); err != nil {
		return ledger.Ack{}, err
	}
	reason = lang.Clean(reason)
	if reason == "" {
		return ledger.Ack{}, fault.New(fault.Invalid, "news.reason.missing").In("reason")
	}
	if n := len([]rune(reason)); n > maxLead {
		return ledger.Ack{}, fault.New(fault.Invalid, "news.long", maxLead, n).In("reason")
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		it, err := oneItem(ctx, tx, "id", id)
		if err != nil {
			return err
		}
		if it.State != Published {
			return fault.New(fault.Conflict, "news.retract.not")
		}
		it.State, it.Reason, it.RetractedAt, it.UpdatedAt, it.Office = Retracted, reason, tx.At(), tx.At(), actor.Office
		it.Version++
		if err := updateItem(ctx, tx, it, version); err != nil {
			return err
		}
		if err := insertVersion(ctx, tx, it, ""); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.NewsRetracted, it.ID, map[string]any{"version": it.Version, "slug": it.Slug, "reason": reason, "office": actor.Office}); err != nil {
			return err
		}
		return s.index(ctx, tx, it)
	})
}

// Seed is an article of the demonstration data, published at a time of its own.
type Seed struct {
	Draft
	Office string
	At     time.Time
	Views  int64
	Photos []SeedPhoto
}

// SeedPhoto is one of its photographs.
type SeedPhoto struct {
	File         *evidence.Pending
	Caption, Alt string
}

// PublishSeed publishes an article of the demonstration data inside the caller's
// transaction and returns its id.
func (s *Service) PublishSeed(ctx context.Context, tx *ledger.Tx, seed Seed) (string, error) {
	d := seed.clean()
	if err := d.CheckPublic(); err != nil {
		return "", err
	}
	it := Item{ID: rand.Text(), Draft: d, CategorySlug: lang.Slug(d.Category), State: Published, Version: 1, Views: seed.Views,
		Office: seed.Office, MadeAt: seed.At, UpdatedAt: seed.At, PublishedAt: seed.At}
	var err error
	if it.Slug, err = freeSlug(ctx, tx, it.Title, it.ID); err != nil {
		return "", err
	}
	if err := insertItem(ctx, tx, it); err != nil {
		return "", err
	}
	for i, photo := range seed.Photos {
		var problems fault.List
		checkPhoto(&problems, "", photo.Caption, photo.Alt)
		if err := problems.Or(); err != nil {
			return "", err
		}
		p, err := s.addPhoto(ctx, tx, it.ID, photo.File, lang.Line(photo.Caption), lang.Line(photo.Alt), int64(i))
		if err != nil {
			return "", err
		}
		it.Photos = append(it.Photos, p)
	}
	if err := insertVersion(ctx, tx, it, ""); err != nil {
		return "", err
	}
	if err := tx.Record(ctx, ledger.NewsPublished, it.ID, record(it, "")); err != nil {
		return "", err
	}
	return it.ID, s.index(ctx, tx, it)
}

// record is the public text of an article, as its leaf commits to it.
func record(it Item, correction string) map[string]any {
	return map[string]any{"version": it.Version, "slug": it.Slug, "category": it.Category, "title": it.Title, "lead": it.Lead,
		"body": it.Body, "byline": it.Byline, "office": it.Office, "published": db.Time(it.PublishedAt),
		"photos": photoRecords(it.Photos), "correction": correction}
}

func photoRecords(photos []Photo) []map[string]any {
	all := []map[string]any{}
	for _, p := range photos {
		all = append(all, map[string]any{"sha256": p.Hash, "caption": p.Caption, "alt": p.Alt})
	}
	return all
}

func (s *Service) index(ctx context.Context, tx *ledger.Tx, it Item) error {
	if s.Index == nil {
		return nil
	}
	return s.Index(ctx, tx, it.searchDoc())
}

// Get returns an article to an editor.
func (s *Service) Get(ctx context.Context, actor policy.Actor, id string) (Item, error) {
	if err := mayWrite(actor); err != nil {
		return Item{}, err
	}
	return oneItem(ctx, s.db, "id", id)
}

// List returns every article to an editor, the one saved last first.
func (s *Service) List(ctx context.Context, actor policy.Actor) ([]Item, error) {
	if err := mayWrite(actor); err != nil {
		return nil, err
	}
	return listItems(ctx, s.db, `order by updated_at desc, id`)
}

// Versions returns every saved text of an article to an editor, the newest first.
func (s *Service) Versions(ctx context.Context, actor policy.Actor, id string) ([]Version, error) {
	if err := mayWrite(actor); err != nil {
		return nil, err
	}
	return listVersions(ctx, s.db, id)
}

// BySlug returns an article that is published, or was and is taken down.
func (s *Service) BySlug(ctx context.Context, slug string) (Item, error) {
	return oneItem(ctx, s.db, "slug", slug)
}

// Corrections of an article, the oldest first.
func (s *Service) Corrections(ctx context.Context, id string) ([]Correction, error) {
	return listCorrections(ctx, s.db, id)
}

// Latest returns the newest published articles.
func (s *Service) Latest(ctx context.Context, n int) ([]Item, error) {
	return listPublished(ctx, s.db, "", n, 0)
}

// Categories of the published articles, in the order of their names.
func (s *Service) Categories(ctx context.Context) ([]Category, error) {
	return listCategories(ctx, s.db)
}

// Page returns one page of the published articles of a category, or of all, and
// how many there are.
func (s *Service) Page(ctx context.Context, category string, number, size int) ([]Item, int, error) {
	total, err := countPublished(ctx, s.db, category)
	if err != nil {
		return nil, 0, err
	}
	all, err := listPublished(ctx, s.db, category, size, (number-1)*size)
	return all, total, err
}

// Related returns other articles to read after one: of its category first, then
// the newest.
func (s *Service) Related(ctx context.Context, it Item, n int) ([]Item, error) {
	same, err := listPublished(ctx, s.db, it.CategorySlug, n+1, 0)
	if err != nil {
		return nil, err
	}
	newest, err := listPublished(ctx, s.db, "", 2*n+1, 0)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{it.ID: true}
	var all []Item
	for _, other := range append(same, newest...) {
		if !seen[other.ID] && len(all) < n {
			seen[other.ID] = true
			all = append(all, other)
		}
	}
	return all, nil
}

// SearchDocs returns every published article as the search keeps it, for building
// the index anew.
func (s *Service) SearchDocs(ctx context.Context) ([]SearchDoc, error) {
	all, err := listItems(ctx, s.db, `where state = 'published' order by published_at, id`)
	if err != nil {
		return nil, err
	}
	docs := make([]SearchDoc, len(all))
	for i, it := range all {
		docs[i] = it.searchDoc()
	}
	return docs, nil
}

// SitemapEntry is an address for search engines, with when it last changed.
type SitemapEntry struct {
	URL string
	At  time.Time
}

// Sitemap lists the addresses of the published articles.
func (s *Service) Sitemap(ctx context.Context) ([]SitemapEntry, error) {
	all, err := listItems(ctx, s.db, `where state = 'published' order by published_at desc, id`)
	if err != nil {
		return nil, err
	}
	entries := make([]SitemapEntry, len(all))
	for i, it := range all {
		entries[i] = SitemapEntry{it.Path(), it.changed()}
	}
	return entries, nil
}

// changed is when the public text last changed.
func (it Item) changed() time.Time {
	if it.CorrectedAt.IsZero() {
		return it.PublishedAt
	}
	return it.CorrectedAt
}

// maxCounted is how many addresses are counted between two flushes: an address
// that is not an article's is counted too, until the flush finds none.
const maxCounted = 10_000

// Seen counts one view of an article.
func (s *Service) Seen(slug string) {
	if len(slug) > 100 || url.PathEscape(slug) != slug {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.views[slug]; known || len(s.views) < maxCounted {
		s.views[slug]++
	}
}

// FlushViews adds the views counted since the last call to the articles. It needs
// no leaf: a count is not a record. What could not be written is counted again.
func (s *Service) FlushViews(ctx context.Context) error {
	s.mu.Lock()
	views := s.views
	s.views = map[string]int64{}
	s.mu.Unlock()
	if len(views) == 0 {
		return nil
	}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		for _, slug := range slices.Sorted(maps.Keys(views)) { // one order: two nodes do not wait for each other
			if err := addViews(ctx, tx, slug, views[slug]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		for slug, n := range s.views {
			views[slug] += n
		}
		s.views = views
	}
	return err
}
