package conference

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// rowOf is the letters a seat begins with: "A12" is in row A.
func rowOf(seat string) string { return strings.TrimRight(seat, "0123456789 -.") }

// numberOf is the number a seat ends with.
func numberOf(seat string) int {
	n, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(seat, rowOf(seat)), " -."))
	if err != nil {
		return 0
	}
	return n
}

// sortSeats orders rows by their letters, and the seats of each by their numbers.
func sortSeats(order []string, rows map[string][]Delegate) {
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	for _, row := range order {
		slices.SortStableFunc(rows[row], func(a, b Delegate) int { return cmp.Compare(numberOf(a.Seat), numberOf(b.Seat)) })
	}
}
