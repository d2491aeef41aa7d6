// Extensions, <https://hl7.org/fhir/R4/extensibility.html>: facts of intermediate care for which neither R4 nor UK Core has an element.

// A part of a complex extension: there is no part without its value.
RuleSet: Part(path, type)
* {path}.value[x] 1..1
* {path}.value[x] only {type}

Extension: ICDischarge
Id: ic-discharge
Title: "Discharge"
Description: "Everything about leaving hospital. The history of criteria-to-reside decisions is kept, because the discharge-ready date is the start of the last run of decisions without criteria and moves when the person becomes unwell again."
Context: ServiceRequest
* obeys hf-delay-1
* extension contains
    criteriaToReside 0..* MS and
    dischargeReadyDate 0..1 MS and
    plannedDischarge 0..1 MS and
    plannedDischargeConfirmed 0..1 MS and
    actualDischarge 0..1 MS and
    dischargeMethod 0..1 MS and
    destination 0..1 MS and
    recommendedPathway 0..1 MS and
    actualPathway 0..1 MS and
    delay 0..* MS and
    expectedWithoutScheme 0..1 and
    acceptanceOverride 0..1 and
    state 0..1 MS
* extension[criteriaToReside] ^short = "One decision, added and never changed: does the person need to be in hospital"
* extension[criteriaToReside].extension contains
    meets 1..1 and
    asserted 1..1 and
    criterion 0..* and
    by 0..1
* extension[criteriaToReside] obeys hf-criteria-1 and hf-criteria-2
* insert Part(extension[criteriaToReside].extension[meets], boolean)
* extension[criteriaToReside].extension[meets] ^short = "true: there is a reason to reside"
* insert Part(extension[criteriaToReside].extension[asserted], dateTime)
* extension[criteriaToReside].extension[asserted] ^short = "When it was decided, not when it was recorded"
* insert Part(extension[criteriaToReside].extension[criterion], CodeableConcept)
* extension[criteriaToReside].extension[criterion].value[x] from ic-criterion (required)
* extension[criteriaToReside].extension[criterion] ^short = "Which criteria are met"
* extension[criteriaToReside].extension[by].value[x] 1..1
* extension[criteriaToReside].extension[by].value[x] only Reference(Practitioner or PractitionerRole or Organization)
* extension[criteriaToReside].extension[by] ^short = "Who decided"
* insert Part(extension[dischargeReadyDate], date)
* extension[dischargeReadyDate] ^short = "Since when the person no longer needs the hospital: derived by the server, read-only"
* insert Part(extension[plannedDischarge], dateTime)
* extension[plannedDischarge] ^short = "When the person is to leave"
* insert Part(extension[plannedDischargeConfirmed], boolean)
* extension[plannedDischargeConfirmed] ^short = "true: teams may count on it"
* insert Part(extension[actualDischarge], dateTime)
* extension[actualDischarge] ^short = "When the person left"
* insert Part(extension[dischargeMethod], code)
* extension[dischargeMethod].value[x] from ic-discharge-method (required)
* extension[dischargeMethod] ^short = "By advice, by own will, by a tribunal, died"
* insert Part(extension[destination], CodeableConcept)
* extension[destination].value[x] from ic-discharge-destination (extensible)
* extension[destination] ^short = "Where to, as in the national returns"
* insert Part(extension[recommendedPathway], code)
* extension[recommendedPathway].value[x] from ic-pathway (required)
* extension[recommendedPathway] ^short = "The pathway that would be best for the person"
* insert Part(extension[actualPathway], code)
* extension[actualPathway].value[x] from ic-pathway (required)
* extension[actualPathway] ^short = "The pathway that could be given: both are kept, their difference is reported"
* extension[delay] ^short = "One reason for one stretch of delay"
* extension[delay].extension contains
    reason 1..1 and
    family 0..1 and
    from 0..1 and
    to 0..1 and
    agency 0..1
* extension[delay] obeys hf-delay-2
* insert Part(extension[delay].extension[reason], CodeableConcept)
* extension[delay].extension[reason].value[x] from ic-delay-reason (extensible)
* insert Part(extension[delay].extension[family], code)
* extension[delay].extension[family].value[x] from ic-delay-family (required)
* insert Part(extension[delay].extension[from], date)
* insert Part(extension[delay].extension[to], date)
* insert Part(extension[delay].extension[agency], code)
* extension[delay].extension[agency].value[x] from ic-delay-agency (required)
* extension[delay].extension[agency] ^short = "Who is to resolve it: NHS, council or both"
* insert Part(extension[expectedWithoutScheme], date)
* extension[expectedWithoutScheme] ^short = "When the person would have left without the home-first scheme: the baseline of nights avoided"
* insert Part(extension[acceptanceOverride], string)
* extension[acceptanceOverride] ^short = "Why the person may leave although a team that was asked has not accepted (IC-DIS-04)"
* insert Part(extension[state], code)
* extension[state].value[x] from ic-discharge-state (required)
* extension[state] ^short = "Derived by the server, read-only"

Invariant: hf-delay-1
Description: "A delay does not end before it begins: correct from or to, or leave to out while it lasts."
Severity: #error
Expression: "extension('delay').where(extension('to').value < extension('from').value).empty()"

// The codes of before May 2024 begin with `legacy.` and belong to no family.
Invariant: hf-delay-2
Description: "The family of a delay is that of its reason: a reason of ic-delay-reason begins with the code of its family. Send that family, or leave it out."
Severity: #error
Expression: "extension('family').exists() implies extension('reason').value.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-delay-reason' and code.startsWith('legacy.').not()).code.all($this.substring(0, $this.indexOf('.')) = %context.extension('family').value)"

// A decision is not lost because its criterion was not recorded: so this is no error.
Invariant: hf-criteria-1
Description: "A decision that the person meets the criteria to reside says which: send criterion with a code of ic-criterion, c01 to c11."
Severity: #warning
Expression: "extension('meets').value = true implies extension('criterion').exists()"

Invariant: hf-criteria-2
Description: "A decision that the person does not meet the criteria to reside names no criterion that is met: any one is a reason to stay. Leave criterion out, or send meets as true."
Severity: #error
Expression: "extension('meets').value = false implies extension('criterion').empty()"

Extension: ICClockStart
Id: ic-clock-start
Title: "Clock start"
Description: "When the service or its single point of access received the call: the start of the two-hour standard. A redirect or a transfer never moves it."
Context: ServiceRequest
* obeys hf-clock-1
* value[x] 1..1
* value[x] only dateTime

Invariant: hf-clock-1
Description: "A clock starts at a time of day, because of a whole day nobody can tell when two hours are over: send a dateTime with hours, minutes, seconds and time zone."
Severity: #error
Expression: "value.toString().contains('T')"

Extension: ICClock
Id: ic-clock
Title: "Clock"
Description: "One clock of a Task, written by the server alone, so that every partner sees the same due time."
Context: Task
* extension contains
    kind 1..1 and
    start 1..1 and
    due 0..1 and
    stop 0..1 and
    status 1..1 and
    reason 0..1
* insert Part(extension[kind], code)
* extension[kind].value[x] from ic-clock-kind (required)
* insert Part(extension[start], dateTime)
* insert Part(extension[due], dateTime)
* insert Part(extension[stop], dateTime)
* insert Part(extension[status], code)
* extension[status].value[x] from ic-clock-status (required)
* insert Part(extension[reason], CodeableConcept)
* extension[reason].value[x] from ic-status-reason (extensible)
* extension[reason] ^short = "Why it was excluded or cancelled"

Extension: ICHold
Id: ic-hold
Title: "Hold"
Description: "That a Task is on hold because its referral or its discharge plan is, and where it goes on afterwards. Written by the server alone; a Task that its team itself holds has none."
Context: Task
* extension contains
    from 1..1 and
    by 1..1
* insert Part(extension[from], code)
* extension[from].value[x] from http://hl7.org/fhir/ValueSet/task-status (required)
* extension[from] ^short = "The status before, in which the Task goes on"
* extension[by].value[x] 1..1
* extension[by].value[x] only Reference(ServiceRequest)
* extension[by] ^short = "The referral or discharge plan that holds it: only that one lets it go on"

Extension: ICTask
Id: ic-task
Title: "Task of the episode"
Description: "The fulfilment Task of the team whose episode it is: a referral may have had several Tasks, and moves of this one move the episode. Set by the server when it makes the episode."
Context: EpisodeOfCare
* value[x] 1..1
* value[x] only Reference(Task)

Extension: ICPlaceOfCare
Id: ic-place-of-care
Title: "Place of care"
Description: "The kind of place where the person is cared for."
Context: ServiceRequest, EpisodeOfCare
* value[x] 1..1
* value[x] only code
* value[x] from ic-place-of-care (required)

Extension: ICEntryRoute
Id: ic-entry-route
Title: "Entry route"
Description: "Whether the person came from home (step-up) or from hospital (step-down)."
Context: ServiceRequest, EpisodeOfCare
* value[x] 1..1
* value[x] only code
* value[x] from ic-entry-route (required)

Extension: ICExpectedEnd
Id: ic-expected-end
Title: "Expected end"
Description: "The day on which the episode is expected to end."
Context: EpisodeOfCare
* value[x] 1..1
* value[x] only date

Extension: ICOutcome
Id: ic-outcome
Title: "Outcome of the episode"
Description: "How the episode ended, in codes that the national outcome measures can count. Where those have no word for the reason of a Task or referral that ended early, the code is ended-other-reason and the reason stands beside it in the same concept."
Context: EpisodeOfCare
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from ic-episode-outcome (required)

Extension: ICWeeklyCareHours
Id: ic-weekly-care-hours
Title: "Weekly care hours"
Description: "Hours of care at home a week, as set on a day."
Context: CarePlan
* obeys hf-hours-1
* extension contains
    date 1..1 and
    hours 1..1 and
    kind 0..1
* insert Part(extension[date], date)
* insert Part(extension[hours], decimal)
* insert Part(extension[kind], code)
* extension[kind].value[x] from ic-care-hours-kind (required)

Invariant: hf-hours-1
Description: "Hours of care a week are from 0 to 168, the hours that a week has. Send the hours of one week."
Severity: #error
Expression: "extension('hours').value.all($this >= 0 and $this <= 168)"

Extension: ICBed
Id: ic-bed
Title: "Bed"
Description: "The bed the person has during the episode."
Context: EpisodeOfCare
* value[x] 1..1
* value[x] only Reference(Location)

Extension: ICRedirect
Id: ic-redirect
Title: "Redirect"
Description: "A referral or Task handed from one team to another without being typed again."
Context: ServiceRequest, Task
* extension contains
    from 1..1 and
    to 1..1 and
    reason 1..1 and
    at 1..1
* extension[from].value[x] 1..1
* extension[from].value[x] only Reference(Organization or HealthcareService or PractitionerRole)
* extension[to].value[x] 1..1
* extension[to].value[x] only Reference(Organization or HealthcareService or PractitionerRole)
* insert Part(extension[reason], CodeableConcept)
* extension[reason].value[x] from ic-status-reason (extensible)
* insert Part(extension[at], dateTime)

Extension: ICDuplicateOverride
Id: ic-duplicate-override
Title: "Not a duplicate"
Description: "The sender's reason why a second referral of the same person to the same team within a day is meant (IC-DUP-02)."
Context: ServiceRequest
* value[x] 1..1
* value[x] only string

Extension: ICLateEntryReason
Id: ic-late-entry-reason
Title: "Reason for a late entry"
Description: "Why something is recorded long after it happened (IC-REF-06, IC-UCR-02)."
Context: ServiceRequest, Task, EpisodeOfCare
* value[x] 1..1
* value[x] only string

Extension: ICJourney
Id: ic-journey
Title: "Journey"
Description: "The number of the journey, on a resource that has no element for it: every referral, Task, episode and plan of one spell of care shares it."
Context: Observation, Encounter, Flag, Goal, QuestionnaireResponse, Communication, DocumentReference
* value[x] 1..1
* value[x] only Identifier
* valueIdentifier.system 1..1
* valueIdentifier.system = $journey
* valueIdentifier.value 1..1

Extension: ICEpisode
Id: ic-episode
Title: "Episode"
Description: "The episode of intermediate care that a resource belongs to: scores at its start and its end are compared."
Context: Observation, Goal, QuestionnaireResponse
* value[x] 1..1
* value[x] only Reference(EpisodeOfCare)

Extension: ICScorePoint
Id: ic-score-point
Title: "Point of a score"
Description: "At which point of the episode a score was taken: only pairs of start and end count for the measure of independence."
Context: Observation
* value[x] 1..1
* value[x] only code
* value[x] from ic-score-point (required)

Extension: ICCapacity
Id: ic-capacity
Title: "Capacity"
Description: "How many places or beds a team has and how many are free, as of a time: an older figure is no figure."
Context: HealthcareService, Location
* obeys hf-capacity-1
* extension contains
    kind 1..1 and
    total 0..1 and
    free 1..1 and
    asOf 1..1
* insert Part(extension[kind], code)
* extension[kind].value[x] from ic-capacity-kind (required)
* insert Part(extension[total], unsignedInt)
* insert Part(extension[free], unsignedInt)
* insert Part(extension[asOf], dateTime)

Invariant: hf-capacity-1
Description: "No more places are free than there are: correct free or total, or leave total out where it is not known."
Severity: #error
Expression: "(extension('total').exists() and extension('free').exists()) implies extension('free').value <= extension('total').value"

Extension: ICFunding
Id: ic-funding
Title: "Funding"
Description: "Who pays: NHS, council, both, or the person."
Context: ServiceRequest, EpisodeOfCare, CarePlan
* value[x] 1..1
* value[x] only code
* value[x] from ic-funding (required)

Extension: ICAmendment
Id: ic-amendment
Title: "Amendment"
Description: "What was added to a referral while the team was working on it, and in which version."
Context: ServiceRequest
* extension contains
    version 1..1 and
    what 1..1
* insert Part(extension[version], id)
* insert Part(extension[what], string)

Extension: ICVirtualWardPathway
Id: ic-virtual-ward-pathway
Title: "Virtual ward pathway"
Description: "For which kind of illness the virtual ward takes the person."
Context: ServiceRequest, EpisodeOfCare
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from ic-virtual-ward-pathway (extensible)

Extension: ICResponsibleClinician
Id: ic-responsible-clinician
Title: "Responsible clinician"
Description: "The named consultant or GP who answers for the person's care: a virtual ward takes nobody without one."
Context: ServiceRequest
* value[x] 1..1
* value[x] only Reference(Practitioner or PractitionerRole)
* value[x] obeys hf-named-1

Extension: ICReminder
Id: ic-reminder
Title: "Reminder"
Description: "What the server has told by itself because a time had come, and when. Written by the server alone, so that it is told once; kept when an update leaves it out."
Context: Task, EpisodeOfCare, ServiceRequest
* extension contains
    kind 1..1 and
    at 1..1
* insert Part(extension[kind], code)
* extension[kind].value[x] from ic-reminder-kind (required)
* insert Part(extension[at], dateTime)

Extension: ICReadmission
Id: ic-readmission
Title: "Readmission"
Description: "The episode of intermediate care during which the person came back to hospital. Written by the server alone, on the hospital's Encounter: each open episode once."
Context: Encounter
* value[x] 1..1
* value[x] only Reference(EpisodeOfCare)
