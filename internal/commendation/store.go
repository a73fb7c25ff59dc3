package commendation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

const roundColumns = `id, period_id, cluster_id, state, titles, version, office, at, proposed_at, number, dated, issuer, decided_at`

func scanRound(row interface{ Scan(...any) error }) (r Round, err error) {
	var titles string
	err = row.Scan(&r.ID, &r.PeriodID, &r.ClusterID, &r.State, &titles, &r.Version, &r.Office, db.When(&r.At), db.When(&r.ProposedAt), &r.Number, db.DayOf(&r.Dated, lang.Vietnam), &r.Issuer, db.When(&r.DecidedAt))
	switch {
	case errors.Is(err, db.ErrNoRows):
		return r, fault.New(fault.NotFound, "commendation.missing")
	case err != nil:
		return r, fmt.Errorf("read a round: %w", err)
	}
	return r, json.Unmarshal([]byte(titles), &r.Titles)
}

func findRound(ctx context.Context, q db.Query, where, value string) (Round, error) {
	r, err := scanRound(q.QueryRowContext(ctx, `select `+roundColumns+` from commendation_round `+where, value))
	if err != nil {
		return r, err
	}
	return r, fillRound(ctx, q, &r)
}

// touchRound takes the round's row: acts on one round run one after the other.
func touchRound(ctx context.Context, tx *ledger.Tx, id string) (Round, error) {
	r, err := scanRound(tx.QueryRowContext(ctx, `update commendation_round set version = version + 1 where id = $1 returning `+roundColumns, id))
	if err != nil {
		return r, err
	}
	return r, fillRound(ctx, tx, &r)
}

func fillRound(ctx context.Context, q db.Query, r *Round) error {
	r.Candidates = map[string][]string{}
	if _, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var title, unit string
		err := rows.Scan(&title, &unit)
		r.Candidates[title] = append(r.Candidates[title], unit)
		return struct{}{}, err
	}, `select title, unit_id from commendation_candidate where round_id = $1 order by title, unit_id`, r.ID); err != nil {
		return fmt.Errorf("list candidates: %w", err)
	}
	var err error
	if r.Ballots, err = db.All(ctx, q, func(rows *sql.Rows) (b Ballot, err error) {
		b.Votes = map[string]int64{}
		return b, rows.Scan(&b.ID, &b.RoundID, &b.Title, &b.N, &b.Members, &b.Present, &b.Issued, &b.Returned, &b.Valid, &b.Threshold, &b.Base, &b.Place, db.When(&b.HeldAt), &b.Board, &b.Reason, &b.Office, db.When(&b.At))
	}, `select id, round_id, title, n, members, present, issued, returned, valid, threshold, base, place, held_at, board, reason, office, at
		from commendation_ballot where round_id = $1 order by title, n desc`, r.ID); err != nil {
		return fmt.Errorf("list ballots: %w", err)
	}
	at := map[string]int{}
	for i, b := range r.Ballots {
		at[b.ID] = i
	}
	if _, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var id, unit string
		var n int64
		err := rows.Scan(&id, &unit, &n)
		if i, ok := at[id]; ok {
			r.Ballots[i].Votes[unit] = n
		}
		return struct{}{}, err
	}, `select v.ballot_id, v.unit_id, v.votes from commendation_vote v join commendation_ballot b on b.id = v.ballot_id where b.round_id = $1`, r.ID); err != nil {
		return fmt.Errorf("list votes: %w", err)
	}
	r.Awards, err = listAwards(ctx, q, `where round_id = $1`, r.ID)
	return err
}

func listAwards(ctx context.Context, q db.Query, where string, args ...any) ([]Award, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (a Award, err error) {
		return a, rows.Scan(&a.Code, &a.RoundID, &a.UnitID, &a.Title, &a.Name, db.When(&a.At))
	}, `select code, round_id, unit_id, title, name, at from commendation_award `+where+` order by title, unit_id`, args...)
}

func insertRound(ctx context.Context, tx *ledger.Tx, r Round) error {
	titles, err := json.Marshal(r.Titles)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into commendation_round (`+roundColumns+`) values ($1, $2, $3, $4, $5, 0, $6, $7, '', '', '', '', '')`,
		r.ID, r.PeriodID, r.ClusterID, r.State, string(titles), r.Office, db.Time(r.At))
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "commendation.opened").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert a round: %w", err)
	}
	return nil
}

func saveRound(ctx context.Context, tx *ledger.Tx, r Round) error {
	titles, err := json.Marshal(r.Titles)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `update commendation_round set state = $1, titles = $2, proposed_at = $3, number = $4, dated = $5, issuer = $6, decided_at = $7 where id = $8`,
		r.State, string(titles), db.Time(r.ProposedAt), r.Number, db.Day(r.Dated, lang.Vietnam), r.Issuer, db.Time(r.DecidedAt), r.ID); err != nil {
		return fmt.Errorf("save a round: %w", err)
	}
	return nil
}

func listRecords(ctx context.Context, q db.Query, clusterID string) ([]Record, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (r Record, err error) {
		return r, rows.Scan(&r.ID, &r.ClusterID, &r.UnitID, &r.Kind, db.DayOf(&r.From, lang.Vietnam), db.DayOf(&r.To, lang.Vietnam), &r.Number, db.DayOf(&r.Dated, lang.Vietnam), &r.Issuer, &r.Abstract, &r.Office, db.When(&r.At), &r.EndedWhy, db.When(&r.EndedAt))
	}, `select id, cluster_id, unit_id, kind, valid_from, valid_to, number, dated, issuer, abstract, office, at, ended_why, ended_at from commendation_record where cluster_id = $1 order by valid_from desc, id`, clusterID)
}

func insertRecord(ctx context.Context, tx *ledger.Tx, r Record) error {
	if _, err := tx.ExecContext(ctx, `
		insert into commendation_record (id, cluster_id, unit_id, kind, valid_from, valid_to, number, dated, issuer, abstract, office, at, ended_why, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '')`,
		r.ID, r.ClusterID, r.UnitID, r.Kind, db.Day(r.From, lang.Vietnam), db.Day(r.To, lang.Vietnam), r.Number, db.Day(r.Dated, lang.Vietnam), r.Issuer, r.Abstract, r.Office, db.Time(r.At)); err != nil {
		return fmt.Errorf("insert a record: %w", err)
	}
	return nil
}

func insertBallot(ctx context.Context, tx *ledger.Tx, b Ballot) error {
	if _, err := tx.ExecContext(ctx, `
		insert into commendation_ballot (id, round_id, title, n, members, present, issued, returned, valid, threshold, base, place, held_at, board, reason, office, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		b.ID, b.RoundID, b.Title, b.N, b.Members, b.Present, b.Issued, b.Returned, b.Valid, b.Threshold, b.Base, b.Place, db.Time(b.HeldAt), b.Board, b.Reason, b.Office, db.Time(b.At)); err != nil {
		return fmt.Errorf("insert a ballot: %w", err)
	}
	for unit, n := range b.Votes {
		if _, err := tx.ExecContext(ctx, `insert into commendation_vote (ballot_id, unit_id, votes) values ($1, $2, $3)`, b.ID, unit, n); err != nil {
			return fmt.Errorf("insert votes: %w", err)
		}
	}
	return nil
}
