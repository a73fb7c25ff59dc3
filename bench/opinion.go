package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"dongthuan/internal/conversation"
	"dongthuan/internal/opinion"
)

// conversationOf is a size of conversation, and its bounds; 0 where there is none.
type conversationOf struct {
	people, statements, votes int
	cold                      time.Duration
	memory                    int64
	update                    time.Duration // 10 votes, p99
	choose                    time.Duration
	dense                     bool // compare with the dense pipeline
}

var conversations = []conversationOf{
	{people: 1_000, statements: 300, votes: 30_000, update: 5 * time.Millisecond},
	{people: 2_031, statements: 896, votes: 225_000},
	{people: 10_000, statements: 1_000, votes: 1_000_000, cold: 250 * time.Millisecond, memory: 64 * mega, update: 25 * time.Millisecond, choose: 3 * time.Second, dense: true},
	{people: 33_422, statements: 783, votes: 2_000_000, cold: 600 * time.Millisecond},
	{people: 100_000, statements: 2_000, votes: 10_000_000, cold: 6 * time.Second, memory: 400 * mega},
}

// analysed is what a child says of one analysis.
type analysed struct {
	Read, Cold time.Duration // CPU: votes into memory; all of it with groups and lists
	Memory     int64         // resident at most, of the whole process
	Updates    []time.Duration
	Statement  []time.Duration // a vote on a statement that nobody had voted on
	Choose     time.Duration
	K, Votes   int
}

// opinion measures the engine of opinion groups on one core: from a file of votes to groups
// and lists at the published number of groups, an update of ten votes, finding the number
// of groups; and beside it the published pipeline on a dense matrix.
func (b *bench) opinion(ctx context.Context) error {
	var votes, cold []float64 // of all sizes, for their growth
	for _, c := range conversations {
		file := filepath.Join(b.folder, "votes.csv")
		if err := c.write(file); err != nil {
			return err
		}
		var all []analysed
		for round := range rounds {
			var a analysed
			role := "opinion"
			if round == 0 {
				role = "opinion-updates"
			}
			if err := b.ask(ctx, role, file, &a); err != nil {
				return err
			}
			all = append(all, a)
		}
		size := fmt.Sprintf("%d people × %d statements, %d votes", c.people, c.statements, all[0].Votes)
		of := func(f func(analysed) time.Duration) time.Duration {
			var each []time.Duration
			for _, a := range all {
				each = append(each, f(a))
			}
			return median(each)
		}
		whole := of(func(a analysed) time.Duration { return a.Cold })
		votes, cold = append(votes, math.Log(float64(all[0].Votes))), append(cold, math.Log(whole.Seconds()))
		bound := ""
		if c.cold > 0 {
			bound = "≤ " + c.cold.String()
		}
		b.add(size+": groups and lists from a file, CPU", fmt.Sprintf("%s, reading %s of it", millis(whole), millis(of(func(a analysed) time.Duration { return a.Read }))), bound, c.cold == 0 || whole <= c.cold)
		if c.memory > 0 {
			m := median([]int64{all[1].Memory, all[2].Memory, all[3].Memory, all[4].Memory})
			b.add("  memory of the process at most", megabytes(m), "≤ "+megabytes(c.memory), m <= c.memory)
		}
		updates := all[0].Updates
		bound = ""
		if c.update > 0 {
			bound = "p99 ≤ " + c.update.String()
		}
		b.add(fmt.Sprintf("  10 votes more, with groups and lists, %d times: CPU", len(updates)), fmt.Sprintf("p50 %s, p99 %s", millis(median(updates)), millis(quantile(updates, 0.99))), bound, c.update == 0 || quantile(updates, 0.99) <= c.update)
		b.note("  a vote on a new statement, with groups and lists: CPU", millis(median(all[0].Statement)))
		bound = ""
		if c.choose > 0 {
			bound = "≤ " + c.choose.String()
		}
		b.add("  finding the number of groups: CPU", fmt.Sprintf("%s, %d groups", millis(all[0].Choose), all[0].K), bound, c.choose == 0 || all[0].Choose <= c.choose)
		if c.dense {
			var dense []time.Duration
			for range rounds {
				var a analysed
				if err := b.ask(ctx, "opinion-dense", file, &a); err != nil {
					return err
				}
				dense = append(dense, a.Cold)
			}
			d, ours := median(dense), of(func(a analysed) time.Duration { return a.Cold - a.Read })
			b.add("  the published pipeline, dense, both without reading: CPU", fmt.Sprintf("%s against %s, %.0f times as much", millis(d), millis(ours), float64(d)/float64(ours)), "≥ 20 times", d >= 20*ours)
		}
	}
	b.note("growth of CPU with votes, over all sizes", fmt.Sprintf("votes to the power of %.2f", slope(votes, cold)))
	return nil
}

// slope of a straight line through points, by least squares.
func slope(x, y []float64) float64 {
	var mx, my float64
	for i := range x {
		mx, my = mx+x[i]/float64(len(x)), my+y[i]/float64(len(x))
	}
	var xy, xx float64
	for i := range x {
		xy, xx = xy+(x[i]-mx)*(y[i]-my), xx+(x[i]-mx)*(x[i]-mx)
	}
	return xy / xx
}

// ask has a child on one core analyse a file.
func (b *bench) ask(ctx context.Context, role, file string, a *analysed) error {
	c, err := b.child(ctx, role, []string{"GOMAXPROCS=1"}, file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(c.ready), a); err != nil {
		return fmt.Errorf("%s said %q: %w", role, c.ready, err)
	}
	return c.end()
}

// write makes a file of votes in the order of their time: three camps that differ on most
// statements, some people ten times as busy as others.
func (c conversationOf) write(file string) error {
	r := rand.New(rand.NewPCG(uint64(c.people), uint64(c.votes)))
	type cell struct{ person, statement int32 }
	cells := make([]cell, 0, c.votes)
	each := float64(c.votes) / float64(c.people)
	order := make([]int32, c.statements)
	for j := range order {
		order[j] = int32(j)
	}
	for i := range c.people {
		// Exponential, cut at all statements: the mean is kept by what is cut being little.
		n := min(int(each*(0.25+0.75*r.ExpFloat64())+0.5), c.statements)
		for k := range n {
			l := k + r.IntN(c.statements-k)
			order[k], order[l] = order[l], order[k]
			cells = append(cells, cell{int32(i), order[k]})
		}
	}
	r.Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	w.WriteString("person,statement,vote,time\n")
	var stances [3][]int
	for camp := range stances {
		for range c.statements {
			stances[camp] = append(stances[camp], 1-2*r.IntN(2))
		}
	}
	var line []byte
	for n, q := range cells {
		stance := stances[int(q.person)%3][q.statement]
		vote := 0
		if x := r.Float64(); x < 0.7 {
			vote = stance
		} else if x < 0.9 {
			vote = -stance
		}
		line = strconv.AppendInt(line[:0], int64(q.person), 10)
		line = strconv.AppendInt(append(line, ','), int64(q.statement), 10)
		line = strconv.AppendInt(append(line, ','), int64(vote), 10)
		line = strconv.AppendInt(append(line, ','), 1_700_000_000_000+int64(n), 10)
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// playOpinion analyses a file, and says what it took. The number of groups is the one
// published, three.
func playOpinion(file string, updates, dense bool) error {
	var a analysed
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if !updates {
		debug.SetGCPercent(25) // as the command does
	}
	start, err := cpu()
	if err != nil {
		return err
	}
	read, err := conversation.Votes(f, dense, nil)
	if err != nil {
		return err
	}
	after, err := cpu()
	if err != nil {
		return err
	}
	a.Read = after - start
	if dense {
		r := opinion.Polis(read.Ballots, nil, nil)
		end, err := cpu()
		if err != nil {
			return err
		}
		a.Cold, a.K, a.Votes = end-after, r.K, r.Votes
		return a.say()
	}
	live, err := opinion.NewLive(read.Table, opinion.Config{K: 3, R: 2})
	if err != nil {
		return err
	}
	r := live.Result()
	end, err := cpu()
	if err != nil {
		return err
	}
	a.Cold, a.K, a.Votes = end-start, r.K, r.Votes
	if a.Memory, err = memory(os.Getpid(), "VmHWM"); err != nil {
		return err
	}
	if updates {
		random := rand.New(rand.NewPCG(9, 9))
		for n := range 300 {
			before, err := cpu()
			if err != nil {
				return err
			}
			for k := range 10 {
				person := r.Persons[random.IntN(len(r.Persons))].ID
				if k == 0 { // somebody comes
					person = "new" + strconv.Itoa(n)
				}
				b := opinion.Ballot{Person: person, Statement: r.Items[random.IntN(len(r.Items))].ID, Value: int8(random.IntN(3) - 1), At: 1_800_000_000_000 + int64(10*n+k)}
				if err := live.Cast(b); err != nil {
					return err
				}
			}
			live.Result()
			after, err := cpu()
			if err != nil {
				return err
			}
			a.Updates = append(a.Updates, after-before)
		}
		for n := range 5 {
			before, err := cpu()
			if err != nil {
				return err
			}
			if err := live.Cast(opinion.Ballot{Person: r.Persons[n].ID, Statement: "new" + strconv.Itoa(n), Value: 1, At: 1_900_000_000_000}); err != nil {
				return err
			}
			live.Result()
			after, err := cpu()
			if err != nil {
				return err
			}
			a.Statement = append(a.Statement, after-before)
		}
		runtime.GC()
		before, err := cpu()
		if err != nil {
			return err
		}
		live.Choose()
		after, err := cpu()
		if err != nil {
			return err
		}
		a.Choose, a.K = after-before, live.Result().K
	}
	return a.say()
}

func (a analysed) say() error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	fmt.Println(string(b))
	return answer(dumb)
}
