package score

// Policy says what a criterion that does not apply to a unit does to its group.
type Policy string

const (
	// Rescale lets the rest of the group stand for the whole of it:
	// points × max / (max − not applicable), rounded to half a point.
	Rescale Policy = "rescale"
	// Full gives such a criterion its full points.
	Full Policy = "full"
)

// Criterion is one line of a sheet, with its points after rounding, in tenths.
type Criterion struct {
	Code          string
	Max           int64
	Points        int64
	NotApplicable bool
	// Void takes the points away but keeps the line in sight, as for a false
	// figure. A void criterion still counts in its group: falsehood must not pay
	// by rescaling, so it outweighs NotApplicable.
	Void bool
}

// Worth is what the line adds to its group as it stands, in tenths.
func (c Criterion) Worth() int64 {
	if c.Void || c.NotApplicable {
		return 0
	}
	return c.Points
}

func (c Criterion) applies() bool { return c.Void || !c.NotApplicable }

// Group is a group of criteria. Its maximum is the sum of theirs.
type Group struct {
	Code     string
	Criteria []Criterion
}

// Max is the group's maximum, in tenths.
func (g Group) Max() int64 {
	sum := int64(0)
	for _, c := range g.Criteria {
		sum += c.Max
	}
	return sum
}

// Item is one kind of bonus or deduction: so many cases, so many tenths each,
// and no more than Cap in all. A Cap of 0 means none.
type Item struct {
	Code  string
	Each  int64
	Cases int64
	Cap   int64
}

// Amount is what the item adds or takes, in tenths.
func (i Item) Amount() int64 {
	if i.Each <= 0 || i.Cases <= 0 {
		return 0
	}
	if i.Cap > 0 && i.Cases > i.Cap/i.Each {
		return i.Cap
	}
	return i.Each * i.Cases
}

// Sheet is everything that makes up one unit's total.
type Sheet struct {
	Groups     []Group
	Policy     Policy // empty is Rescale
	Bonus      []Item
	BonusCap   int64 // of all bonus together, in tenths; 0 means none
	Deductions []Item
}

// GroupTotal is a group's points and maximum, in tenths. NotApplicable says that
// no criterion of it applies, so that it stands outside the total.
type GroupTotal struct {
	Code          string
	Points        int64
	Max           int64
	Rescaled      bool // some criterion did not apply, and the rest stood for it
	NotApplicable bool
}

// Total is a sheet added up, in tenths. Points orders the units and has no upper
// bound; the class looks at Capped.
type Total struct {
	Groups    []GroupTotal
	Base      int64
	Max       int64 // what Base could have been
	Bonus     int64
	Deduction int64
	Points    int64 // Base + Bonus − Deduction
}

// Capped is the total as the class sees it: 100 points at most.
func (t Total) Capped() int64 { return min(t.Points, 100*Point) }

// Group is the total of the group with the code; ok is false if there is none.
func (t Total) Group(code string) (g GroupTotal, ok bool) {
	for _, g := range t.Groups {
		if g.Code == code {
			return g, true
		}
	}
	return GroupTotal{}, false
}

// Total adds the sheet up. Criteria that do not apply follow the policy inside
// their group. A group in which none applies does the same one level up: it is
// left out, and the other groups are rescaled to the whole sheet. A sheet in
// which nothing applies has a base of 0.
func (s Sheet) Total() Total {
	var t Total
	missing := int64(0)
	for _, g := range s.Groups {
		gt := s.group(g)
		t.Groups = append(t.Groups, gt)
		t.Base += gt.Points
		t.Max += gt.Max
		if gt.NotApplicable {
			missing += gt.Max
		}
	}
	t.Base = rescale(t.Base, t.Max, missing)
	for _, i := range s.Bonus {
		t.Bonus += i.Amount()
	}
	if s.BonusCap > 0 {
		t.Bonus = min(t.Bonus, s.BonusCap)
	}
	for _, i := range s.Deductions {
		t.Deduction += i.Amount()
	}
	t.Points = t.Base + t.Bonus - t.Deduction
	return t
}

func (s Sheet) group(g Group) GroupTotal {
	t := GroupTotal{Code: g.Code, Max: g.Max()}
	missing := int64(0)
	for _, c := range g.Criteria {
		switch {
		case c.applies():
			t.Points += c.Worth()
		case s.Policy == Full:
			t.Points += c.Max
		default:
			missing += c.Max
		}
	}
	t.NotApplicable = missing > 0 && missing == t.Max
	t.Rescaled = missing > 0 && !t.NotApplicable
	t.Points = rescale(t.Points, t.Max, missing)
	return t
}

// rescale lets points out of max − missing stand for all of max.
func rescale(points, max, missing int64) int64 {
	if missing == 0 {
		return points
	}
	if missing == max {
		return 0
	}
	// Sheets hold at most some thousands of tenths, far from overflow.
	top, bottom := 2*points*max+half*(max-missing), 2*half*(max-missing)
	return top / bottom * half
}

// Class is a grade and the total, in tenths, from which it is given.
type Class struct {
	From int64
	Name string
}

// Classify finds the highest class whose threshold the total reaches, in
// whatever order they are listed. ok is false if it reaches none.
func Classify(classes []Class, points int64) (best Class, ok bool) {
	points = min(points, 100*Point)
	for _, c := range classes {
		if points >= c.From && (!ok || c.From > best.From) {
			best, ok = c, true
		}
	}
	return best, ok
}
