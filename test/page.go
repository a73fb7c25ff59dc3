package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Page is a tab of a browser in the hands of one person. Its methods act as that
// person does, wait until what they need is there, and end the test when it does
// not come. A selector is CSS, or XPath when it begins with "//", which also finds
// by words: //button[contains(., 'Nộp')].
type Page struct {
	t    testing.TB
	ctx  context.Context
	base *url.URL
	*heard
}

// heard is what a tab has told about itself.
type heard struct {
	mu       sync.Mutex
	base     string
	problems []string
	allowed  []string
	dialogs  []string
}

// Browse opens an empty tab with a profile of its own on a site that runs at base.
func Browse(t testing.TB, base string) *Page {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	chromium, err := startBrowser()
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{t: t, base: u, heard: &heard{base: u.Scheme + "://" + u.Host}}
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	p.ctx = ctx
	t.Cleanup(cancel)
	// The tab lives as long as the context of its first command.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	t.Cleanup(func() {
		_, _ = run(p, chromedp.Evaluate[chromedp.Void]("0")) // what the browser still has to tell comes before the answer
		for _, problem := range p.Problems() {
			t.Error(problem)
		}
	})
	_, err = run(p, call(audits.Enable, cdp.Empty{}))
	p.must("listen to the page", err)
	p.Size(1366, 768)
	return p
}

// For is the same page in a subtest: what goes wrong ends the subtest.
func (p *Page) For(t testing.TB) *Page {
	q := *p
	q.t = t
	return &q
}

// Go opens an address of the site as typed by hand, and returns the status it
// answered with.
func (p *Page) Go(path string) int {
	p.t.Helper()
	r, err := run(p, chromedp.NavigateResponse(p.base.JoinPath("/").ResolveReference(p.parse(path)).String()))
	p.must("go to "+path, err)
	return status(r)
}

// Follow clicks on what leads to another page, a link or a button that sends a
// form, waits until that page is there, and returns its status.
func (p *Page) Follow(sel string) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	r, err := chromedp.RunResponse(ctx, by(sel, chromedp.Click[chromedp.CSS], chromedp.Click[chromedp.Search], chromedp.NodeVisible))
	p.must("follow "+sel, err)
	return status(r)
}

// Click clicks on what changes the page one is on; wait for the change with Wait,
// WaitText or Gone.
func (p *Page) Click(sel string) {
	p.t.Helper()
	_, err := run(p, by(sel, chromedp.Click[chromedp.CSS], chromedp.Click[chromedp.Search], chromedp.NodeVisible))
	p.must("click "+sel, err)
}

// Drag takes one element with the mouse to where another stands, and lets it go there.
func (p *Page) Drag(from, to string) {
	p.t.Helper()
	p.Wait(from)
	p.Wait(to)
	spot := func(css string) [2]float64 {
		return Eval[[2]float64](p, `(r => [r.left + r.width / 2, r.top + r.height / 2])(document.querySelector(`+fmt.Sprintf("%q", css)+`).getBoundingClientRect())`)
	}
	Eval[bool](p, `(document.querySelector(`+fmt.Sprintf("%q", from)+`).scrollIntoView({ block: 'center' }), true)`)
	a, b := spot(from), spot(to)
	mouse := func(kind input.DispatchMouseEventType, at [2]float64) {
		_, err := run(p, call(input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at[0], Y: at[1], Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1}))
		p.must("drag "+from, err)
	}
	mouse(input.DispatchMouseEventTypeMousePressed, a)
	for i := 1; i <= 5; i++ {
		f := float64(i) / 5
		mouse(input.DispatchMouseEventTypeMouseMoved, [2]float64{a[0] + (b[0]-a[0])*f, a[1] + (b[1]-a[1])*f - 4})
	}
	mouse(input.DispatchMouseEventTypeMouseReleased, b)
}

// Focus puts the keyboard's focus on an element.
func (p *Page) Focus(sel string) {
	p.t.Helper()
	_, err := run(p, by(sel, chromedp.Focus[chromedp.CSS], chromedp.Focus[chromedp.Search], chromedp.NodeVisible))
	p.must("focus "+sel, err)
}

// Type puts text in place of what a field holds, as an input method for Vietnamese
// does: whole, and not key by key.
func (p *Page) Type(sel, text string) {
	p.t.Helper()
	p.Focus(sel)
	_, err := run(p, chromedp.Steps(
		command("a", "selectAll"),
		chromedp.KeyEvent("\b"),
		func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
			return chromedp.Void{}, err
		}))
	p.must("type into "+sel, err)
}

// Press strikes keys where the focus is: letters, or those of the package kb such as
// kb.ArrowDown, kb.Enter and kb.Tab, all with the same modifiers held.
func (p *Page) Press(keys string, held ...chromedp.Modifier) {
	p.t.Helper()
	_, err := run(p, chromedp.KeyEvent(keys, chromedp.KeyModifiers(held...)))
	p.must(fmt.Sprintf("press %q", keys), err)
}

// Paste pastes text where the focus is, through the real clipboard: a block of cells
// has tabs between columns and line ends between rows.
func (p *Page) Paste(text string) {
	p.t.Helper()
	clipboard.Lock()
	defer clipboard.Unlock()
	text64, err := json.Marshal(text)
	p.must("paste", err)
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err = chromedp.CallBrowser(p.ctx, browser.SetPermission, browser.SetPermissionParams{Permission: &browser.PermissionDescriptor{Name: name},
			Setting: browser.PermissionSettingGranted, Origin: p.heard.base, BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID})
		p.must("allow the clipboard", err)
	}
	_, err = run(p, chromedp.Evaluate[chromedp.Void]("navigator.clipboard.writeText("+string(text64)+")", chromedp.EvalAwaitPromise))
	p.must("copy", err)
	_, err = run(p, command("v", "paste"))
	p.must("paste", err)
}

// clipboard is one for all pages of the browser.
var clipboard sync.Mutex

// Set gives a field its value and tells the page, for what is chosen and not typed:
// select, date, colour.
func (p *Page) Set(sel, value string) {
	p.t.Helper()
	p.Wait(sel)
	v, err := json.Marshal(value)
	p.must("set "+sel, err)
	got, err := run(p, chromedp.Evaluate[string](`(e => { e.value = `+string(v)+`;
		for (const name of ["input", "change"]) e.dispatchEvent(new Event(name, {bubbles: true}));
		return e.value })(`+find(sel)+`)`))
	p.must("set "+sel, err)
	if got != value {
		p.t.Fatalf("set %s to %q: it takes %q", sel, value, got)
	}
}

// Upload chooses files in a file field.
func (p *Page) Upload(sel string, files ...string) {
	p.t.Helper()
	files = slices.Clone(files)
	for i := range files {
		full, err := filepath.Abs(files[i])
		if err == nil {
			_, err = os.Stat(full)
		}
		p.must("upload", err)
		files[i] = full
	}
	_, err := run(p, by(sel, choose[chromedp.CSS](files), choose[chromedp.Search](files), chromedp.NodeReady))
	p.must("upload into "+sel, err)
}

// Download clicks on a link to a file, and returns the name and the bytes that a
// person finds in the folder of downloads.
func (p *Page) Download(sel string) (name string, data []byte) {
	p.t.Helper()
	folder := p.t.TempDir()
	events := true
	_, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName,
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID, DownloadPath: folder, EventsEnabled: &events})
	p.must("prepare a download", err)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	begun, progress := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin), chromedp.BrowserEvents(ctx, browser.DownloadProgress)
	p.Click(sel)
	guid := ""
	for e, err := range begun {
		p.must("download "+sel, err)
		// Other tabs of the browser may download too; this one's address is ours.
		if strings.HasPrefix(e.URL, p.heard.base+"/") || strings.HasPrefix(e.URL, "blob:"+p.heard.base) {
			guid, name = e.GUID, e.SuggestedFilename
			break
		}
	}
	for e, err := range progress {
		p.must("download "+sel, err)
		if e.GUID == guid && e.State == browser.DownloadProgressStateCanceled {
			p.t.Fatalf("download %s: %s was cancelled", sel, name)
		}
		if e.GUID == guid && e.State == browser.DownloadProgressStateCompleted {
			break
		}
	}
	data, err = os.ReadFile(filepath.Join(folder, guid))
	p.must("download "+sel, err)
	return name, data
}

// Fetch gets an address of the site with the cookies of this person, beside the
// browser: for headers, and for files.
func (p *Page) Fetch(path string) (status int, header http.Header, body []byte) {
	p.t.Helper()
	target := p.base.ResolveReference(p.parse(path)).String()
	cookies, err := run(p, call(network.GetCookies, network.GetCookiesParams{URLs: []string{target}}))
	p.must("read cookies", err)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	p.must("fetch "+path, err)
	for _, c := range cookies.Cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	p.must("fetch "+path, err)
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	p.must("fetch "+path, err)
	return answer.StatusCode, answer.Header, body
}

// Wait waits until an element can be seen.
func (p *Page) Wait(sel string) {
	p.t.Helper()
	_, err := run(p, by(sel, chromedp.WaitVisible[chromedp.CSS], chromedp.WaitVisible[chromedp.Search]))
	p.must("wait for "+sel, err)
}

// Gone waits until no such element can be seen.
func (p *Page) Gone(sel string) {
	p.t.Helper()
	_, err := run(p, chromedp.Poll[chromedp.Void](`(e => !e || !e.checkVisibility())(`+find(sel)+`)`, chromedp.WithPollingInterval(pause), chromedp.WithPollingTimeout(patience)))
	p.must("wait until gone: "+sel, err)
}

// WaitText waits until an element shows text.
func (p *Page) WaitText(sel, text string) {
	p.t.Helper()
	want, err := json.Marshal(text)
	p.must("wait for text", err)
	shown := chromedp.Poll[chromedp.Void](`(`+find(sel)+`?.innerText ?? "").includes(`+string(want)+`)`, chromedp.WithPollingInterval(pause), chromedp.WithPollingTimeout(patience))
	_, err = run(p, shown)
	for end := time.Now().Add(patience); err != nil && time.Now().Before(end); time.Sleep(pause) {
		_, err = run(p, shown) // the page it was asked of has gone for another
	}
	if err != nil {
		p.must(fmt.Sprintf("wait for %q in %s, which shows %q", text, sel, p.Text(sel)), err)
	}
}

// Text is what an element shows.
func (p *Page) Text(sel string) string {
	p.t.Helper()
	got, err := run(p, by(sel, chromedp.Text[chromedp.CSS], chromedp.Text[chromedp.Search], chromedp.NodeReady))
	p.must("read "+sel, err)
	return strings.TrimSpace(got)
}

// Value is what a field holds.
func (p *Page) Value(sel string) string {
	p.t.Helper()
	got, err := run(p, by(sel, chromedp.Value[chromedp.CSS], chromedp.Value[chromedp.Search], chromedp.NodeReady))
	p.must("read "+sel, err)
	return got
}

// Has says whether there is such an element at this moment.
func (p *Page) Has(sel string) bool {
	p.t.Helper()
	return Eval[bool](p, find(sel)+` !== null`)
}

// Count is the number of elements of a CSS selector at this moment.
func (p *Page) Count(css string) int {
	p.t.Helper()
	s, err := json.Marshal(css)
	p.must("count "+css, err)
	return Eval[int](p, `document.querySelectorAll(`+string(s)+`).length`)
}

// Path is the address one is at, without the host.
func (p *Page) Path() string {
	p.t.Helper()
	at, err := run(p, chromedp.Location())
	p.must("read the address", err)
	return strings.TrimPrefix(at, p.heard.base)
}

// Eval is the value of a JavaScript expression in the page; its Content-Security-
// Policy does not reach what is asked from outside.
func Eval[T any](p *Page, js string) T {
	p.t.Helper()
	got, err := run(p, chromedp.Evaluate[T](js))
	p.must("evaluate "+js, err)
	return got
}

// Size makes the window so large. Up to 600 wide it is a phone, with its touch
// screen and its way of scaling pages.
func (p *Page) Size(width, height int) {
	p.t.Helper()
	options := []chromedp.EmulateViewportOption{}
	if width <= 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	_, err := run(p, chromedp.EmulateViewport(int64(width), int64(height), options...))
	p.must("resize the window", err)
}

// Fits fails the test when the page is wider than the window and must be pushed
// sideways to be read.
func (p *Page) Fits() {
	p.t.Helper()
	if over := Eval[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		p.t.Errorf("%s is %d pixels wider than the window", p.Path(), over)
	}
}

// Dark asks for dark colours, or for light ones.
func (p *Page) Dark(dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := run(p, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
	p.must("choose colours", err)
}

// Scripts allows scripts on pages, or forbids them; it holds from the next page on.
// Without scripts Paste, Gone, WaitText and Axe cannot be used.
func (p *Page) Scripts(allowed bool) {
	p.t.Helper()
	_, err := run(p, call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !allowed}))
	p.must("allow or forbid scripts", err)
}

// Offline cuts the page off from the network, or connects it again. What then cannot
// be loaded is no problem of the page.
func (p *Page) Offline(off bool) {
	p.t.Helper()
	p.Allow("ERR_INTERNET_DISCONNECTED")
	_, err := run(p, call(network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}}}))
	p.must("cut or mend the connection", err)
	_, err = run(p, call(network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}))
	p.must("cut or mend the connection", err)
}

// Print is the page as a PDF on A4 as the browser prints it; it is kept as
// name.pdf when SCREENSHOTS is set.
func (p *Page) Print(name string) []byte {
	p.t.Helper()
	pdf, err := run(p, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPreferCSSPageSize()))
	p.must("print", err)
	p.keep(name+".pdf", pdf)
	return pdf
}

// Screenshot keeps a picture of the whole page as name.png when SCREENSHOTS is set.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	if os.Getenv("SCREENSHOTS") == "" {
		return
	}
	png, err := run(p, chromedp.FullScreenshot(100))
	p.must("take a picture", err)
	p.keep(name+".png", png)
}

func (p *Page) keep(name string, data []byte) {
	p.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	if !filepath.IsAbs(folder) { // go test runs in test/, people start it one above
		folder = filepath.Join("..", folder)
	}
	err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, name), data, 0o644))
	p.must("keep "+name, err)
}

// Axe fails the test with what axe-core finds wrong for people with disabilities.
func (p *Page) Axe() {
	p.t.Helper()
	if found := p.Violations(); len(found) > 0 {
		p.t.Errorf("axe on %s: %d rules broken\n%s", p.Path(), len(found), strings.Join(found, "\n"))
	}
}

// Violations is what axe-core finds, one rule each with the elements that break it.
// It runs in a world of its own beside the page, which does not see it.
func (p *Page) Violations() []string {
	p.t.Helper()
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		p.t.Fatalf("axe-core is missing, run script/install: %v", err)
	}
	tree, err := run(p, call(page.GetFrameTree, cdp.Empty{}))
	p.must("run axe", err)
	world, err := run(p, call(page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.Frame.ID, WorldName: "axe"}))
	p.must("run axe", err)
	in := func(r *runtime.EvaluateParams) { r.ContextID = world.ExecutionContextID }
	_, err = run(p, chromedp.Evaluate[chromedp.Void](string(axe)+";0", in))
	p.must("load axe", err)
	found, err := run(p, chromedp.Evaluate[[]struct {
		ID, Impact, Help string
		Nodes            []struct {
			Target         []any
			HTML           string
			FailureSummary string
		}
	}](`axe.run(document, {resultTypes: ["violations"], iframes: false}).then(r => r.violations)`, in, chromedp.EvalAwaitPromise))
	p.must("run axe", err)
	var list []string
	for _, rule := range found {
		text := fmt.Sprintf("  %s (%s): %s", rule.ID, rule.Impact, rule.Help)
		for i, node := range rule.Nodes {
			if i == 5 {
				text += fmt.Sprintf("\n    and %d more", len(rule.Nodes)-i)
				break
			}
			html := node.HTML
			if len(html) > 160 {
				html = html[:160] + "…"
			}
			text += fmt.Sprintf("\n    %v  %s\n      %s", node.Target, html, strings.ReplaceAll(node.FailureSummary, "\n", "\n      "))
		}
		list = append(list, text)
	}
	return list
}

// Problems is what went wrong in the page so far and was not allowed.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, problem := range p.problems {
		if !slices.ContainsFunc(p.allowed, func(part string) bool { return strings.Contains(problem, part) }) {
			list = append(list, problem)
		}
	}
	return list
}

// Allow takes problems that contain a part as expected, before or after they come.
// The console shows each answer of 400 and above: Allow("status of 422").
func (p *Page) Allow(parts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = append(p.allowed, parts...)
}

// Dialogs is what the page asked in boxes of the browser; each was answered with OK.
func (p *Page) Dialogs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.dialogs)
}

// hear notes what the browser tells about the tab. It must not ask anything back.
func (p *Page) hear(event any) {
	problem := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || (u.Scheme+"://"+u.Host != p.heard.base && !slices.Contains([]string{"data", "blob", "about"}, u.Scheme)) {
			problem = fmt.Sprintf("another host was asked by %s: %s", e.DocumentURL, e.Request.URL)
		}
	case *network.EventWebSocketCreated:
		problem = "a web socket was opened: " + e.URL
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			problem = fmt.Sprintf("console of %s: %s", e.Entry.URL, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		text := d.Text
		if d.Exception != nil {
			text += " " + d.Exception.Description
		}
		problem = fmt.Sprintf("exception in %s:%d: %s", d.URL, d.LineNumber+1, text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			problem = "console.error:"
			for _, a := range e.Args {
				problem += " " + strings.Trim(string(a.Value), `"`) + a.Description
			}
		}
	case *audits.EventIssueAdded:
		// The browser tells of each breach here, also on a page without scripts.
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			blocked := d.BlockedURL
			if blocked == "" {
				blocked = "something inline"
			}
			problem = fmt.Sprintf("Content-Security-Policy: %s breaks %s", blocked, d.ViolatedDirective)
			if at := d.SourceCodeLocation; at != nil {
				problem += fmt.Sprintf(" in %s:%d", at.URL, at.LineNumber+1)
			}
		}
	case *page.EventJavascriptDialogOpening:
		p.mu.Lock()
		p.dialogs = append(p.dialogs, e.Message)
		p.mu.Unlock()
		go func() {
			_, _ = chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	}
	if problem != "" {
		p.mu.Lock()
		p.problems = append(p.problems, problem)
		p.mu.Unlock()
	}
}

// must ends the test when a step went wrong, with a picture of the page.
func (p *Page) must(step string, err error) {
	p.t.Helper()
	if err == nil {
		return
	}
	at, _ := run(p, chromedp.Location())
	if png, err := run(p, chromedp.FullScreenshot(100)); err == nil && os.Getenv("SCREENSHOTS") != "" {
		p.keep("failed-"+strings.ReplaceAll(p.t.Name(), "/", "-")+".png", png)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("it did not come within %v", patience)
	}
	p.t.Fatalf("%s, at %s: %v", step, at, err)
}

func (p *Page) parse(path string) *url.URL {
	p.t.Helper()
	u, err := url.Parse(path)
	p.must("read the address "+path, err)
	return u
}

func status(r *network.Response) int {
	if r == nil { // a jump inside the page, or a page from the browser's memory
		return 0
	}
	return int(r.Status)
}

// run does one thing in the tab, for as long as patience lasts.
func run[T any](p *Page, act chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, act)
}

// call is a command of the protocol as an action.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, command, params) }
}

// command strikes Ctrl and a letter, and does what an editor does then.
func command(letter, edit string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Modifiers: 2, Key: letter, Code: "Key" + strings.ToUpper(letter),
			WindowsVirtualKeyCode: int64(strings.ToUpper(letter)[0]), Commands: []string{edit}}
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, key); err != nil {
			return chromedp.Void{}, err
		}
		key.Type, key.Commands = input.DispatchKeyEventTypeKeyUp, nil
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, key)
		return chromedp.Void{}, err
	}
}

// by uses an action with a selector of either kind.
func by[T any](sel string, css func(chromedp.CSS, ...chromedp.QueryOption) chromedp.Action[T], xpath func(chromedp.Search, ...chromedp.QueryOption) chromedp.Action[T], options ...chromedp.QueryOption) chromedp.Action[T] {
	if strings.HasPrefix(sel, "//") {
		return xpath(chromedp.Search(sel), options...)
	}
	return css(chromedp.CSS(sel), options...)
}

// choose is chromedp.SetUploadFiles in the shape that by wants.
func choose[S chromedp.Selectable](files []string) func(S, ...chromedp.QueryOption) chromedp.Action[chromedp.Void] {
	return func(sel S, options ...chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.SetUploadFiles(sel, files, options...)
	}
}

// find is a JavaScript expression for the first element of a selector.
func find(sel string) string {
	s, err := json.Marshal(sel)
	if err != nil {
		panic(err) // a string is always JSON
	}
	if strings.HasPrefix(sel, "//") {
		return `document.evaluate(` + string(s) + `, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue`
	}
	return `document.querySelector(` + string(s) + `)`
}

// shared is the one Chromium of the test binary; each page has a profile of its own
// in it.
var shared struct {
	sync.Mutex
	ctx    context.Context
	cancel func()
}

func startBrowser() (context.Context, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.ctx != nil {
		return shared.ctx, nil
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("the journeys need Chromium, run script/install: %w", err)
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.Flag("headless", "new"), chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("accept-lang", "vi-VN,vi"), chromedp.Flag("no-proxy-server", true),
		// Nothing outside this machine is ever reached, whatever a page asks for.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	shared.ctx, shared.cancel = ctx, func() { cancel(); stop() }
	return ctx, nil
}

func closeBrowser() {
	shared.Lock()
	defer shared.Unlock()
	if shared.ctx != nil {
		shared.cancel()
	}
}

// pause is the time between two looks at a page.
const pause = 50 * time.Millisecond
