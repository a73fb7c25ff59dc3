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
