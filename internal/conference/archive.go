package conference

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/document"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

// The archive of a conference is one ZIP that opens without the program: a static page,
// the documents in both layouts (and as PDF where LibreOffice is installed), the figures
// as a workbook, photographs, receipts of the ledger with the checkpoint they hang on,
// and the hash of every file.

var archiveTemplate = template.Must(template.New("").Funcs(template.FuncMap{"date": lang.Date, "lines": func(s string) []string {
	return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
}}).Parse(archivePage))

type archiveFile struct{ Name, Words string }

type archivePaper struct{ File, Title, Who, Body string }

type archiveRow struct{ Planned, Real, Title, Presenter string }

// archive is a ZIP under way.
type archive struct {
	z    *zip.Writer
	at   time.Time
	sums strings.Builder
}

func (a *archive) put(name string, data []byte) error {
	out, err := a.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at})
	if err != nil {
		return err
	}
	if _, err := out.Write(data); err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	fmt.Fprintf(&a.sums, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	return nil
}

// WriteArchive writes the archive of a closed conference.
func (s *Service) WriteArchive(ctx context.Context, w io.Writer, v View) error {
	if v.State != Closed {
		return fault.New(fault.Conflict, "conference.archive.early")
	}
	m, err := s.MinutesOf(ctx, v, true)
	if err != nil {
		return err
	}
	tasks, err := s.taskLines(ctx, v)
	if err != nil {
		return err
	}
	// The time of the newest act: the same conference makes the same files.
	at := v.ClosedAt
	signed, err := s.Signings(ctx, v.ID)
	if err != nil {
		return err
	}
	if len(signed) > 0 {
		at = signed[0].At
	}
	a := &archive{z: zip.NewWriter(w), at: at.In(lang.Vietnam)}
	page := map[string]any{"V": v, "M": m, "When": when(v.Starts), "Tasks": tasks, "Made": lang.Moment(s.now())}
	if v.MinutesVersion > 0 {
		page["SignedVersion"] = v.MinutesVersion
	}
	files, err := s.archiveDocuments(ctx, a, v, m, tasks, at)
	if err != nil {
		return err
	}
	page["Files"], page["Rows"] = files, archiveRows(v)
	var papers []archivePaper
	for _, p := range v.Papers {
		if p.State != Accepted {
			continue
		}
		x := archivePaper{File: fmt.Sprintf("tham-luan/%02d.html", len(papers)+1), Title: p.Title, Who: p.Presenter + ", " + v.Name(p.UnitID), Body: p.Body}
		var b bytes.Buffer
		if err := archiveTemplate.ExecuteTemplate(&b, "paper", x); err != nil {
			return err
		}
		if err := a.put(x.File, b.Bytes()); err != nil {
			return err
		}
		papers = append(papers, x)
	}
	page["Papers"] = papers
	if page["Photos"], err = s.archivePhotos(ctx, a, v.ID); err != nil {
		return err
	}
	if page["Receipts"], err = s.archiveReceipts(ctx, a, v); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := archiveTemplate.Execute(&b, page); err != nil {
		return fmt.Errorf("write the archive's page: %w", err)
	}
	if err := a.put("index.html", b.Bytes()); err != nil {
		return err
	}
	if err := a.put("SHA256SUMS", []byte(a.sums.String())); err != nil {
		return err
	}
	return a.z.Close()
}

func (s *Service) archiveDocuments(ctx context.Context, a *archive, v View, m Minutes, tasks []TaskLine, at time.Time) (files []archiveFile, err error) {
	programme, err := v.Programme(at, v.Address())
	if err != nil {
		return nil, err
	}
	docs := []struct {
		name, words string
		doc         document.Document
	}{
		{"bien-ban", "Biên bản", v.MinutesDocument(m)},
		{"thong-bao-ket-luan", "Thông báo kết luận", v.Notice(m.Conclusions, tasks, at)},
		{"chuong-trinh", "Chương trình", programme},
		{"ky-yeu", "Kỷ yếu tham luận", v.Proceedings(at)},
	}
	if len(m.Conclusions) == 0 { // there is nothing to tell
		docs = slices.Delete(docs, 1, 2)
	}
	var forPDF [][]byte
	for _, d := range docs {
		for _, l := range []document.Layout{document.ND30, document.Party05} {
			var b bytes.Buffer
			if err := d.doc.WriteDOCX(&b, l); err != nil {
				return nil, err
			}
			name := d.name + "-" + l.Name + ".docx"
			if err := a.put(name, b.Bytes()); err != nil {
				return nil, err
			}
			words := d.words + " (thể thức Nghị định 30)"
			if l.Name == document.Party05.Name {
				words = d.words + " (thể thức văn bản của Đảng)"
			} else {
				forPDF = append(forPDF, b.Bytes())
			}
			files = append(files, archiveFile{name, words + ", DOCX"})
		}
	}
	if _, converts := document.Converter(); converts {
		pdfs, err := document.AllToPDF(ctx, forPDF)
		if err != nil {
			return nil, err
		}
		for i, d := range docs {
			if err := a.put(d.name+".pdf", pdfs[i]); err != nil {
				return nil, err
			}
			files = append(files, archiveFile{d.name + ".pdf", d.words + ", PDF"})
		}
	}
	var b bytes.Buffer
	if err := v.writeFigures(&b, tasks); err != nil {
		return nil, err
	}
	return append(files, archiveFile{"so-lieu.xlsx", "Số liệu: hiện diện, phát biểu, biểu quyết, nhiệm vụ, XLSX"}), a.put("so-lieu.xlsx", b.Bytes())
}

func archiveRows(v View) (rows []archiveRow) {
	for _, s := range v.Slots {
		row := archiveRow{Planned: clockWords(s.Starts), Title: s.Title, Presenter: s.Presenter}
		for _, r := range v.Runs {
			if r.Item == s.ID && row.Real == "" {
				row.Real = clockWords(r.Start)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (s *Service) archivePhotos(ctx context.Context, a *archive, id string) (photos []archiveFile, err error) {
	all, err := s.Files(ctx, id, RoomName)
	if err != nil {
		return nil, err
	}
	for _, it := range all {
		if !it.Kind.Image() {
			continue
		}
		f, err := s.files.Open(ctx, it.Hash, evidence.Public)
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(f)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, err
		}
		x := archiveFile{fmt.Sprintf("anh/%02d.%s", len(photos)+1, it.Kind), strings.TrimSuffix(it.Name, path.Ext(it.Name))}
		if err := a.put(x.Name, data); err != nil {
			return nil, err
		}
		photos = append(photos, x)
	}
	return photos, nil
}

// archiveReceipts puts the receipts of what was public, and the newest checkpoint.
func (s *Service) archiveReceipts(ctx context.Context, a *archive, v View) (files []archiveFile, err error) {
	events, err := ledger.History(ctx, s.db, v.ID)
	if err != nil {
		return nil, err
	}
	for _, x := range v.Votes {
		more, err := ledger.History(ctx, s.db, x.ID)
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	slices.SortFunc(events, func(x, y ledger.Event) int { return int(x.Index - y.Index) })
	for _, e := range events {
		if !e.Type.Public() || e.Index < 0 {
			continue
		}
		r, err := s.book.ByCode(ctx, e.Code())
		if err != nil {
			return nil, err
		}
		name := "so-cai/" + strings.ReplaceAll(string(e.Type), ".", "-") + "-" + e.Code() + ".tlog-proof"
		if err := a.put(name, []byte(r.String())); err != nil {
			return nil, err
		}
		files = append(files, archiveFile{name, archiveWords[e.Type] + ", " + lang.Moment(e.At) + ", biên nhận " + e.Code()})
	}
	head, err := s.book.Head(ctx)
	if err != nil {
		return nil, err
	}
	return append(files, archiveFile{"so-cai/checkpoint.txt", "Điểm chốt có chữ ký"}), a.put("so-cai/checkpoint.txt", []byte(head.Checkpoint))
}

var archiveWords = map[ledger.Type]string{ledger.ConferencePublished: "Công bố chương trình", ledger.ConferenceOpened: "Khai mạc", ledger.ConferenceClosed: "Bế mạc", ledger.PollTallied: "Kết quả biểu quyết", ledger.MinutesSigned: "Ký biên bản"}

// taskLines are the tasks that the conclusions became.
func (s *Service) taskLines(ctx context.Context, v View) ([]TaskLine, error) {
	var ids []string
	for _, x := range v.Conclusions {
		if x.TaskID != "" {
			ids = append(ids, x.TaskID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	states, err := s.Tasks(ctx, v.ClusterID, ids)
	if err != nil {
		return nil, err
	}
	names := func(units []string) (all []string) {
		if len(units) > 1 && len(units) == len(v.Members) {
			return []string{"Các đơn vị trong cụm"}
		}
		for _, u := range units {
			all = append(all, v.Name(u))
		}
		return all
	}
	var lines []TaskLine
	for _, id := range ids {
		if t, ok := states[id]; ok {
			lines = append(lines, TaskLine{t.Number, t.Title, t.Product, names(t.Leads), names(t.With), t.Due})
		}
	}
	return lines, nil
}
