package team

import (
	"bytes"
	"html/template"
	"net/http"
)

// A Page is one of the team's, without the frame around it.
type Page struct {
	// Title stands in the browser's tab.
	Title string
	// Path is the page's place in the navigation: "/review" or "/dashboard"; empty for elsewhere.
	Path string
	// Body is what the page shows, with one heading of the first level: the output of a template.
	Body template.HTML
	// Styles and Scripts are the addresses, on this server, of what the page needs beside the frame's
	// own. Nothing else runs: the Content-Security-Policy allows no style or script within a page.
	Styles, Scripts []string
}

// A frame is a page with what stands around it.
type frame struct {
	Page
	// Places is the navigation, for those who are logged in.
	Places []place
}

type place struct{ Path, Name string }

var (
	toReview    = place{"/review", "Review"}
	toDashboard = place{"/dashboard", "Dashboard"}
)

var templates = template.Must(template.ParseFS(files, "files/*.html"))

// Render writes a page of Config.Dashboard's within the frame of all pages of the team.
func Render(w http.ResponseWriter, status int, page Page) error {
	return write(w, status, frame{page, []place{toReview, toDashboard}})
}

func write(w http.ResponseWriter, status int, f frame) error {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, "layout.html", f); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // The client may have left.
	return nil
}

// show writes a page whose body a template makes of data. Those who are not logged in see no navigation.
func (p *Pages) show(w http.ResponseWriter, status int, loggedIn bool, name string, data any, page Page) {
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, name, data); err != nil {
		panic(err) // Cannot be: templates and data are ours. The answer is an apology.
	}
	page.Body = template.HTML(body.String()) //nolint:gosec // a template escaped what is in it
	f := frame{Page: page}
	if loggedIn {
		f.Places = append(f.Places, toReview)
		if p.Dashboard != nil {
			f.Places = append(f.Places, toDashboard)
		}
	}
	if err := write(w, status, f); err != nil {
		panic(err)
	}
}

// say writes a page that says something.
func (p *Pages) say(w http.ResponseWriter, status int, title, text string) {
	p.show(w, status, false, "say.html", struct{ Title, Text string }{title, text}, Page{Title: title})
}
