package ledger

// Type says what happened. The list is closed: a monitor knows what to expect of
// each type, and a word not in it is refused.
type Type string

const (
	AccountCreated  Type = "account.created"
	AccountChanged  Type = "account.changed"
	AccountDisabled Type = "account.disabled"
	RoleGranted     Type = "role.granted"
	RoleRevoked     Type = "role.revoked"

	UnitRegistered Type = "unit.registered"
	UnitChanged    Type = "unit.changed"
	UnitImported   Type = "unit.imported"

	ClusterCreated Type = "cluster.created"
	ClusterChanged Type = "cluster.changed"

	PeriodOpened  Type = "period.opened"
	PeriodChanged Type = "period.changed"
	PeriodFrozen  Type = "period.frozen"

	CriteriaDrafted   Type = "criteria.drafted"
	CriteriaPublished Type = "criteria.published"

	IndicatorDefined Type = "indicator.defined"

	FigureReported  Type = "figure.reported"
	FigurePublished Type = "figure.published"
	ScoreComputed   Type = "score.computed"
	SheetOpened     Type = "sheet.opened"
	SheetChanged    Type = "sheet.changed"
	SheetSubmitted  Type = "sheet.submitted"
	SheetReturned   Type = "sheet.returned"
	SheetVerified   Type = "sheet.verified"
	SheetMarked     Type = "sheet.marked"

	EvidenceAdded     Type = "evidence.added"
	EvidenceWithdrawn Type = "evidence.withdrawn"

	ScoreAppealed Type = "score.appealed"
	AppealDecided Type = "appeal.decided"

	RankingPublished Type = "ranking.published"

	CrossDrawn  Type = "cross.drawn"
	CrossHanded Type = "cross.handed"
	CrossClosed Type = "cross.closed"
	ChainSet    Type = "chain.set"

	TargetsCalled  Type = "targets.called"
	TargetsSent    Type = "targets.sent"
	TargetsDecided Type = "targets.decided"
	PledgeDrafted  Type = "pledge.drafted"
	PledgeSigned   Type = "pledge.signed"

	CommendationOpened  Type = "commendation.opened"
	CommendationChanged Type = "commendation.changed"
	CommendationBallot  Type = "commendation.ballot"
	CommendationDecided Type = "commendation.decided"

	ReportDrafted   Type = "report.drafted"
	ReportChanged   Type = "report.changed"
	ReportPublished Type = "report.published"

	NewsDrafted   Type = "news.drafted"
	NewsChanged   Type = "news.changed"
	NewsPublished Type = "news.published"
	NewsCorrected Type = "news.corrected"
	NewsRetracted Type = "news.retracted"

	TaskSet     Type = "task.set"
	TaskChanged Type = "task.changed"
	TaskDone    Type = "task.done"

	ConferenceCreated   Type = "conference.created"
	ConferenceChanged   Type = "conference.changed"
	ConferencePublished Type = "conference.published" // a version of the programme
	ConferenceOpened    Type = "conference.opened"
	ConferenceClosed    Type = "conference.closed"
	ItemBegun           Type = "conference.item"
	DelegateInvited     Type = "delegate.invited"
	DelegateChanged     Type = "delegate.changed"
	DelegateAnswered    Type = "delegate.answered"
	PresenceRecorded    Type = "presence.recorded"
	PaperAsked          Type = "paper.asked"
	PaperHanded         Type = "paper.handed"
	PaperDecided        Type = "paper.decided"
	SpeechAsked         Type = "speech.asked"
	SpeechChanged       Type = "speech.changed"
	PollDefined         Type = "poll.defined"
	BallotCast          Type = "ballot.cast"
	PollTallied         Type = "poll.tallied"
	PollCancelled       Type = "poll.cancelled"
	MinutesChanged      Type = "minutes.changed"
	MinutesSigned       Type = "minutes.signed"
	ConclusionSet       Type = "conclusion.set"
	FeedbackGiven       Type = "feedback.given"

	CalendarChanged Type = "calendar.changed"
	RuleChanged     Type = "rule.changed"

	// Heartbeat makes silence visible; the rest say what happened to the ledger.
	Heartbeat        Type = "ledger.heartbeat"
	DataErased       Type = "data.erased"
	IncidentDeclared Type = "incident.declared"
)

var kinds = map[Type]bool{
	AccountCreated: true, AccountChanged: true, AccountDisabled: true, RoleGranted: true, RoleRevoked: true,
	UnitRegistered: true, UnitChanged: true, UnitImported: true,
	ClusterCreated: true, ClusterChanged: true,
	PeriodOpened: true, PeriodChanged: true, PeriodFrozen: true,
	CriteriaDrafted: true, CriteriaPublished: true, IndicatorDefined: true,
	FigureReported: true, FigurePublished: true, ScoreComputed: true,
	SheetOpened: true, SheetChanged: true, SheetSubmitted: true, SheetReturned: true, SheetVerified: true, SheetMarked: true,
	EvidenceAdded: true, EvidenceWithdrawn: true,
	ScoreAppealed: true, AppealDecided: true,
	RankingPublished: true,
	CrossDrawn:       true, CrossHanded: true, CrossClosed: true, ChainSet: true,
	TargetsCalled: true, TargetsSent: true, TargetsDecided: true, PledgeDrafted: true, PledgeSigned: true,
	CommendationOpened: true, CommendationChanged: true, CommendationBallot: true, CommendationDecided: true,
	ReportDrafted: true, ReportChanged: true, ReportPublished: true,
	NewsDrafted: true, NewsChanged: true, NewsPublished: true, NewsCorrected: true, NewsRetracted: true,
	TaskSet: true, TaskChanged: true, TaskDone: true,
	ConferenceCreated: true, ConferenceChanged: true, ConferencePublished: true, ConferenceOpened: true, ConferenceClosed: true, ItemBegun: true,
	DelegateInvited: true, DelegateChanged: true, DelegateAnswered: true, PresenceRecorded: true,
	PaperAsked: true, PaperHanded: true, PaperDecided: true,
	SpeechAsked: true, SpeechChanged: true, PollDefined: true, BallotCast: true, PollTallied: true, PollCancelled: true,
	MinutesChanged: true, MinutesSigned: true, ConclusionSet: true, FeedbackGiven: true,
	CalendarChanged: true, RuleChanged: true,
	Heartbeat: true, DataErased: true, IncidentDeclared: true,
}

// public are the types whose payload everybody may read: what was published, and
// what the ledger says of itself. A receipt of theirs is opened.
var public = map[Type]bool{
	UnitRegistered: true, UnitChanged: true, UnitImported: true,
	ClusterCreated: true, ClusterChanged: true,
	PeriodOpened: true, PeriodChanged: true, PeriodFrozen: true,
	CriteriaPublished: true, IndicatorDefined: true,
	CrossDrawn: true, CrossClosed: true, ChainSet: true, PledgeSigned: true, CommendationDecided: true,
	FigurePublished: true, RankingPublished: true, ReportPublished: true,
	NewsPublished: true, NewsCorrected: true, NewsRetracted: true,
	ConferencePublished: true, ConferenceOpened: true, ConferenceClosed: true, PollTallied: true, MinutesSigned: true,
	CalendarChanged: true, RuleChanged: true,
	Heartbeat: true, DataErased: true, IncidentDeclared: true,
}

// Public reports whether everybody may read what a leaf of this type says.
func (t Type) Public() bool { return public[t] }
