package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
)

// Stage of a session.
type Stage string

const (
	AtFactor Stage = "factor" // the password was right; a code is still owed
	Full     Stage = "full"
)

const (
	idleFor     = 2 * time.Hour
	absoluteFor = 12 * time.Hour
	factorFor   = 10 * time.Minute
	// factorTries are the codes one password allows.
	factorTries = 5
	// provedFor is how long a password typed stands for the acts that ask who
	// acts: roles, resets, one's own second factor.
	provedFor = 15 * time.Minute
	// seenEvery bounds how often reading a page moves a session's idle clock.
	seenEvery = time.Minute
	// keptSessions of one account; an older one ends when another begins.
	keptSessions = 20
	deviceFor    = 180 * 24 * time.Hour
)

// Session is one browser signed in to one account.
type Session struct {
	ID, AccountID string
	Stage         Stage
	Agent         string // browser and system, coarsely; no address is kept
	Started, Seen time.Time
	Proved        time.Time // when the password was last given
	Ends          time.Time // whatever happens
	token         string    // SHA-256 of the cookie's value, hex
}

// Live reports whether the session still stands at time t.
func (s Session) Live(t time.Time, idle time.Duration) bool {
	return t.Before(s.Ends) && t.Before(s.Seen.Add(idle))
}

// Fresh reports whether the password was given lately.
func (s Session) Fresh(t time.Time) bool { return t.Before(s.Proved.Add(provedFor)) }

// newToken returns 256 random bits as a cookie carries them.
func newToken() string {
	b := make([]byte, 32)
	rand.Read(b) // crypto/rand never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// stored is the form in which a token or the name of a limit is kept.
func stored(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Agent is a User-Agent header as coarsely as its owner needs to know a browser
// again: "Chrome, Windows".
func Agent(header string) string {
	return firstOf(header, [][2]string{{"coc_coc", "Cốc Cốc"}, {"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"},
		{"Firefox", "Firefox"}, {"Chrome", "Chrome"}, {"CriOS", "Chrome"}, {"Safari", "Safari"}}) + ", " +
		firstOf(header, [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"},
			{"CrOS", "ChromeOS"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}})
}

func firstOf(header string, known [][2]string) string {
	for _, k := range known {
		if strings.Contains(header, k[0]) {
			return k[1]
		}
	}
	return "–"
}
