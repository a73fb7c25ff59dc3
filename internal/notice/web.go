package notice

import (
	"net/http"

	"dongthuan/internal/fault"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

type pages struct {
	*web.Site
	service *Service
	mails   bool
}

// Serve adds the page of notices. mails says that a mail server is set.
func Serve(site *web.Site, s *Service, mails bool) {
	p := pages{site, s, mails}
	site.Handle(web.Route{Pattern: "GET /viec/thong-bao", Action: policy.Work, Page: p.list})
	site.Handle(web.Route{Pattern: "POST /viec/thong-bao/doc", Action: policy.Work, Write: p.read, Plain: "read marks"})
	site.Handle(web.Route{Pattern: "POST /viec/thong-bao/dia-chi", Action: policy.Work, Write: p.address, Plain: "where one's own notices are mailed"})
}

type listPage struct {
	web.Base
	Err     error
	Notices []Notice
	Fresh   int
	Mails   bool
	Email   string
}

const most = 100

func (p pages) load(r *http.Request) (listPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return listPage{}, err
	}
	if err := policy.May(base.Actor, policy.Work, policy.Object{}); err != nil {
		return listPage{}, err
	}
	page := listPage{Base: base, Err: fault.List(nil), Mails: p.mails}
	if page.Notices, err = p.service.List(r.Context(), base.Actor.Account, most); err != nil {
		return page, err
	}
	if page.Fresh, err = p.service.Unread(r.Context(), base.Actor.Account); err != nil {
		return page, err
	}
	page.Email, err = p.service.Address(r.Context(), base.Actor.Account)
	return page, err
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	page, err := p.load(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "notice/list", page)
}

func (p pages) read(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.load(r)
	if err != nil {
		return web.Outcome{}, err
	}
	return web.Plain("/viec/thong-bao", "notice.done.read"), p.service.Read(r.Context(), page.Actor.Account)
}

func (p pages) address(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.load(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page.Email = r.PostFormValue("email")
	if err := p.service.SetAddress(r.Context(), page.Actor.Account, page.Email, page.Lang); err != nil {
		if fault.KindOf(err) != fault.Invalid {
			return web.Outcome{}, err
		}
		page.Err = err
		return web.Again("notice/list", page, err), nil
	}
	return web.Plain("/viec/thong-bao", "notice.done.address"), nil
}
