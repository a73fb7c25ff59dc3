package account

import (
	"crypto/sha1"
	"encoding/base64"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/policy"
	"dongthuan/internal/qr"

	"golang.org/x/text/unicode/norm"
)

// The vectors of RFC 6238, appendix B, for SHA-1.
func TestHOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := hotp(secret, stepAt(time.Unix(at, 0)), 8); got != want {
			t.Errorf("code at %d = %s, want %s", at, got, want)
		}
	}
	if sha1.Size != factorBytes {
		t.Error("a secret is as long as the hash")
	}
}

func TestMatchStep(t *testing.T) {
	secret, at := newSecret(), time.Unix(1_800_000_000, 0)
	now := stepAt(at)
	for _, test := range []struct {
		name  string
		step  int64
		taken int64
		want  bool
	}{
		{"now", now, 0, true},
		{"clock behind", now - 1, 0, true},
		{"clock ahead", now + 1, 0, true},
		{"too old", now - 2, 0, false},
		{"too early", now + 2, 0, false},
		{"used", now, now, false},
		{"older than one used", now - 1, now, false},
		{"next after one used", now + 1, now, true},
	} {
		got, ok := matchStep(secret, hotp(secret, test.step, 6), at, test.taken)
		if ok != test.want || ok && got != test.step {
			t.Errorf("%s: matchStep = %d, %v; want %d, %v", test.name, got, ok, test.step, test.want)
		}
	}
	if _, ok := matchStep(secret, "", at, 0); ok {
		t.Error("the empty code matched")
	}
}

func TestFactorURI(t *testing.T) {
	secret, ok := parseSecret("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP")
	if !ok {
		t.Fatal("parseSecret refused a secret in groups")
	}
	want := "otpauth://totp/%C4%90%E1%BB%93ng%20Thu%E1%BA%ADn:dv01.chuyenvien?issuer=%C4%90%E1%BB%93ng%20Thu%E1%BA%ADn&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	if got := factorURI("Đồng Thuận", "dv01.chuyenvien", secret); got != want {
		t.Errorf("factorURI = %s\nwant %s", got, want)
	}
	for _, bad := range []string{"", "JBSWY3DP", "1BSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", strings.Repeat("JBSWY3DP", 8)} {
		if _, ok := parseSecret(bad); ok {
			t.Errorf("parseSecret took %q", bad)
		}
	}
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		code := newCode(oneTimeSigns)
		if len(code) != 19 || strings.ContainsAny(code, "01OIL") || seen[code] {
			t.Fatalf("newCode = %q", code)
		}
		seen[code] = true
		typed := strings.ToLower(strings.ReplaceAll(code, "-", "  "))
		if got, err := parseCode(typed, oneTimeSigns); err != nil || got != code {
			t.Fatalf("parseCode(%q) = %q, %v", typed, got, err)
		}
	}
	code := newCode(recoverySigns)
	bare := []byte(strings.ReplaceAll(code, "-", ""))
	for i := range bare {
		for _, sign := range []byte(alphabet) {
			if sign == bare[i] {
				continue
			}
			wrong := append([]byte{}, bare...)
			wrong[i] = sign
			if _, err := parseCode(string(wrong), recoverySigns); key(err) != "account.code.mistyped" {
				t.Fatalf("%s typed for %s: %v", wrong, bare, err)
			}
		}
		if i+1 < len(bare) && bare[i] != bare[i+1] {
			wrong := append([]byte{}, bare...)
			wrong[i], wrong[i+1] = wrong[i+1], wrong[i]
			if _, err := parseCode(string(wrong), recoverySigns); key(err) != "account.code.mistyped" {
				t.Fatalf("%s typed for %s: %v", wrong, bare, err)
			}
		}
	}
	for text, want := range map[string]string{"K7QM": "account.code.length", "K7QM-2XWB-94TO": "account.code.sign", "đ": "account.code.sign", "": "account.code.length"} {
		if _, err := parseCode(text, recoverySigns); key(err) != want {
			t.Errorf("parseCode(%q) = %v, want %s", text, err, want)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	const login, office = "dv01.chuyenvien", "Chuyên viên Phường Cầu Mây"
	for _, test := range []struct{ password, want string }{
		{good, ""},
		{norm.NFD.String(good), ""},
		{"correct horse battery", ""},
		{"k8Vw-32xq-Lm9z", ""},
		{"con trâu đi trước cái cày", ""},
		{"839201746592", ""},
		{"ngắn quá", "account.password.short"},
		{strings.Repeat("ế", 11), "account.password.short"},
		{norm.NFD.String(strings.Repeat("ế", 11)), "account.password.short"}, // 33 code points, 11 signs
		{strings.Repeat("aăbc ", 52), "account.password.long"},
		{"aaaaaaaaaaaaaaa", "account.password.common"},
		{"Matkhau@123456", "account.password.common"},
		{"Mật khẩu 2026!!!", "account.password.common"},
		{"dongthuan2026@", "account.password.common"},
		{"danvan@hanoi2026", "account.password.common"},
		{"123456789012", "account.password.common"},
		{"qwertyuiop123", "account.password.common"},
		{"password12345", "account.password.common"},
		{"dv01.chuyenvien", "account.password.common"},
		{"PhuongCauMay2026", "account.password.common"},
		{"Cầu Mây Cầu Mây 1234", "account.password.common"},
		{"chuyenvienphuong", "account.password.common"},
	} {
		if got := key(checkPassword(test.password, login, office)); got != test.want {
			t.Errorf("checkPassword(%q) = %q, want %q", test.password, got, test.want)
		}
	}
}

func TestHash(t *testing.T) {
	k := newHasher(cheap)
	text, err := k.hash(ctx, good)
	if err != nil {
		t.Fatal(err)
	}
	h, err := parseHash(text)
	if err != nil || h.String() != text || h.memory != cheap || h.passes != 1 || h.threads != 1 || len(h.salt) != 16 || len(h.key) != 32 {
		t.Fatalf("parseHash(%q) = %+v, %v", text, h, err)
	}
	if newHasher(0).memory != 47104 {
		t.Error("memory is not that of ASVS 5.0 appendix C")
	}
	check := func(stored, password string, want, wantOld bool) {
		t.Helper()
		right, old, err := k.verify(ctx, stored, password)
		if err != nil || right != want || old != wantOld {
			t.Errorf("verify(%q) = %v, %v, %v; want %v, %v", password, right, old, err, want, wantOld)
		}
	}
	check(text, good, true, false)
	check(text, norm.NFD.String(good), true, false)
	check(text, good+" ", false, false)
	check(text, strings.ToUpper(good), false, false)
	check("", good, false, false)
	check("", "", false, false)
	// Nothing is cut off: passwords equal in their first 72 bytes differ.
	long := strings.Repeat("a b c d ", 9)
	longText, err := k.hash(ctx, long+"x")
	if err != nil {
		t.Fatal(err)
	}
	check(longText, long+"x", true, false)
	check(longText, long+"y", false, false)
	stronger := newHasher(2 * cheap)
	if right, old, err := stronger.verify(ctx, text, good); err != nil || !right || !old {
		t.Errorf("verify with other parameters = %v, %v, %v", right, old, err)
	}
	key := base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	for _, bad := range []string{"$", "$2a$10$abc", "$argon2id$v=18$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + key,
		"$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + key, "$argon2id$v=19$m=64,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + key,
		"$argon2id$v=19$m=64,t=1,p=1$AAAA$" + key, "$argon2id$v=19$m=64,t=1,p=1 $AAAAAAAAAAAAAAAAAAAAAA$" + key} {
		if _, err := parseHash(bad); err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("parseHash(%q) = %v", bad, err)
		}
	}
}

// 200 people at once cost the memory of as many as there are processors; who has
// waited too long is told to come again.
func TestHashMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	k := newHasher(0)
	runtime.GC()
	stop, peak := make(chan struct{}), uint64(0)
	var watch, people sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapSys-m.HeapReleased)
			}
		}
	})
	var mu sync.Mutex
	busy := 0
	for range 200 {
		people.Go(func() {
			_, err := k.hash(ctx, good)
			mu.Lock()
			defer mu.Unlock()
			if fault.KindOf(err) == fault.Busy {
				busy++
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	people.Wait()
	close(stop)
	watch.Wait()
	limit := uint64(47*runtime.NumCPU()+100) << 20
	t.Logf("peak heap %d MiB, limit %d MiB, %d of 200 told to come again", peak>>20, limit>>20, busy)
	if peak > limit {
		t.Errorf("peak heap %d MiB, want at most %d", peak>>20, limit>>20)
	}
}

func TestWait(t *testing.T) {
	for failures, want := range map[int64]time.Duration{0: 0, 4: 0, 5: 5 * time.Second, 6: 10 * time.Second, 7: 20 * time.Second,
		11: 5 * time.Minute, 1000: 5 * time.Minute} {
		if got := perAccount.wait(failures); got != want {
			t.Errorf("wait(%d) = %v, want %v", failures, got, want)
		}
	}
}

func TestBlock(t *testing.T) {
	for in, want := range map[string]string{"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "@": "@"} {
		if got := block(in); got != want {
			t.Errorf("block(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestLogin(t *testing.T) {
	for in, want := range map[string]string{" DV01.Chuyên-Viên ": "dv01.chuyen-vien", norm.NFD.String("Đặng_Xá"): "dang_xa",
		"a'; drop table": "adroptable", strings.Repeat("x", 500): strings.Repeat("x", 101)} {
		if got := Login(in); got != want {
			t.Errorf("Login(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDraftClean(t *testing.T) {
	for _, test := range []struct {
		name  string
		draft Draft
		want  string
	}{
		{"good", Draft{"dv01", "Chuyên viên", []Role{clerkOf("U1")}}, ""},
		{"short login", Draft{"đv", "Chuyên viên", nil}, "account.login.bad"},
		{"dot at the end", Draft{"dv01.", "Chuyên viên", nil}, "account.login.bad"},
		{"no office", Draft{"dv01", " ", nil}, "account.office.missing"},
		{"long office", Draft{"dv01", strings.Repeat("ấ", 121), nil}, "account.office.long"},
		{"unknown role", Draft{"dv01", "Chuyên viên", []Role{{Role: "king", From: today()}}}, "account.role.missing"},
		{"the public", Draft{"dv01", "Chuyên viên", []Role{{Role: policy.Public, From: today()}}}, "account.role.missing"},
		{"no unit", Draft{"dv01", "Chuyên viên", []Role{{Role: policy.Clerk, Cluster: "C3", From: today()}}}, "account.role.unit"},
		{"no cluster", Draft{"dv01", "Chuyên viên", []Role{{Role: policy.Lead, Unit: "U1", From: today()}}}, "account.role.cluster"},
		{"no first day", Draft{"dv01", "Chuyên viên", []Role{{Role: policy.Editor}}}, "account.role.from"},
		{"ends before", Draft{"dv01", "Chuyên viên", []Role{{Role: policy.Editor, From: today(), To: today()}}}, "account.role.to"},
		{"twice", Draft{"dv01", "Chuyên viên", []Role{clerkOf("U1"), clerkOf("U1")}}, "account.role.twice"},
		{"of two units", Draft{"dv01", "Chuyên viên", []Role{clerkOf("U1"), clerkOf("U2")}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := test.draft.Clean(); key(err) != test.want {
				t.Errorf("Clean = %v, want %q", err, test.want)
			}
		})
	}
}

func TestRoleDays(t *testing.T) {
	day := func(n int) time.Time { return today().AddDate(0, 0, n) }
	a := Account{ID: "A", Roles: []Role{
		{Role: policy.Clerk, Unit: "U1", From: day(-10), To: day(0)},
		{Role: policy.Clerk, Unit: "U2", From: day(0)},
		{Role: policy.Editor, From: day(1)},
		{Role: policy.Lead, Cluster: "C3", From: day(0), To: day(0)},
	}}
	for _, test := range []struct {
		at   time.Time
		want string
	}{
		{day(0).Add(-time.Microsecond), "U1"},
		{day(0), "U2"},
		{day(1).Add(-time.Microsecond), "U2"},
		{day(1), "U2 editor"},
	} {
		var got []string
		for _, m := range a.Actor(test.at, false).Holds {
			if m.Unit != "" {
				got = append(got, m.Unit)
			} else {
				got = append(got, string(m.Role))
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("at %v holds %v, want %s", test.at, got, test.want)
		}
	}
}

func TestAgent(t *testing.T) {
	for in, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0": "Edge, Windows",
		"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 coc_coc_browser/120 Chrome/114 Safari/537.36":                         "Cốc Cốc, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Mobile Safari/604.1":               "Safari, iPhone",
		"Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0":                                                "Firefox, Linux",
		"<script>": "–, –", "": "–, –",
	} {
		if got := Agent(in); got != want {
			t.Errorf("Agent(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestQR(t *testing.T) {
	q, err := qr.New("https://thidua.example/dang-nhap?ten=dv01.chuyenvien")
	if err != nil || q.Size < 21+8 || !strings.HasPrefix(q.Path, "M4 4h7v1h-7z") {
		t.Fatalf("NewQR = %d %.30s, %v", q.Size, q.Path, err)
	}
	rows := strings.Split(strings.TrimSuffix(q.Terminal(), "\n"), "\n")
	if len(rows) != (q.Size+1)/2 || len([]rune(rows[0])) != q.Size || strings.Trim(rows[0], "█") != "" {
		t.Errorf("Terminal has %d rows of %d signs, the first %q", len(rows), len([]rune(rows[0])), rows[0])
	}
}
