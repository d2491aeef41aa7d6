// Fulfilment by one team: Task, <https://hl7.org/fhir/R4/task.html>.
//
// Derived from the base type. The elements that UKCore-Task 1.2.0 marks must-support (status, intent, code, focus, for,
// authoredOn, requester, owner, reasonCode, reasonReference, restriction, input) are restated.

Profile: HFFulfilmentTask
Parent: Task
Id: HFFulfilmentTask
Title: "Fulfilment of a referral by one team"
Description: "Acceptance, first contact and outcome of one referral at one team, owned by the receiver. The server makes it; the owner moves it. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys hf-task-1 and hf-task-2 and hf-task-3
* extension contains
    ic-clock named clock 0..* MS and
    ic-redirect named redirect 0..* MS and
    ic-hold named hold 0..1 MS and
    ic-reminder named reminder 0..* MS and
    ic-late-entry-reason named lateEntryReason 0..1
* extension[clock] ^short = "The clocks that run for this Task, written by the server alone (IC-CLK-01)"
* extension[clock] ^comment = "Support: searched with `clock-kind`, `clock-status` and `clock-due`."
* extension[redirect] ^short = "From which team to which, and why: a redirect never restarts a clock"
* extension[redirect] ^comment = "Support: written by the server when a Task is handed on, kept for ever."
* extension[hold] ^short = "What holds it and where it goes on, written by the server alone; absent when the team itself put it on hold"
* extension[hold] ^comment = "Support: written when the referral or the discharge plan stops, taken away when that goes on; what a client sends is replaced."
* extension[reminder] ^short = "What the server has told because a time had come, written by the server alone"
* extension[reminder] ^comment = "Support: told in `clock-warning`; kept when an update leaves it out."
* groupIdentifier MS
  * ^short = "The journey's number, as in the referral's requisition"
  * ^comment = "Support: copied by the server; searched with `group-identifier`."
* status MS
  * ^short = "Where the work stands; the allowed moves are rules IC-STATE-01 and IC-STATE-02"
  * ^comment = "Support: searched with `status`; every change is told in `task-changed`."
* statusReason MS
  * ^short = "Why it was rejected, cancelled, failed or put on hold: the referrer must learn it"
  * ^comment = "Support: searched with `status-reason`; required for those four statuses (hf-task-1)."
* statusReason from ic-status-reason (extensible)
* businessStatus 0..1 MS
  * ^short = "The step inside the status that a team's board shows"
  * ^comment = "Support: searched with `business-status`."
* businessStatus from ic-task-business-status (required)
* intent = #order
* intent MS
  * ^short = "order: a Task here is always an authorised piece of work"
  * ^comment = "Support: searched with `intent`."
* code 1..1 MS
  * ^short = "fulfill: tells the team's work from reviews, visits and checks, which are Tasks too"
  * ^comment = "Support: searched with `code`."
* code = $task-code#fulfill
* priority MS
  * ^short = "As in the referral; decides the due time"
  * ^comment = "Support: searched with `priority`."
* focus 1..1 MS
  * ^short = "The referral that is fulfilled: without it nobody can tell what was accepted"
  * ^comment = "Support: searched with `focus`; its reverse include brings a referral's Tasks."
* focus only Reference(ServiceRequest)
* focus obeys hf-named-1
* for 1..1 MS
  * ^short = "The person, the same as the referral's subject"
  * ^comment = "Support: searched with `patient` and `subject`; puts the Task in the person's compartment."
* for only Reference(Patient)
* for obeys hf-named-1
* executionPeriod MS
  * ^short = "From first contact to the end of the work"
  * ^comment = "Support: searched with `period`."
* authoredOn 1..1 MS
  * ^short = "When the team received it: the national return's received time"
  * ^comment = "Support: searched and sorted with `authored-on`."
* requester 1..1 MS
  * ^short = "Who asked, as in the referral, and is told of every change"
  * ^comment = "Support: searched with `requester`."
* requester only Reference(PractitionerRole or Organization or Patient or RelatedPerson)
* requester obeys hf-named-1
* owner 1..1 MS
  * ^short = "The team that answers for it: a person is never without one"
  * ^comment = "Support: searched with `owner`, which is a team's inbox; decides who may write; the old and the new owner are both told of a change."
* owner only Reference(Organization or HealthcareService or PractitionerRole)
* owner obeys hf-named-1
* reasonCode MS
  * ^short = "Why it is needed, as in the referral"
  * ^comment = "Support: stored and returned."
* reasonReference MS
  * ^short = "The condition or observation behind it"
  * ^comment = "Support: stored and returned."
* restriction MS
  * ^short = "Until when"
  * ^comment = "Support: stored and returned."
* restriction.period MS
  * ^short = "Its end is the due time: two hours after the clock's start for a stat referral"
  * ^comment = "Support: written by the server from the priority when absent."
* input MS
  * ^slicing.discriminator.type = #pattern
  * ^slicing.discriminator.path = "type"
  * ^slicing.rules = #open
  * ^short = "What the team was given"
  * ^comment = "Support: stored and returned."
* input contains redirectFrom 0..1
* input[redirectFrom].type = $ic-task-input#redirect-from
* input[redirectFrom].value[x] only Reference(Task)
* input[redirectFrom].value[x] ^short = "The Task of the team before"
* output MS
  * ^slicing.discriminator.type = #pattern
  * ^slicing.discriminator.path = "type"
  * ^slicing.rules = #open
  * ^short = "What the team did, by type from ic-task-output"
  * ^comment = "Support: the first contact stops the clock and is searched with `first-contact`."
* output contains
    firstContact 0..1 and
    firstContactMode 0..1 and
    firstContactRole 0..1 and
    firstTherapyContact 0..1 and
    outcome 0..1 and
    onwardReferral 0..* and
    dischargeSummary 0..1
* output[firstContact].type = $ic-task-output#first-contact
* output[firstContact].value[x] only dateTime
* output[firstContact].value[x] ^short = "When the person was first seen: stops the clock"
* output[firstContactMode].type = $ic-task-output#first-contact-mode
* output[firstContactMode].value[x] only CodeableConcept
* output[firstContactMode].value[x] from ic-contact-mechanism (required)
* output[firstContactMode].value[x] ^short = "How: only a visit face to face counts for the two-hour standard"
* output[firstContactRole].type = $ic-task-output#first-contact-role
* output[firstContactRole].value[x] only CodeableConcept
* output[firstContactRole].value[x] from ic-professional (required)
* output[firstContactRole].value[x] ^short = "By which profession"
* output[firstTherapyContact].type = $ic-task-output#first-therapy-contact
* output[firstTherapyContact].value[x] only dateTime
* output[firstTherapyContact].value[x] ^short = "First therapy: on the day of discharge is the aim"
* output[outcome].type = $ic-task-output#outcome
* output[outcome].value[x] only CodeableConcept
* output[outcome].value[x] from ic-episode-outcome (required)
* output[outcome].value[x] ^short = "How it ended; required when completed"
* output[onwardReferral].type = $ic-task-output#onward-referral
* output[onwardReferral].value[x] only Reference(ServiceRequest)
* output[onwardReferral].value[x] ^short = "The referral made to the next service, on the same journey"
* output[dischargeSummary].type = $ic-task-output#discharge-summary
* output[dischargeSummary].value[x] only Reference(DocumentReference)
* output[dischargeSummary].value[x] ^short = "The letter; its date goes into the national return"

Invariant: hf-task-1
Description: "A Task that is rejected, cancelled, failed or on hold says why: send statusReason with a code of ic-status-reason."
Severity: #error
Expression: "(status = 'rejected' or status = 'cancelled' or status = 'failed' or status = 'on-hold') implies statusReason.exists()"

Invariant: hf-task-2
Description: "A Task is in progress only after a first contact: send an output of the type ic-task-output#first-contact with the time as valueDateTime, or the status accepted until then."
Severity: #error
Expression: "status = 'in-progress' implies output.where(type.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-task-output' and code = 'first-contact').exists()).exists()"

Invariant: hf-task-3
Description: "A completed Task says how it ended: send an output of the type ic-task-output#outcome with a valueCodeableConcept of ic-episode-outcome."
Severity: #error
Expression: "status = 'completed' implies output.where(type.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-task-output' and code = 'outcome').exists()).exists()"
