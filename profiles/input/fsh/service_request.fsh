// Referrals and discharge plans: ServiceRequest, <https://hl7.org/fhir/R4/servicerequest.html>.
//
// Derived from the base type. The elements that UKCore-ServiceRequest 2.5.1 marks must-support (basedOn, status, intent,
// category, priority, code, subject, authoredOn, requester, reasonCode) are restated, and its source extension is used by url,
// so that a UK Core referral with the intermediate-care codes added is one of ours.
//
// Acceptance and refusal are not here: R4 has no such request status. They are in the Task (task.fsh).

Profile: HFReferral
Parent: ServiceRequest
Id: HFReferral
Title: "Referral to one intermediate-care service"
Description: "A request, owned by the referrer, for one service line for one person: step-down from hospital, step-up from home, transfer or onward. The server answers an active one with a fulfilment Task in the same transaction. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys IC-REF-03 and IC-UCR-01 and hf-ref-1 and hf-ref-2 and hf-ref-3
* extension contains
    Extension-UKCore-SourceOfServiceRequest named sourceOfServiceRequest 1..1 MS and
    ic-clock-start named clockStart 0..1 MS and
    ic-place-of-care named placeOfCare 0..1 MS and
    ic-entry-route named entryRoute 0..1 and
    ic-duplicate-override named duplicateOverride 0..1 and
    ic-late-entry-reason named lateEntryReason 0..1 and
    ic-redirect named redirect 0..* and
    $request-statusReason named statusReason 0..1 MS
* extension[sourceOfServiceRequest] ^short = "Who referred: national returns count by source, and the two-day standard leaves hospital beds out"
* extension[sourceOfServiceRequest] ^comment = "Support: searched with `referral-source`."
* extension[clockStart] ^short = "When the clock of the two-hour standard starts; required for urgent community response"
* extension[clockStart] ^comment = "Support: the server starts the Task's clock from it and searches it with `clock-start`."
* extension[placeOfCare] ^short = "Where the person is to be seen: a two-hour response is given at home, in a care home or a temporary residence"
* extension[placeOfCare] ^comment = "Support: stored and shown to the receiving team."
* extension[statusReason] ^short = "Why it was cancelled; R4's ServiceRequest has no element for it"
* extension[statusReason] ^comment = "Support: required when revoked, and told to every team that held a Task."
* identifier 1..* MS
  * ^short = "The referrer's own number: a repeated POST finds the first referral and creates no second one"
  * ^comment = "Support: unique by system and value; searched with `identifier`; used by If-None-Exist."
* identifier.system 1..1
  * ^short = "A number without its system cannot be told from another referrer's"
* identifier.value 1..1
  * ^short = "The number itself"
* basedOn MS
  * ^short = "The one discharge plan of a step-down referral: its readiness and its times are the person's"
  * ^comment = "Support: searched with `based-on`; a discharge's changes are told to the teams of the referrals based on it."
* basedOn only Reference(ServiceRequest or CarePlan)
* replaces MS
  * ^short = "The finished referral this one replaces: a completed or revoked one is never opened again"
  * ^comment = "Support: stored and searched with `replaces`."
* requisition 0..1 MS
  * ^short = "The journey's number, shared by every referral, Task, episode and plan of one spell of care"
  * ^comment = "Support: the server adds one when it is absent; searched with `requisition` and `journey`."
* requisition.system 1..1
* requisition.system = $journey
  * ^short = "Always the system of journey numbers, because the episode is found by it; a number of the sender's own is an identifier"
* requisition.value 1..1
  * ^short = "The number itself"
* status MS
  * ^short = "draft, active, on-hold, revoked, completed or entered-in-error"
  * ^comment = "Support: the allowed moves are the server's rules IC-STATE-01 and IC-STATE-02."
* intent MS
  * ^short = "Our own referrals are orders; plan and proposal arrive through booking-and-referral messages"
  * ^comment = "Support: stored as sent."
* intent from ic-referral-intent (required)
* doNotPerform = false
  * ^short = "A request here is for something to be done: a team would be asked for it, whatever this said"
* category 1..* MS
  * ^slicing.discriminator.type = #value
  * ^slicing.discriminator.path = "$this"
  * ^slicing.rules = #open
  * ^short = "The direction of the referral, and any category of another standard beside it"
  * ^comment = "Support: searched with `category`; the direction decides which clocks run."
* category contains direction 1..1
* category[direction] from ic-referral-direction (required)
  * ^short = "step-down, step-up, transfer or onward: exactly one, because every report is by direction"
* code 1..1 MS
  * ^short = "The service line asked for; a SNOMED CT or CSDS coding may stand beside it"
  * ^comment = "Support: decides the receiving team, the clocks and what counts as first contact; searched with `code` and `service-line`."
* code from ic-service-line (required)
* code.coding 1..*
  * ^slicing.discriminator.type = #value
  * ^slicing.discriminator.path = "system"
  * ^slicing.rules = #open
* code.coding contains serviceLine 1..1
* code.coding[serviceLine].system = $ic-service-line
* code.coding[serviceLine].code 1..1
* priority 1..1 MS
  * ^short = "Decides the due time: stat two hours, asap the same day, urgent two days, routine by the service"
  * ^comment = "Support: searched with `priority`; a change while active is told to the owner."
* subject 1..1 MS
  * ^short = "The person: intermediate care is never for a group, a device or a place"
  * ^comment = "Support: searched with `patient` and `subject`; decides who may read."
* subject only Reference(Patient)
* subject obeys hf-named-1
* occurrence[x] only Period
* occurrence[x] MS
  * ^short = "From when it is wanted, and by when at the latest"
  * ^comment = "Support: searched with `occurrence`; its end is the breach time of a booking-and-referral message."
* authoredOn 1..1 MS
  * ^short = "When it was signed: the waiting list is by this time"
  * ^comment = "Support: searched and sorted with `authored`."
* requester 1..1 MS
  * ^short = "Who asked, and is told of acceptance, refusal and outcome; a person or relative for a self-referral"
  * ^comment = "Support: searched with `requester`; decides who may amend and cancel."
* requester only Reference(PractitionerRole or Organization or Patient or RelatedPerson)
* requester obeys hf-named-1
* performer 0..1 MS
  * ^short = "The team or organisation asked; absent: not allocated, and the care-transfer hub decides"
  * ^comment = "Support: searched with `performer`; becomes the owner of the Task."
* performer only Reference(HealthcareService or Organization)
* performer obeys hf-named-1
* locationReference MS
  * ^short = "The place where care is wanted, when it is a known location"
  * ^comment = "Support: stored and returned."
* reasonCode 1..* MS
  * ^short = "Why the person needs the service; the needs of the two-hour response for a crisis"
  * ^comment = "Support: stored, returned, reported by."
* reasonCode from ic-referral-reason (extensible)
* supportingInfo MS
  * ^short = "Assessments made once and shared, advance care plans, flags: nobody asks the person again"
  * ^comment = "Support: stored; an addition while active is told to the owner."

Invariant: IC-REF-03
Description: "A step-down referral is based on one discharge plan: send basedOn once, with the reference or the identifier of that ServiceRequest."
Severity: #error
Expression: "category.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-referral-category' and code = 'step-down').exists() implies (basedOn.count() = 1 and basedOn.all(reference.exists() or identifier.exists()))"

Invariant: IC-UCR-01
Description: "A referral for urgent community response says when its clock starts: send the extension ic-clock-start with the time at which the service or its single point of access received it."
Severity: #error
Expression: "code.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-service-line' and code = 'urgent-community-response').exists() implies extension('https://homefirst.example/fhir/StructureDefinition/ic-clock-start').exists()"

// A display alone is nobody's inbox, nobody's record and nobody's right to read.
Invariant: hf-named-1
Description: "Who or what it is about, and who asks, answers or takes part, is named by reference or identifier, because a display alone reaches nobody: send reference, or identifier with system and value."
Severity: #error
Expression: "reference.exists() or identifier.exists()"

Invariant: hf-ref-1
Description: "A revoked request says why: send the extension request-statusReason of HL7 with a code of ic-status-reason."
Severity: #error
Expression: "status = 'revoked' implies extension('http://hl7.org/fhir/StructureDefinition/request-statusReason').exists()"

// Transfer and onward say nothing about where the person came from first.
Invariant: hf-ref-2
Description: "The entry route is the direction of the referral: step-up with the category step-up, step-down with step-down. Send the same in both, or leave ic-entry-route out where it is not required."
Severity: #error
Expression: "(category.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-referral-category' and code = 'step-up').exists() implies extension('https://homefirst.example/fhir/StructureDefinition/ic-entry-route').value.where($this = 'step-down').empty()) and (category.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-referral-category' and code = 'step-down').exists() implies extension('https://homefirst.example/fhir/StructureDefinition/ic-entry-route').value.where($this = 'step-up').empty())"

Invariant: hf-ref-3
Description: "Readiness and the times of a discharge are in the discharge plan and nowhere else, because nothing follows from them in a referral: send ic-discharge in the plan, and basedOn with a reference to it here."
Severity: #error
Expression: "extension('https://homefirst.example/fhir/StructureDefinition/ic-discharge').empty()"


Profile: HFDischargePlan
Parent: ServiceRequest
Id: HFDischargePlan
Title: "Discharge plan, from ward to care-transfer hub"
Description: "One spell's transfer of care: whether the person meets the criteria to reside, since when not, the pathway, the planned and the actual discharge and every reason for delay. Referrals to teams are based on it. Readiness and discharge times are here and nowhere else. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys IC-DIS-01 and hf-ref-1
* extension contains
    ic-discharge named discharge 1..1 MS and
    ic-reminder named reminder 0..* and
    Extension-UKCore-SourceOfServiceRequest named sourceOfServiceRequest 0..1 and
    ic-late-entry-reason named lateEntryReason 0..1 and
    $request-statusReason named statusReason 0..1 MS
* extension[discharge] ^short = "Readiness, pathway, times and delays; the ready date and the state in it are the server's"
* extension[reminder] ^short = "That the server has asked for the reason of a delay, written by the server alone (IC-DIS-05)"
* extension[discharge] ^comment = "Support: searched with `discharge-state`, `discharge-ready`, `planned-discharge`, `actual-discharge`, `pathway`, `delay-reason`."
* extension[statusReason] ^short = "Why the plan was cancelled: died in hospital, transferred, admission goes on"
* extension[statusReason] ^comment = "Support: required when revoked, and told to every team of the journey."
* identifier 1..* MS
  * ^short = "The hospital's number of the spell: one plan a spell, however often it is sent"
  * ^comment = "Support: unique by system and value; searched with `identifier`; used by If-None-Exist."
* identifier.system 1..1
  * ^short = "A number without its system cannot be told from another hospital's"
* identifier.value 1..1
  * ^short = "The number itself"
* requisition 0..1 MS
  * ^short = "The journey's number, shared with the referrals based on this plan"
  * ^comment = "Support: the server adds one when it is absent; searched with `requisition` and `journey`."
* requisition.system 1..1
* requisition.system = $journey
  * ^short = "Always the system of journey numbers, because the episode is found by it; a number of the sender's own is an identifier"
* requisition.value 1..1
  * ^short = "The number itself"
* status MS
  * ^short = "Stays active until the person has left or the plan is cancelled; the discharge's own state is in the extension"
  * ^comment = "Support: completed by the server at departure."
* intent MS
  * ^short = "order, plan or proposal, as for every referral"
  * ^comment = "Support: stored as sent."
* intent from ic-referral-intent (required)
* doNotPerform = false
  * ^short = "A request here is for something to be done: a team would be asked for it, whatever this said"
* category 1..1 MS
  * ^short = "discharge: tells a plan from a referral, in searches and in topics"
  * ^comment = "Support: searched with `category`; further codings may stand in the same concept."
* category = $ic-referral-category#discharge
* code 1..1 MS
  * ^short = "The care-transfer hub's service line: the plan is addressed to the hub"
  * ^comment = "Support: searched with `code` and `service-line`."
* code = $ic-service-line#care-transfer-hub
* priority 0..1 MS
  * ^short = "How soon the hub should look at it"
  * ^comment = "Support: searched with `priority`."
* subject 1..1 MS
  * ^short = "The person in hospital"
  * ^comment = "Support: searched with `patient` and `subject`; decides who may read."
* subject only Reference(Patient)
* subject obeys hf-named-1
* encounter MS
  * ^short = "The spell in hospital, when it is on this server"
  * ^comment = "Support: searched with `encounter`; its start bounds the discharge (IC-DIS-02)."
* authoredOn 1..1 MS
  * ^short = "When the plan was first written: planning starts at admission, not at readiness"
  * ^comment = "Support: searched and sorted with `authored`."
* requester 1..1 MS
  * ^short = "The ward or hospital, which alone may change readiness and times"
  * ^comment = "Support: searched with `requester`; is told of every Task of the journey."
* requester only Reference(PractitionerRole or Organization)
* requester obeys hf-named-1
* performer 0..1 MS
  * ^short = "The care-transfer hub; absent: the hub of the area"
  * ^comment = "Support: searched with `performer`."
* performer only Reference(HealthcareService or Organization)
* performer obeys hf-named-1
* reasonCode MS
  * ^short = "What the person will need, described and not prescribed: the hub chooses the pathway"
  * ^comment = "Support: stored and returned."
* supportingInfo MS
  * ^short = "The trusted assessment, shared once with every receiver"
  * ^comment = "Support: stored and returned."

Invariant: IC-DIS-01
Description: "An actual discharge says where to and by which method: send destination and dischargeMethod in ic-discharge."
Severity: #error
Expression: "extension('https://homefirst.example/fhir/StructureDefinition/ic-discharge').where(extension('actualDischarge').exists()).all(extension('destination').exists() and extension('dischargeMethod').exists())"
