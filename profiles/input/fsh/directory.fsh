// Teams and their inboxes: HealthcareService, <https://hl7.org/fhir/R4/healthcareservice.html>.

Profile: HFTeamService
Parent: HealthcareService
Id: HFTeamService
Title: "Team that takes referrals"
Description: "A team with its service line, the area that it covers, when it works and what it has free. Referrals are addressed to it, and it owns the Tasks made of them. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* extension contains ic-capacity named capacity 0..* MS
* extension[capacity] ^short = "Free places or beds, and as of when"
* extension[capacity] ^comment = "Support: stored and returned."
* identifier MS
  * ^short = "The team's number; small and voluntary teams may have a local one only"
  * ^comment = "Support: searched with `identifier`."
* active 1..1 MS
  * ^short = "false: not live, referrals go to the hub"
  * ^comment = "Support: searched with `active`."
* providedBy 1..1 MS
  * ^short = "The organisation behind the team: who may read and write is by organisation"
  * ^comment = "Support: searched with `organization`."
* providedBy only Reference(Organization)
* providedBy obeys hf-named-1
* type 1..* MS
  * ^slicing.discriminator.type = #value
  * ^slicing.discriminator.path = "$this"
  * ^slicing.rules = #open
  * ^short = "The service lines that it offers, and codes of other standards beside them"
  * ^comment = "Support: searched with `service-type`; referrals for other lines are refused (IC-REF-05)."
* type contains serviceLine 1..*
* type[serviceLine] from ic-service-line (required)
* name 1..1 MS
  * ^short = "What the team is called"
  * ^comment = "Support: searched with `name`."
* telecom MS
  * ^short = "How to reach it when it is urgent"
  * ^comment = "Support: stored and returned."
* coverageArea MS
  * ^short = "The area that it covers"
  * ^comment = "Support: searched with `coverage-area`."
* program MS
  * ^short = "The programme that it belongs to: reports are over all its partners"
  * ^comment = "Support: searched with `program`."
* availableTime MS
  * ^short = "When it works; a two-hour response works from eight to eight on every day at least"
  * ^comment = "Support: stored and returned."
* endpoint MS
  * ^short = "Where it is told of its Tasks"
  * ^comment = "Support: searched with `endpoint`."

CodeSystem: ICCapacityKindCS
Id: ic-capacity-kind
Title: "Kinds of capacity"
Description: "What a team's capacity is counted in."
* insert Ours
* #places "Places" "People who can be taken on"
* #beds "Beds"

ValueSet: ICCapacityKindVS
Id: ic-capacity-kind
Title: "Kinds of capacity"
Description: "All codes of kinds of capacity."
* ^experimental = false
* include codes from system ICCapacityKindCS

CodeSystem: ICFundingCS
Id: ic-funding
Title: "Funding"
Description: "Who pays for a service."
* insert Ours
* #nhs "NHS"
* #la "Council"
* #joint "NHS and council"
* #self "The person"

ValueSet: ICFundingVS
Id: ic-funding
Title: "Funding"
Description: "All codes of funding."
* ^experimental = false
* include codes from system ICFundingCS
