// Visits, equipment, reviews and checks: Tasks that are parts of a team's Task, <https://hl7.org/fhir/R4/task.html>.

Profile: HFActivityTask
Parent: Task
Id: HFActivityTask
Title: "Activity of a team"
Description: "One visit, delivery, review, meeting or call of a team, as a part of its fulfilment Task. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys hf-activity-1 and hf-activity-2 and hf-activity-3
* extension contains ic-late-entry-reason named lateEntryReason 0..1
* partOf 1..1 MS
  * ^short = "The team's Task: an activity of nobody's work counts for nobody"
  * ^comment = "Support: searched with `part-of`."
* partOf only Reference(Task)
* partOf obeys hf-named-1
* status MS
  * ^short = "requested or accepted when planned, in-progress, completed, cancelled"
  * ^comment = "Support: searched with `status`."
* statusReason MS
  * ^short = "Why it did not take place"
  * ^comment = "Support: searched with `status-reason`."
* statusReason from ic-status-reason (extensible)
* intent = #order
* intent MS
  * ^short = "order: it is part of an authorised piece of work"
  * ^comment = "Support: searched with `intent`."
* code 1..1 MS
  * ^short = "What kind of activity: decides whether it counts as a contact"
  * ^comment = "Support: searched with `code`; tells activities from a team's Task itself."
* code from ic-activity-type (required)
* for 1..1 MS
  * ^short = "The person"
  * ^comment = "Support: searched with `patient` and `subject`."
* for only Reference(Patient)
* for obeys hf-named-1
* executionPeriod MS
  * ^short = "When it is planned, then when it was"
  * ^comment = "Support: searched with `period`."
* owner 1..1 MS
  * ^short = "Who does it"
  * ^comment = "Support: searched with `owner`."
* owner only Reference(Organization or HealthcareService or PractitionerRole or Practitioner)
* owner obeys hf-named-1
* restriction MS
  * ^short = "By when it is due"
  * ^comment = "Support: stored and returned."
* output MS
  * ^slicing.discriminator.type = #pattern
  * ^slicing.discriminator.path = "type"
  * ^slicing.rules = #open
  * ^short = "What came of it, by type from ic-task-output"
  * ^comment = "Support: stored and returned; feeds the national return of contacts."
* output contains
    attended 0..1 and
    mechanism 0..1 and
    place 0..1 and
    whereabouts 0..1
* output[attended].type = $ic-task-output#attended
* output[attended].value[x] only CodeableConcept
* output[attended].value[x] from ic-attendance (required)
* output[attended].value[x] ^short = "Whether the person was seen: 5 and 6 are attended"
* output[mechanism].type = $ic-task-output#mechanism
* output[mechanism].value[x] only CodeableConcept
* output[mechanism].value[x] from ic-contact-mechanism (required)
* output[mechanism].value[x] ^short = "Face to face, by telephone, by video"
* output[place].type = $ic-task-output#place
* output[place].value[x] only CodeableConcept or Reference(Location)
* output[place].value[x] ^short = "Where"
* output[whereabouts].type = $ic-task-output#whereabouts
* output[whereabouts].value[x] only CodeableConcept
* output[whereabouts].value[x] from ic-day91-status (required)
* output[whereabouts].value[x] ^short = "Where the person lives on the day of the check"

Invariant: hf-activity-1
Description: "A completed visit says whether the person was seen, because the national return counts attended contacts only: send an output of the type ic-task-output#attended with a code of ic-attendance."
Severity: #error
Expression: "(status = 'completed' and code.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-activity-type' and (code = 'assessment' or code = 'therapy-visit' or code = 'nursing-visit' or code = 'care-visit' or code = 'joint-visit')).exists()) implies output.where(type.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-task-output' and code = 'attended').exists()).exists()"

Invariant: hf-activity-2
Description: "An activity that is completed or in progress says when it was: send executionPeriod with its start."
Severity: #error
Expression: "(status = 'completed' or status = 'in-progress') implies executionPeriod.start.exists()"

// Somebody who did not attend, or cancelled, is a reason in the codes of the national return.
Invariant: hf-activity-3
Description: "An activity that is rejected, cancelled, failed or on hold says why: send statusReason with a code of ic-status-reason, or the output attended."
Severity: #error
Expression: "(status = 'rejected' or status = 'cancelled' or status = 'failed' or status = 'on-hold') implies (statusReason.exists() or output.where(type.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-task-output' and code = 'attended').exists()).exists())"


Profile: HFOutcomeCheck
Parent: HFActivityTask
Id: HFOutcomeCheck
Title: "Check 84 or 91 days after discharge"
Description: "Where the person lives twelve weeks, or 91 days, after the discharge. Somebody who cannot be reached counts as not at home, as the national measure has it. Must support: as for every activity."
* obeys hf-check-1
* extension contains ic-reminder named reminder 0..* MS
* extension[reminder] ^short = "That the server has told that the day has come, written by the server alone"
* extension[reminder] ^comment = "Support: told in `outcome-due`; kept when an update leaves it out."
* code from ic-outcome-check (required)
* restriction 1..1
* restriction.period 1..1 MS
  * ^short = "The day of the check: day 0 is the day of discharge"
  * ^comment = "Support: stored and returned."

Invariant: hf-check-1
Description: "A completed check says where the person lives: send an output of the type ic-task-output#whereabouts with a code of ic-day91-status."
Severity: #error
Expression: "status = 'completed' implies output.where(type.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-task-output' and code = 'whereabouts').exists()).exists()"

ValueSet: ICOutcomeCheckVS
Id: ic-outcome-check
Title: "Checks of outcome"
Description: "The activity types that are checks of where a person lives some time after discharge."
* ^experimental = false
* ICActivityTypeCS#84-day-check
* ICActivityTypeCS#91-day-check
