package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"dongthuan/internal/score"
)

type scoreCommand struct {
	Draw drawCommand `cmd:"" help:"Repeat a draw of cross-scorers from its published seed."`
}

type drawCommand struct {
	Seed     string   `arg:"" help:"The published seed."`
	Each     int      `arg:"" help:"How many tables each unit scores."`
	Units    []string `arg:"" help:"Codes of the units, in any order."`
	Conflict []string `help:"Pair that does not score each other: DV01:DV04. May be repeated."`
}

// Run prints the pairs, scorer and scored, one a line.
func (c drawCommand) Run(w *world) error {
	conflicts := map[[2]string]bool{}
	for _, pair := range c.Conflict {
		a, b, ok := strings.Cut(pair, ":")
		if !ok || !slices.Contains(c.Units, a) || !slices.Contains(c.Units, b) {
			return usageError{fmt.Errorf("%q is not two of the units, as DV01:DV04", pair)}
		}
		conflicts[[2]string{a, b}] = true
	}
	pairs, err := score.Draw(c.Seed, c.Units, c.Each, func(a, b string) bool { return conflicts[[2]string{a, b}] })
	if errors.Is(err, score.ErrNoDraw) {
		return usageError{errors.New("no draw keeps all conditions: each unit must score fewer than half of them")}
	}
	if err != nil {
		return err
	}
	for _, p := range pairs {
		fmt.Fprintf(w.out, "%s %s\n", p.Scorer, p.Scored)
	}
	return nil
}
