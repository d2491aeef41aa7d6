// The joint plan: CarePlan, <https://hl7.org/fhir/R4/careplan.html>.
//
// Derived from the base type. The elements that UKCore-CarePlan 2.2.0 marks must-support (status, intent, category, subject)
// are restated. That an activity has a reference or a detail and never both is R4's own cpl-3.

Profile: HFRecoveryPlan
Parent: CarePlan
Id: HFRecoveryPlan
Title: "Joint recovery plan"
Description: "The person's goals and what each organisation does towards them: one plan a journey, many contributors. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys IC-CP-01
* extension contains ic-weekly-care-hours named weeklyCareHours 0..* MS
* extension[weeklyCareHours] ^short = "Weekly hours of care at home, each time they are set: fewer at the end is the aim"
* extension[weeklyCareHours] ^comment = "Support: stored; the first and the last feed the measure of care hours."
* identifier MS
  * ^slicing.discriminator.type = #value
  * ^slicing.discriminator.path = "system"
  * ^slicing.rules = #open
  * ^short = "The journey's number, and any of the author's own"
  * ^comment = "Support: searched with `identifier`; the server adds the journey when it is absent. One active plan a journey (IC-CP-02)."
* identifier contains journey 0..1
* identifier[journey].system 1..1
* identifier[journey].system = $journey
* identifier[journey].value 1..1
* basedOn MS
  * ^short = "The plan before, or the plan this is part of"
  * ^comment = "Support: searched with `based-on`."
* status MS
  * ^short = "draft, active, on-hold, revoked, completed or entered-in-error"
  * ^comment = "Support: every change is told in `careplan-changed`."
* intent MS
  * ^short = "plan, for most"
  * ^comment = "Support: searched with `intent`."
* category 1..* MS
  * ^slicing.discriminator.type = #pattern
  * ^slicing.discriminator.path = "$this"
  * ^slicing.rules = #open
  * ^short = "recovery, and any other category beside it"
  * ^comment = "Support: searched with `category`; tells a recovery plan from the other plans of a person."
* category contains recovery 1..1
* category[recovery] = $ic-careplan-category#recovery
* subject 1..1 MS
  * ^short = "The person whose plan it is"
  * ^comment = "Support: searched with `patient` and `subject`; decides who may read."
* subject only Reference(Patient)
* subject obeys hf-named-1
* period MS
  * ^short = "From when to when it is meant to run"
  * ^comment = "Support: searched with `date`."
* author 1..1 MS
  * ^short = "Who answers for the whole plan, and alone replaces it"
  * ^comment = "Support: stored; contributors patch their own activities."
* author obeys hf-named-1
* contributor obeys hf-named-1
* contributor 1..* MS
  * ^short = "Every organisation that does a part of it: at least one"
  * ^comment = "Support: is told of every change and may write its own activities."
* careTeam MS
  * ^short = "The people who carry it out"
  * ^comment = "Support: searched with `care-team`."
* addresses MS
  * ^short = "The conditions it answers"
  * ^comment = "Support: searched with `condition`."
* supportingInfo MS
  * ^short = "Advance care plan, ReSPECT form, assessments"
  * ^comment = "Support: stored and returned."
* goal MS
  * ^short = "What the person wants to be able to do"
  * ^comment = "Support: searched with `goal`."
* goal only Reference(Goal)
* activity MS
  * ^short = "Visits, equipment, reviews, of every organisation"
  * ^comment = "Support: searched with `activity-reference`."
* activity.reference MS
  * ^short = "The Task or referral that carries it out"
  * ^comment = "Support: searched with `activity-reference`."
* activity.detail MS
  * ^short = "Or its description here"
  * ^comment = "Support: stored and returned."

Invariant: IC-CP-01
Description: "An active plan has at least one goal or activity: send goal or activity, or the status draft until there is one."
Severity: #error
Expression: "status = 'active' implies (goal.exists() or activity.exists())"
