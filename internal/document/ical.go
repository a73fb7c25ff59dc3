package document

import (
	"io"
	"iter"
	"strconv"
	"time"

	ics "github.com/arran4/golang-ical"

	"dongthuan/internal/lang"
)

// Event is a day of an iCalendar file (RFC 5545).
type Event struct {
	UID         string // names the event for ever
	Day         time.Time
	Summary     string
	Description string
	URL         string
	Stamp       time.Time // when it was written or changed last
	Remind      int       // days before, 0 for never
}

// WriteICalendar writes events that last a day, under the calendar's name.
func WriteICalendar(w io.Writer, name string, events iter.Seq[Event]) error {
	c := ics.NewCalendarFor("Đồng Thuận")
	c.SetMethod(ics.MethodPublish)
	c.SetName(name)
	c.SetXWRCalName(name)
	c.SetXWRTimezone("Asia/Ho_Chi_Minh")
	for e := range events {
		v := c.AddEvent(e.UID)
		v.SetDtStampTime(e.Stamp)
		day := e.Day.In(lang.Vietnam)
		v.SetAllDayStartAt(day)
		v.SetAllDayEndAt(day.AddDate(0, 0, 1))
		v.SetSummary(e.Summary)
		v.SetTimeTransparency(ics.TransparencyTransparent)
		if e.Description != "" {
			v.SetDescription(e.Description)
		}
		if e.URL != "" {
			v.SetURL(e.URL)
		}
		if e.Remind > 0 {
			a := v.AddAlarm()
			a.SetAction(ics.ActionDisplay)
			a.SetDescription(e.Summary)
			a.SetTrigger("-P" + strconv.Itoa(e.Remind) + "D")
		}
	}
	return c.SerializeTo(w, ics.WithNewLineWindows)
}

// Appointment is a stretch of a day in an iCalendar file, in the zone of Vietnam, which
// is written by its full name and described in the file.
type Appointment struct {
	UID                  string
	Starts, Ends         time.Time
	Summary, Description string
	Place, URL           string
	Stamp                time.Time
	Sequence             int64 // which version of it this is
}

// zone describes Asia/Ho_Chi_Minh: UTC+7 without summer time since 1975.
const zoneName = "Asia/Ho_Chi_Minh"

// WriteAppointments writes appointments under the calendar's name.
func WriteAppointments(w io.Writer, name string, all []Appointment) error {
	c := ics.NewCalendarFor("Đồng Thuận")
	c.SetMethod(ics.MethodPublish)
	c.SetName(name)
	c.SetXWRCalName(name)
	c.SetXWRTimezone(zoneName)
	zone := c.AddTimezone(zoneName)
	standard := zone.AddStandard()
	standard.SetProperty("DTSTART", "19750613T000000")
	standard.SetProperty("TZOFFSETFROM", "+0700")
	standard.SetProperty("TZOFFSETTO", "+0700")
	standard.SetProperty("TZNAME", "+07")
	local := func(t time.Time) string { return t.In(lang.Vietnam).Format("20060102T150405") }
	for _, a := range all {
		v := c.AddEvent(a.UID)
		v.SetDtStampTime(a.Stamp)
		v.SetSequence(int(a.Sequence))
		v.SetProperty(ics.ComponentPropertyDtStart, local(a.Starts), ics.WithTZID(zoneName))
		v.SetProperty(ics.ComponentPropertyDtEnd, local(a.Ends), ics.WithTZID(zoneName))
		v.SetSummary(a.Summary)
		v.SetLocation(a.Place)
		if a.Description != "" {
			v.SetDescription(a.Description)
		}
		if a.URL != "" {
			v.SetURL(a.URL)
		}
	}
	return c.SerializeTo(w, ics.WithNewLineWindows)
}
