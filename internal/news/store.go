package news

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

const itemColumns = `id, slug, category, category_slug, title, lead, body, byline, state, version, views, office,
	made_at, updated_at, published_at, corrected_at, retracted_at, reason`

func scanItem(row interface{ Scan(...any) error }) (it Item, err error) {
	err = row.Scan(&it.ID, &it.Slug, &it.Category, &it.CategorySlug, &it.Title, &it.Lead, &it.Body, &it.Byline, &it.State, &it.Version, &it.Views, &it.Office,
		db.When(&it.MadeAt), db.When(&it.UpdatedAt), db.When(&it.PublishedAt), db.When(&it.CorrectedAt), db.When(&it.RetractedAt), &it.Reason)
	return it, err
}

func insertItem(ctx context.Context, tx *ledger.Tx, it Item) error {
	if _, err := tx.ExecContext(ctx, `
		insert into news_item (`+itemColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		it.ID, it.Slug, it.Category, it.CategorySlug, it.Title, it.Lead, it.Body, it.Byline, string(it.State), it.Version, it.Views, it.Office,
		db.Time(it.MadeAt), db.Time(it.UpdatedAt), db.Time(it.PublishedAt), db.Time(it.CorrectedAt), db.Time(it.RetractedAt), it.Reason); err != nil {
		return fmt.Errorf("insert article: %w", err)
	}
	return nil
}

// updateItem saves an article over the version it was read at, and refuses when
// another one was saved meanwhile.
func updateItem(ctx context.Context, tx *ledger.Tx, it Item, over int64) error {
	res, err := tx.ExecContext(ctx, `
		update news_item set slug = $1, category = $2, category_slug = $3, title = $4, lead = $5, body = $6, byline = $7, state = $8,
			version = $9, office = $10, updated_at = $11, published_at = $12, corrected_at = $13, retracted_at = $14, reason = $15
		where id = $16 and version = $17`,
		it.Slug, it.Category, it.CategorySlug, it.Title, it.Lead, it.Body, it.Byline, string(it.State), it.Version, it.Office,
		db.Time(it.UpdatedAt), db.Time(it.PublishedAt), db.Time(it.CorrectedAt), db.Time(it.RetractedAt), it.Reason, it.ID, over)
	if err != nil {
		return fmt.Errorf("update article %s: %w", it.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "news.changed")
	}
	return nil
}

// freeSlug returns the first address of a title that no other article has.
func freeSlug(ctx context.Context, q db.Query, title, id string) (string, error) {
	base := slugOf(title)
	taken := map[string]bool{}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var s string
		err := rows.Scan(&s)
		taken[s] = true
		return struct{}{}, err
	}, `select slug from news_item where id <> $1 and (slug = $2 or slug like $3)`, id, base, base+"-%")
	if err != nil {
		return "", fmt.Errorf("find a free address: %w", err)
	}
	slug := base
	for n := 2; taken[slug]; n++ {
		slug = fmt.Sprintf("%s-%d", base, n)
	}
	return slug, nil
}

func insertVersion(ctx context.Context, tx *ledger.Tx, it Item, correction string) error {
	photos, err := json.Marshal(photoRecords(it.Photos))
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		insert into news_version (item_id, version, state, category, title, lead, body, byline, photos, correction, office, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		it.ID, it.Version, string(it.State), it.Category, it.Title, it.Lead, it.Body, it.Byline, string(photos), correction, it.Office, db.Time(it.UpdatedAt)); err != nil {
		return fmt.Errorf("insert version of %s: %w", it.ID, err)
	}
	return nil
}

func insertPhoto(ctx context.Context, tx *ledger.Tx, itemID string, p Photo) error {
	if _, err := tx.ExecContext(ctx, `
		insert into news_photo (id, item_id, evidence_id, hash, caption, alt, ord, width, height)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, p.ID, itemID, p.EvidenceID, p.Hash, p.Caption, p.Alt, p.Order, p.Width, p.Height); err != nil {
		return fmt.Errorf("insert photograph: %w", err)
	}
	return nil
}

func updatePhoto(ctx context.Context, tx *ledger.Tx, p Photo) error {
	if _, err := tx.ExecContext(ctx, `
		update news_photo set caption = $1, alt = $2, ord = $3 where id = $4`, p.Caption, p.Alt, p.Order, p.ID); err != nil {
		return fmt.Errorf("update photograph: %w", err)
	}
	return nil
}

func deletePhoto(ctx context.Context, tx *ledger.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `delete from news_photo where id = $1`, id); err != nil {
		return fmt.Errorf("take out photograph: %w", err)
	}
	return nil
}

// listItems returns articles with their photographs.
func listItems(ctx context.Context, q db.Query, rest string, args ...any) ([]Item, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (Item, error) { return scanItem(rows) }, `select `+itemColumns+` from news_item `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("list articles: %w", err)
	}
	at := make(map[string]int, len(all))
	for i, it := range all {
		at[it.ID] = i
	}
	for from := 0; from < len(all); from += 500 {
		if err := addPhotos(ctx, q, all, at, all[from:min(from+500, len(all))]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func addPhotos(ctx context.Context, q db.Query, all []Item, at map[string]int, some []Item) error {
	marks := make([]string, len(some))
	args := make([]any, len(some))
	for i, it := range some {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), it.ID
	}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var p Photo
		var id string
		err := rows.Scan(&id, &p.ID, &p.EvidenceID, &p.Hash, &p.Caption, &p.Alt, &p.Order, &p.Width, &p.Height)
		it := &all[at[id]]
		it.Photos = append(it.Photos, p)
		return struct{}{}, err
	}, `
		select item_id, id, evidence_id, hash, caption, alt, ord, width, height
		from news_photo where item_id in (`+strings.Join(marks, ", ")+`) order by item_id, ord, id`, args...)
	if err != nil {
		return fmt.Errorf("list photographs: %w", err)
	}
	return nil
}

func oneItem(ctx context.Context, q db.Query, column, value string) (Item, error) {
	where := `where id = $1`
	if column == "slug" {
		where = `where slug = $1 and state <> 'draft'`
	}
	all, err := listItems(ctx, q, where, value)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "news.missing")
	}
	if err != nil {
		return Item{}, err
	}
	return all[0], nil
}

func countPublished(ctx context.Context, q db.Query, category string) (n int, err error) {
	err = q.QueryRowContext(ctx, `
		select count(*) from news_item where state = 'published' and ($1 = '' or category_slug = $1)`, category).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count articles: %w", err)
	}
	return n, nil
}

func listPublished(ctx context.Context, q db.Query, category string, limit, offset int) ([]Item, error) {
	return listItems(ctx, q, `where state = 'published' and ($1 = '' or category_slug = $1)
		order by published_at desc, id limit $2 offset $3`, category, limit, offset)
}

// Category is a heading of the portal with the number of its articles.
type Category struct {
	Slug, Name string
	Count      int
}

func listCategories(ctx context.Context, q db.Query) ([]Category, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (c Category, err error) {
		err = rows.Scan(&c.Slug, &c.Name, &c.Count)
		return c, err
	}, `select category_slug, max(category), count(*) from news_item where state = 'published' group by category_slug order by category_slug`)
	if err != nil {
		return nil, fmt.Errorf("list categories: %w", err)
	}
	lang.SortBy(all, func(c Category) string { return c.Name })
	return all, nil
}

func listCorrections(ctx context.Context, q db.Query, id string) ([]Correction, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (c Correction, err error) {
		err = rows.Scan(&c.Words, db.When(&c.At))
		return c, err
	}, `select correction, at from news_version where item_id = $1 and correction <> '' order by version`, id)
	if err != nil {
		return nil, fmt.Errorf("list corrections: %w", err)
	}
	return all, nil
}

func listVersions(ctx context.Context, q db.Query, id string) ([]Version, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (v Version, err error) {
		err = rows.Scan(&v.Number, &v.State, &v.Category, &v.Title, &v.Lead, &v.Body, &v.Byline, &v.Correction, &v.Office, db.When(&v.At))
		return v, err
	}, `
		select version, state, category, title, lead, body, byline, correction, office, at
		from news_version where item_id = $1 order by version desc`, id)
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	return all, nil
}

// stateOf returns the state of an article, "" where it is not there.
func stateOf(ctx context.Context, q db.Query, id string) (s State, err error) {
	err = q.QueryRowContext(ctx, `select state from news_item where id = $1`, id).Scan(&s)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find article %s: %w", id, err)
	}
	return s, nil
}

func addViews(ctx context.Context, tx *db.Tx, slug string, n int64) error {
	if _, err := tx.ExecContext(ctx, `
		update news_item set views = views + $1 where slug = $2 and state = 'published'`, n, slug); err != nil {
		return fmt.Errorf("add views of %s: %w", slug, err)
	}
	return nil
}
