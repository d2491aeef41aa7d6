// The period under one service line: EpisodeOfCare, <https://hl7.org/fhir/R4/episodeofcare.html>.
//
// Derived from the base type. The elements that UKCore-EpisodeOfCare 2.2.0 marks must-support (status, patient, period,
// careManager) are restated. A finding of note: R4 spells this type's status `onhold`, without the hyphen of the requests.

Profile: HFEpisode
Parent: EpisodeOfCare
Id: HFEpisode
Title: "Episode under one service line"
Description: "The time during which one provider answers for a person under one service line. Several episodes share a journey. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys hf-episode-1 and hf-episode-2 and IC-EP-04 and hf-episode-3 and IC-EP-03
* extension contains
    ic-entry-route named entryRoute 0..1 MS and
    ic-expected-end named expectedEnd 0..1 MS and
    ic-outcome named outcome 0..1 MS and
    ic-place-of-care named placeOfCare 0..1 MS and
    ic-bed named bed 0..1 MS and
    ic-task named task 0..1 MS and
    ic-reminder named reminder 0..* MS and
    ic-late-entry-reason named lateEntryReason 0..1
* extension[entryRoute] ^short = "step-up or step-down: kept apart in every report"
* extension[entryRoute] ^comment = "Support: searched with `entry-route`."
* extension[expectedEnd] ^short = "When it is expected to end: typically within six weeks"
* extension[expectedEnd] ^comment = "Support: searched with `expected-end`; a longer episode is flagged, never refused."
* extension[outcome] ^short = "How it ended; required when finished"
* extension[outcome] ^comment = "Support: searched with `outcome`; feeds the measures."
* extension[placeOfCare] ^short = "Where the person is cared for"
* extension[placeOfCare] ^comment = "Support: stored and returned."
* extension[bed] ^short = "The bed, for bed-based care and virtual wards that count capacity"
* extension[bed] ^comment = "Support: stored; counts as occupied while the episode is active."
* extension[task] ^short = "The Task whose moves move this episode, set by the server"
* extension[task] ^comment = "Support: set when the team accepts, and kept when an update leaves it out."
* extension[reminder] ^short = "That it is longer than five, or six, weeks; written by the server alone (IC-EP-02)"
* extension[reminder] ^comment = "Support: searched with `over-limit`; told in `episode-over-limit`; kept when an update leaves it out."
* identifier 1..* MS
  * ^slicing.discriminator.type = #value
  * ^slicing.discriminator.path = "system"
  * ^slicing.rules = #open
  * ^short = "The journey's number, and any of the provider's own"
  * ^comment = "Support: searched with `identifier` and `journey`."
* identifier contains journey 1..1
* identifier[journey].system 1..1
* identifier[journey].system = $journey
* identifier[journey].value 1..1
  * ^short = "The same number as the referral's requisition: joins the parts of one spell of care"
* status MS
  * ^short = "planned, waitlist, active, onhold, finished, cancelled or entered-in-error"
  * ^comment = "Support: moved by the server with the Task; every change is told in `episode-changed`."
* statusHistory MS
  * ^short = "Maintained by the server alone"
  * ^comment = "Support: what a client sends is replaced."
* type 1..1 MS
  * ^short = "The service line: one episode, one line"
  * ^comment = "Support: searched with `type` and `service-line`."
* type from ic-service-line (required)
* patient obeys hf-named-1
* patient MS
  * ^short = "The person"
  * ^comment = "Support: searched with `patient`; decides who may read."
* managingOrganization obeys hf-named-1
* managingOrganization 1..1 MS
  * ^short = "Who answers for the person during it"
  * ^comment = "Support: searched with `organization`; decides who may write."
* period MS
  * ^short = "From first contact, or admission to the bed, to the end"
  * ^comment = "Support: searched with `date`; its start is required once active (hf-episode-1)."
* referralRequest 1..* MS
  * ^short = "The referral that led to it: no episode without one"
  * ^comment = "Support: searched with `incoming-referral`."
* referralRequest only Reference(ServiceRequest)
* referralRequest obeys hf-named-1
* careManager obeys hf-named-1
* careManager MS
  * ^short = "The responsible clinician or coordinator"
  * ^comment = "Support: searched with `care-manager`."
* team MS
  * ^short = "The people who visit"
  * ^comment = "Support: stored and returned."

Invariant: hf-episode-1
Description: "An episode that is active, on hold or finished has a start: send period.start, the time of the first contact or of the admission to the bed."
Severity: #error
Expression: "(status = 'active' or status = 'onhold' or status = 'finished') implies period.start.exists()"

// A start that is only a day and an end with a time cannot be compared: that is no end before the start.
Invariant: IC-EP-03
Description: "A finished episode has an end, not before its start, and an outcome: send period.end, and ic-outcome with a code of ic-episode-outcome."
Severity: #error
Expression: "status = 'finished' implies (period.end.exists() and period.where(end < start).empty() and extension('https://homefirst.example/fhir/StructureDefinition/ic-outcome').exists())"

Invariant: hf-episode-2
Description: "An episode that has not ended has neither an end nor an outcome: send the day on which it is expected to end as ic-expected-end, or the status finished."
Severity: #error
Expression: "(status = 'planned' or status = 'waitlist' or status = 'active' or status = 'onhold') implies (period.end.empty() and extension('https://homefirst.example/fhir/StructureDefinition/ic-outcome').empty())"

// The server itself begins an episode from its Task, which knows no bed: so this is no error.
Invariant: IC-EP-04
Description: "An episode of bed-based care that has begun says which bed: send ic-bed with a reference to the Location."
Severity: #warning
Expression: "((status = 'active' or status = 'onhold' or status = 'finished') and type.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-service-line' and code = 'bed-based-intermediate-care').exists()) implies extension('https://homefirst.example/fhir/StructureDefinition/ic-bed').exists()"

// By the dates alone: on the day on which it begins it may be expected to end.
Invariant: hf-episode-3
Description: "An episode is not expected to end before the day on which it starts: correct ic-expected-end or period.start."
Severity: #error
Expression: "extension('https://homefirst.example/fhir/StructureDefinition/ic-expected-end').value.where($this.toString().length() = 10 and $this.toString() < %resource.period.start.toString().substring(0, 10)).empty()"
