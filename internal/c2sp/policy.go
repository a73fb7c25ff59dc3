package c2sp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Policy says which logs a verifier believes, and whose cosignatures it asks for:
// c2sp.org/tlog-policy.
type Policy struct {
	Logs      []PolicyKey
	Witnesses []PolicyKey
	groups    map[string]group
	quorum    string
}

// PolicyKey is a log or witness of a policy; URL may be empty.
type PolicyKey struct {
	Name string // of a witness within the policy
	Key  PublicKey
	URL  string
}

type group struct {
	need    int
	members []string
}

const maxPolicy = 64 << 10

// ParsePolicy reads a policy.
func ParsePolicy(text string) (Policy, error) {
	p := Policy{groups: map[string]group{}}
	if len(text) > maxPolicy {
		return p, errors.New("policy: too long")
	}
	seen := map[string]bool{"none": true}
	keys := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }) {
			return Policy{}, fmt.Errorf("policy line %d: a control character", i+1)
		}
		f := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if err := p.line(f, seen, keys); err != nil {
			return Policy{}, fmt.Errorf("policy line %d: %w", i+1, err)
		}
	}
	if p.quorum == "" {
		return Policy{}, errors.New("policy: no quorum line")
	}
	return p, nil
}

func (p *Policy) line(f []string, seen, keys map[string]bool) error {
	take := func(text string, witness bool) (PublicKey, error) {
		k, err := ParseKey(text)
		switch {
		case err != nil:
			return k, err
		case k.Witness() != witness:
			return k, fmt.Errorf("%s is a key of the other kind", k.name)
		case keys[string(k.key)]:
			return k, fmt.Errorf("the key of %s stands twice", k.name)
		}
		keys[string(k.key)] = true
		return k, nil
	}
	url := func(at int) string {
		if len(f) > at {
			return f[at]
		}
		return ""
	}
	define := func(name string) error {
		if seen[name] {
			return fmt.Errorf("%s is defined twice", name)
		}
		seen[name] = true
		return nil
	}
	switch {
	case f[0] == "log" && (len(f) == 2 || len(f) == 3):
		k, err := take(f[1], false)
		p.Logs = append(p.Logs, PolicyKey{Key: k, URL: url(2)})
		return err
	case f[0] == "witness" && (len(f) == 3 || len(f) == 4):
		k, err := take(f[2], true)
		p.Witnesses = append(p.Witnesses, PolicyKey{f[1], k, url(3)})
		return errors.Join(err, define(f[1]))
	case f[0] == "group" && len(f) >= 4:
		g := group{members: f[3:]}
		once := map[string]bool{}
		for _, m := range g.members {
			if !seen[m] || m == "none" || once[m] || m == f[1] {
				return fmt.Errorf("%s is not defined before, or stands twice", m)
			}
			once[m] = true
		}
		switch f[2] {
		case "all":
			g.need = len(g.members)
		case "any":
			g.need = 1
		default:
			n, err := number(f[2])
			if err != nil || n < 1 || n > int64(len(g.members)) {
				return fmt.Errorf("%s of %d members", f[2], len(g.members))
			}
			g.need = int(n)
		}
		p.groups[f[1]] = g
		return define(f[1])
	case f[0] == "quorum" && len(f) == 2:
		if p.quorum != "" || !seen[f[1]] {
			return errors.New("a second quorum, or one that is not defined before")
		}
		p.quorum = f[1]
		return nil
	}
	return fmt.Errorf("%q is not a line of a policy", strings.Join(f, " "))
}

// String writes the policy in its format.
func (p Policy) String() string {
	var b strings.Builder
	for _, l := range p.Logs {
		b.WriteString(strings.TrimSpace("log "+l.Key.String()+" "+l.URL) + "\n")
	}
	for _, w := range p.Witnesses {
		b.WriteString(strings.TrimSpace("witness "+w.Name+" "+w.Key.String()+" "+w.URL) + "\n")
	}
	written := map[string]bool{}
	var write func(name string)
	write = func(name string) {
		g, is := p.groups[name]
		if !is || written[name] {
			return
		}
		written[name] = true
		for _, m := range g.members {
			write(m)
		}
		b.WriteString("group " + name + " " + strconv.Itoa(g.need) + " " + strings.Join(g.members, " ") + "\n")
	}
	write(p.quorum)
	b.WriteString("quorum " + p.quorum + "\n")
	return b.String()
}

// For is the policy that believes one log and asks for no witnesses.
func For(log PublicKey, url string) Policy {
	return Policy{Logs: []PolicyKey{{Key: log, URL: url}}, groups: map[string]group{}, quorum: "none"}
}

// Quorum names what the policy asks for: "none", a witness or a group.
func (p Policy) Quorum() string { return p.quorum }

func (p Policy) keys() []PublicKey {
	var all []PublicKey
	for _, l := range p.Logs {
		all = append(all, l.Key)
	}
	for _, w := range p.Witnesses {
		all = append(all, w.Key)
	}
	return all
}

// ErrQuorum says that the log has signed, but not enough witnesses have.
var ErrQuorum = errors.New("not enough witnesses have cosigned the checkpoint")

// Open checks a signed checkpoint: a log of the policy has signed it, every
// signature of a known key holds, and the quorum has cosigned it. Where only the
// quorum is missing the checkpoint is returned with ErrQuorum.
func (p Policy) Open(signed string) (Signed, error) {
	s, err := Open(signed, p.keys()...)
	if err != nil {
		return Signed{}, err
	}
	has := map[string]bool{"none": true}
	for _, c := range s.Witnesses {
		for _, w := range p.Witnesses {
			if w.Key.String() == c.Key.String() {
				has[w.Name] = true
			}
		}
	}
	if !p.met(p.quorum, has) {
		return s, ErrQuorum
	}
	return s, nil
}

func (p Policy) met(name string, has map[string]bool) bool {
	g, is := p.groups[name]
	if !is {
		return has[name]
	}
	n := 0
	for _, m := range g.members {
		if p.met(m, has) {
			n++
		}
	}
	return n >= g.need
}
