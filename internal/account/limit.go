package account

import (
	"net/netip"
	"time"
)

// A limit makes wrong tries wait, longer each time, and forgets them. Nothing is
// ever locked: who knows the password gets in after the wait, and at once from a
// browser that has signed in to the account before.
type limit struct {
	free   int64         // tries before the first wait
	first  time.Duration // the first wait; each one after it is twice as long
	most   time.Duration
	forget time.Duration // without a try for so long, all is forgotten
}

var (
	perAccount = limit{free: 5, first: 5 * time.Second, most: 5 * time.Minute, forget: time.Hour}
	perDevice  = perAccount
	// perSource stops one password tried on many accounts. Whole offices sit
	// behind one address, so it begins later.
	perSource = limit{free: 30, first: 2 * time.Second, most: 2 * time.Minute, forget: 15 * time.Minute}
)

// wait is how long after the failures the next try must wait.
func (l limit) wait(failures int64) time.Duration {
	over := failures - l.free
	if over < 0 {
		return 0
	}
	if over > 20 {
		return l.most
	}
	return min(l.first<<over, l.most)
}

// keptAttempts is how long a try is remembered at all.
const keptAttempts = 24 * time.Hour

// counter is one thing tries are counted by.
type counter struct {
	key string
	limit
}

// Keys are hashed: the table of tries names neither logins nor addresses.
func byLogin(login string) counter   { return counter{stored("login " + login), perAccount} }
func byDevice(device string) counter { return counter{stored("device " + device), perDevice} }
func byFactor(id string) counter     { return counter{stored("factor " + id), perAccount} }
func byOwner(id string) counter      { return counter{stored("owner " + id), perAccount} }
func bySource(source string) counter { return counter{stored("source " + block(source)), perSource} }

// block is what one household or office holds of the address space: an IPv4
// address, or the first 64 bits of an IPv6 one.
func block(source string) string {
	a, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	a = a.Unmap()
	if a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return source
	}
	return p.String()
}
