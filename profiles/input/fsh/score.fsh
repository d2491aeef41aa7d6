// Scores of independence and of illness: Observation, <https://hl7.org/fhir/R4/observation.html>.

Profile: HFIndependenceScore
Parent: Observation
Id: HFIndependenceScore
Title: "Functional score"
Description: "A score at the start, at a review or at the end of an episode: those who end at least as independent as they began are counted, by pairs of one instrument. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys hf-score-1
* extension contains
    ic-score-point named point 1..1 MS and
    ic-episode named episode 1..1 MS
* extension[point] ^short = "start, review or end: only a start and an end make a pair"
* extension[point] ^comment = "Support: searched with `score-point`."
* extension[episode] ^short = "The episode whose start and end are compared"
* extension[episode] ^comment = "Support: searched with `episode`."
* status MS
  * ^short = "final or amended counts; preliminary does not"
  * ^comment = "Support: searched with `status`."
* code 1..1 MS
  * ^short = "The instrument: scores of different instruments are never compared"
  * ^comment = "Support: searched with `code`; a SNOMED CT coding may stand beside it."
* code from ic-score-instrument (required)
* code.coding 1..*
* subject 1..1 MS
  * ^short = "The person"
  * ^comment = "Support: searched with `patient` and `subject`."
* subject only Reference(Patient)
* subject obeys hf-named-1
* effective[x] 1..1 MS
* effective[x] only dateTime
  * ^short = "When it was taken: within three days of the episode's start or end"
  * ^comment = "Support: searched with `date`."
* performer MS
  * ^short = "Who took it"
  * ^comment = "Support: searched with `performer`."
* value[x] only Quantity or integer or CodeableConcept
* value[x] MS
  * ^short = "The score, or the profile of an instrument that has none"
  * ^comment = "Support: a Quantity is searched with `value-quantity`."

Invariant: hf-score-1
Description: "A final score has a value: send it as valueQuantity, valueInteger or valueCodeableConcept, or why there is none as dataAbsentReason."
Severity: #error
Expression: "(status = 'final' or status = 'amended' or status = 'corrected') implies (value.exists() or dataAbsentReason.exists())"

CodeSystem: ICScorePointCS
Id: ic-score-point
Title: "Points of a score"
Description: "When in an episode a score was taken."
* insert Ours
* #start "At the start"
* #review "At a review"
* #end "At the end"

ValueSet: ICScorePointVS
Id: ic-score-point
Title: "Points of a score"
Description: "All codes of points of a score."
* ^experimental = false
* include codes from system ICScorePointCS
