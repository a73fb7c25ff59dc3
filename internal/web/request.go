package web

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"html/template"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
)

// Every form carries a key of its own, new with each page, and scripts send one in
// the header Idempotency-Key: sent twice, a request is done once and answered the
// same. keyField is the form's field; it comes first, so that it is known before
// the files of an upload have been read.
const (
	keyField  = "_key"
	keyHeader = "Idempotency-Key"
)

// key is the hidden field of a form.
func key() template.HTML {
	return template.HTML(`<input type="hidden" name="` + keyField + `" value="` + rand.Text() + `">`)
}

// request reads a write's key; nil where it has none.
func (s *Site) request(r *http.Request) (*ledger.Request, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	k := r.Header.Get(keyHeader)
	var print func() string
	switch kind {
	case "multipart/form-data":
		in := bufio.NewReaderSize(r.Body, 4<<10)
		inForm := peekKey(in)
		if k == "" {
			k = inForm
		}
		sum := &fingerprint{sum: sha256.New(), skip: [][]byte{[]byte(params["boundary"]), []byte(inForm)}}
		body := r.Body
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(in, sum), body}
		rest := r.Body
		print = func() string {
			if _, err := io.Copy(io.Discard, rest); err != nil {
				return "" // cut off: the handler has failed, or will
			}
			return sum.text()
		}
	default:
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		if k == "" {
			k = r.PostForm.Get(keyField)
		}
		sent := url.Values{}
		for name, v := range r.PostForm {
			if name != keyField {
				sent[name] = v
			}
		}
		print = func() string {
			sum := sha256.Sum256([]byte(sent.Encode()))
			return hex.EncodeToString(sum[:])
		}
	}
	if k == "" || len(k) > 100 {
		return nil, nil
	}
	actor, err := s.Settings.Actor(r)
	if err != nil {
		return nil, err
	}
	where := r.Method + " " + r.URL.Path + " "
	return &ledger.Request{Actor: actor.Account, Key: k, Fingerprint: func() string { return where + print() }}, nil
}

// peekKey finds the key in the first part of a multipart body, without taking it
// from its reader.
func peekKey(in *bufio.Reader) string {
	head, _ := in.Peek(512) // shorter bodies are peeked whole
	_, rest, ok := bytes.Cut(head, []byte(`name="`+keyField+`"`+"\r\n\r\n"))
	k, _, ended := bytes.Cut(rest, []byte("\r\n"))
	if !ok || !ended {
		return ""
	}
	return string(k)
}

// fingerprint hashes a body without what differs each time it is sent: the
// boundary between its parts and the key.
type fingerprint struct {
	sum  hash.Hash
	skip [][]byte
	tail []byte
}

func (f *fingerprint) Write(p []byte) (int, error) {
	f.tail = append(f.tail, p...)
	for {
		at, token := -1, []byte(nil)
		longest := 1
		for _, t := range f.skip {
			longest = max(longest, len(t))
			if i := bytes.Index(f.tail, t); len(t) > 0 && i >= 0 && (at < 0 || i < at) {
				at, token = i, t
			}
		}
		if at < 0 {
			if n := len(f.tail) - longest + 1; n > 0 {
				f.sum.Write(f.tail[:n])
				f.tail = append(f.tail[:0], f.tail[n:]...)
			}
			return len(p), nil
		}
		f.sum.Write(f.tail[:at])
		f.tail = append(f.tail[:0], f.tail[at+len(token):]...)
	}
}

func (f *fingerprint) text() string {
	f.sum.Write(f.tail)
	f.tail = nil
	return hex.EncodeToString(f.sum.Sum(nil))
}

// write runs a writing route. Success without an acknowledgement is our mistake,
// and is answered as one: nothing is called saved that the ledger does not hold.
func (s *Site) write(w http.ResponseWriter, r *http.Request, route Route) error {
	var request *ledger.Request
	if s.Book != nil && route.Plain == "" && !route.Sealed {
		var err error
		if request, err = s.request(r); err != nil {
			return err
		}
	}
	if request == nil {
		out, err := route.Write(w, r)
		if err != nil {
			return err
		}
		_, err = s.answer(w, r, route, out)
		return err
	}
	if done, err := s.Book.Done(r.Context(), request); done != nil || err != nil {
		return s.again(w, r, done, err)
	}
	r = r.WithContext(ledger.WithRequest(r.Context(), request))
	out, err := route.Write(w, r)
	var done *ledger.Replayed
	if errors.As(err, &done) || errors.As(out.err, &done) {
		return s.again(w, r, done, nil)
	}
	if !out.ack.Recorded() {
		// It may have been refused because the same request, sent twice at once, was
		// done meanwhile.
		if done, doneErr := s.Book.Done(r.Context(), request); done != nil || doneErr != nil {
			return s.again(w, r, done, doneErr)
		}
	}
	if err != nil {
		return err
	}
	answered, err := s.answer(w, r, route, out)
	if answered != "" {
		s.Book.Answered(request, answered)
	}
	return err
}

// again answers a request that was done before as it was answered then, or by its
// receipt where that answer was lost or may be shown once only.
func (s *Site) again(w http.ResponseWriter, r *http.Request, done *ledger.Replayed, err error) error {
	if err != nil {
		return err
	}
	receipt := done.Ack.Receipt()
	w.Header().Set("Receipt", receipt)
	if data, ok := strings.CutPrefix(done.Answer, "json:"); ok {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, err := io.WriteString(w, data)
		return err
	}
	to, ok := strings.CutPrefix(done.Answer, "to:")
	if !ok {
		to = "/r/" + receipt
	}
	if strings.HasPrefix(r.Header.Get("Accept"), "application/json") && !ok {
		return s.JSON(w, http.StatusOK, map[string]any{"receipt": receipt, "replayed": true, "to": to})
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// answer answers a write, and returns how, for the next time it is sent; "" for
// what is not shown again.
func (s *Site) answer(w http.ResponseWriter, r *http.Request, route Route, out Outcome) (string, error) {
	if out.once && !out.ack.Recorded() {
		return "", fmt.Errorf("%s wants to answer a write that is not recorded", route.Pattern)
	}
	receipt := out.ack.Receipt()
	if receipt != "" {
		w.Header().Set("Receipt", receipt)
	}
	if out.page != "" {
		code := http.StatusOK
		if out.err != nil {
			code = status[fault.KindOf(out.err)]
			if code == http.StatusInternalServerError {
				return "", out.err
			}
		}
		return "", s.render(w, r, code, out.page, withReceipt(out.data, receipt))
	}
	if out.code != 0 {
		return "", s.JSON(w, out.code, out.data)
	}
	if receipt == "" && !(out.plain && route.Plain != "") {
		return "", fmt.Errorf("%s wants to answer a write that is not recorded", route.Pattern)
	}
	if out.data != nil {
		text, err := receiptJSON(out.data, receipt)
		if err != nil {
			return "", err
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, err = w.Write(text)
		return "json:" + string(text), err
	}
	to := out.to
	if receipt != "" && strings.Contains(to, "xong=") {
		to = withQuery(to, "ma", receipt)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return "to:" + to, nil
}

// receiptJSON adds the receipt to an answer that is a JSON object.
func receiptJSON(data any, receipt string) ([]byte, error) {
	text, err := json.Marshal(data)
	if err != nil || receipt == "" || len(text) < 2 || text[0] != '{' {
		return text, err
	}
	code, err := json.Marshal(receipt)
	if err != nil {
		return nil, err
	}
	sep := ","
	if len(text) == 2 {
		sep = ""
	}
	return append(append([]byte(`{"receipt":`), code...), append([]byte(sep), text[1:]...)...), nil
}

// withReceipt sets the receipt in a page's data, which embeds Base.
func withReceipt(data any, receipt string) any {
	v := reflect.ValueOf(data)
	if receipt == "" || v.Kind() != reflect.Struct {
		return data
	}
	own := reflect.New(v.Type()).Elem()
	own.Set(v)
	if f := own.FieldByName("Receipt"); f.IsValid() && f.CanSet() && f.Kind() == reflect.String {
		f.SetString(receipt)
	}
	return own.Interface()
}

func withQuery(to, name, value string) string {
	anchor := ""
	if i := strings.IndexByte(to, '#'); i >= 0 {
		to, anchor = to[:i], to[i:]
	}
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return to + sep + name + "=" + url.QueryEscape(value) + anchor
}
