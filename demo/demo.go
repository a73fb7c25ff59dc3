// Package demo holds the demonstration data: the fictional city of Hà Thanh, its
// emulation cluster of twelve wards and communes in 2026, and the closed cluster
// of Hanoi's districts of 2019, of which only public facts are kept. It names
// offices and never persons.
//
// The points of the half-year are nowhere in the data: they follow from the
// figures and the criteria, and the test holds them to the published table.
package demo

import "embed"

// Font is Be Vietnam Pro (OFL, see be-vietnam-pro.OFL.txt), for the files that the
// demonstration makes: a PDF or a picture with Vietnamese words needs one.
//
//go:embed be-vietnam-pro.ttf
var Font []byte

// Files are the data:
//
//	cluster.json              units, their lineage, clusters, terms, periods
//	criteria-2026.json        the criteria table and the definitions of all figures
//	figures-2026-6t.json      each unit's figures, bonus, deductions, overrides
//	paragraphs-2026-6t.json   each unit's words for the review report
//	report-ht3-2026-6t.json   the cluster's review report, its numbers as placeholders
//	evidence.json             documents cited, and files to be generated
//	tasks.json                key tasks of the second half-year, and what became of them
//	registration.json         what the units register for the year, and the covenant
//	conference.json           programme, delegates, papers, minutes and conclusions
//	news.json                 articles of the portal, the newest first
//
// Figures are in their own unit (14820 households, 1.85 hectares), points are
// decimal text, dates are YYYY-MM-DD and times RFC 3339.
//
//go:embed *.json
var Files embed.FS
