package legal

import (
	"math"
	"time"

	"dongthuan/internal/lang"
)

// The Vietnamese lunisolar calendar: months begin on the day of the new moon in
// Vietnam (UTC+7), month 11 holds the winter solstice, and of thirteen months the
// first without a major solar term is the leap one. New moons and the sun's
// longitude are computed after J. Meeus, Astronomical Algorithms, 2nd edition,
// chapters 49 and 25; good to some seconds, and valid for the years 1900 to 2199.

// Tet is the first day of the lunar year that begins in a year of the common
// calendar.
func Tet(year int) time.Time { return lunarDay(year, 1, 1) }

// HungKings is the tenth day of the third lunar month, Giỗ Tổ Hùng Vương.
func HungKings(year int) time.Time { return lunarDay(year, 3, 10) }

// lunarDay is a day of a month that is no leap month, both from 1; month is at
// most 10, which begins in the same year of the common calendar.
func lunarDay(year, month, day int) time.Time {
	first := eleventh(year - 1)
	leap := 13 // months after the eleventh; none
	if months := int(math.Round((newMoon(eleventh(year)) - newMoon(first)) / synodic)); months == 13 {
		for i := 1; i < 13; i++ {
			if sector(newMoonDay(first+i)) == sector(newMoonDay(first+i+1)) {
				leap = i
				break
			}
		}
	}
	at := month + 1 // months after the eleventh
	if at >= leap {
		at++
	}
	return dayOf(newMoonDay(first+at) + day - 1)
}

const synodic = 29.530588861 // days

// eleventh is the number of the new moon that begins month 11 of a year.
func eleventh(year int) int {
	end := julianDay(time.Date(year, 12, 31, 0, 0, 0, 0, lang.Vietnam))
	k := int(math.Floor((float64(end) - 2451550.09766) / synodic))
	for newMoonDay(k+1) <= end {
		k++
	}
	for newMoonDay(k) > end {
		k--
	}
	if sector(newMoonDay(k)) >= 9 { // it begins after the solstice
		k--
	}
	return k
}

// sector is which twelfth of the sun's path a day begins in, 0 at the March
// equinox; a new one begins with each major solar term.
func sector(day int) int {
	return int(math.Floor(sunLongitude(float64(day)-0.5-zoneDays) / 30))
}

const zoneDays = 7.0 / 24

// newMoonDay is the Julian day number of the k-th new moon since 2000 as Vietnam
// dates it.
func newMoonDay(k int) int { return int(math.Floor(newMoon(k) + 0.5 + zoneDays)) }

// newMoon is the moment of the k-th new moon since January 2000, as a Julian date
// of universal time.
func newMoon(k int) float64 {
	n := float64(k)
	t := n / 1236.85
	e := 1 - 0.002516*t - 0.0000074*t*t
	sun := rad(2.5534 + 29.10535670*n - 0.0000014*t*t)
	moon := rad(201.5643 + 385.81693528*n + 0.0107582*t*t)
	f := rad(160.7108 + 390.67050284*n - 0.0016118*t*t)
	node := rad(124.7746 - 1.56375588*n + 0.0020672*t*t)
	jd := 2451550.09766 + synodic*n + 0.00015437*t*t
	for _, c := range []struct{ size, arg float64 }{
		{-0.40720, moon}, {0.17241 * e, sun}, {0.01608, 2 * moon}, {0.01039, 2 * f},
		{0.00739 * e, moon - sun}, {-0.00514 * e, moon + sun}, {0.00208 * e * e, 2 * sun},
		{-0.00111, moon - 2*f}, {-0.00057, moon + 2*f}, {0.00056 * e, 2*moon + sun},
		{-0.00042, 3 * moon}, {0.00042 * e, sun + 2*f}, {0.00038 * e, sun - 2*f},
		{-0.00024 * e, 2*moon - sun}, {-0.00017, node},
	} {
		jd += c.size * math.Sin(c.arg)
	}
	return jd - deltaT(2000+100*t)/86400
}

// sunLongitude is the sun's apparent longitude in degrees, 0 to 360, at a Julian
// date of universal time.
func sunLongitude(jd float64) float64 {
	t := (jd + deltaT(2000+(jd-2451545)/365.25)/86400 - 2451545) / 36525
	mean := rad(357.52911 + 35999.05029*t - 0.0001537*t*t)
	long := 280.46646 + 36000.76983*t + 0.0003032*t*t +
		(1.914602-0.004817*t)*math.Sin(mean) + (0.019993-0.000101*t)*math.Sin(2*mean) + 0.000289*math.Sin(3*mean) -
		0.00569 - 0.00478*math.Sin(rad(125.04-1934.136*t))
	return math.Mod(math.Mod(long, 360)+360, 360)
}

// deltaT is terrestrial less universal time in seconds, roughly: half a minute of
// doubt moves no new moon of these two centuries over midnight that the tests know.
func deltaT(year float64) float64 {
	t := year - 2000
	return 63 + 0.32*t + 0.0056*t*t
}

func rad(degrees float64) float64 { return math.Mod(degrees, 360) * math.Pi / 180 }

// julianDay is the Julian day number of a day.
func julianDay(t time.Time) int {
	y, m, d := t.In(lang.Vietnam).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400) + 2440588
}

func dayOf(julian int) time.Time {
	t := time.Unix(int64(julian-2440588)*86400, 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, lang.Vietnam)
}
