// Reasons of delay. The national list of May 2024 is not published as terminology: labels that could be read word for word are
// given so, the others as reconstructed; the list in force before it follows, with status legacy-2023, for older records.
// The binding is extensible, so that the full national list can be loaded as data.

CodeSystem: ICDelayReasonCS
Id: ic-delay-reason
Title: "Delay reasons"
Description: "Why a person who is ready has not left. Code: family, full stop, name. The display is the label of the national situation report."
* insert Ours
* ^property[0].code = #family
* ^property[0].type = #code
* ^property[0].description = "A code of ic-delay-family"
* ^property[1].code = #status
* ^property[1].type = #code
* ^property[1].description = "active, or legacy-2023 for the list in force until May 2024"
* #hospital-process.therapy-review "Awaiting therapy review of need for supported discharge"
  * ^property[0].code = #family
  * ^property[0].valueCode = #hospital-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #hospital-process.medical-review "Awaiting medical review"
  * ^property[0].code = #family
  * ^property[0].valueCode = #hospital-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #hospital-process.formal-decision "Awaiting formal decision to discharge"
  * ^property[0].code = #family
  * ^property[0].valueCode = #hospital-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #hospital-process.referral-to-hub "Awaiting referral to care transfer hub"
  * ^property[0].code = #family
  * ^property[0].valueCode = #hospital-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #hospital-process.medicines "Awaiting medicines to take home"
  * ^property[0].code = #family
  * ^property[0].valueCode = #hospital-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #hospital-process.discharge-letter "Awaiting discharge letter"
  * ^property[0].code = #family
  * ^property[0].valueCode = #hospital-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #hospital-process.transport "Awaiting patient transport or ambulance"
  * ^property[0].code = #family
  * ^property[0].valueCode = #hospital-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #wellbeing.concerns-readiness "Patient/family/carer concerns over discharge readiness"
  * ^property[0].code = #family
  * ^property[0].valueCode = #wellbeing
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #wellbeing.choice "Patient/family/carer choice"
  * ^property[0].code = #family
  * ^property[0].valueCode = #wellbeing
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #wellbeing.mental-capacity "Mental capacity"
  * ^property[0].code = #family
  * ^property[0].valueCode = #wellbeing
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #wellbeing.safeguarding "Safeguarding"
  * ^property[0].code = #family
  * ^property[0].valueCode = #wellbeing
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #hub-process.needs-and-pathway "Waiting for confirmation of immediate care needs and pathway"
  * ^property[0].code = #family
  * ^property[0].valueCode = #hub-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.p1-arrangements "Home based rehabilitation, reablement or recovery service arrangements still underway (Pathway 1)"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.p2-arrangements "Bed-based rehabilitation, reablement or recovery service arrangements still underway (Pathway 2)"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.care-home-arrangements "Residential or nursing home care arrangements still underway"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.restart-social-care "Restart of existing social care"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.home-social-care "Home-based social care arrangements"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.home-community-health "Home-based community health arrangements"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.self-funded-care "Self-funded care package"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.funding-eligibility "Funding eligibility"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.continuing-healthcare "Fast-track or continuing healthcare"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.equipment "Equipment"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.housing-adaptations "Housing adaptations"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.housing-provision "Housing provision or homelessness"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.destination-readiness "Readiness of the discharge destination"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.out-of-area "Out-of-area discharge"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.provider-action "Further action requested by the agreed provider"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #interface-process.mental-health-inpatient "Mental-health admitted patient care"
  * ^property[0].code = #family
  * ^property[0].valueCode = #interface-process
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #capacity.p1-not-available "Home-based rehabilitation, reablement or recovery services not yet available (Pathway 1)"
  * ^property[0].code = #family
  * ^property[0].valueCode = #capacity
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #capacity.p2-not-available "Bed-based rehabilitation, reablement or recovery services not yet available (Pathway 2)"
  * ^property[0].code = #family
  * ^property[0].valueCode = #capacity
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #capacity.care-home-not-available "Residential or nursing home care not yet available"
  * ^property[0].code = #family
  * ^property[0].valueCode = #capacity
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #capacity.home-social-care-not-available "Home-based social care not yet available"
  * ^property[0].code = #family
  * ^property[0].valueCode = #capacity
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #capacity.home-community-health-not-available "Home-based community health not yet available"
  * ^property[0].code = #family
  * ^property[0].valueCode = #capacity
  * ^property[1].code = #status
  * ^property[1].valueCode = #active
* #legacy.medical-decision "Awaiting medical decision/intervention including writing the discharge summary"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.therapy-decision "Awaiting therapy decision to discharge"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.diagnostic-test "Awaiting diagnostic test"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.medicines "Awaiting medicines to take home"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.transport "Awaiting transport"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.referral-to-hub "Awaiting referral to community single point of access or transfer hub"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.hub-confirmation "Awaiting confirmation from hub or single point of access that referral received and actioned"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.p1-resource "Awaiting Pathway 1 resource for assessment and start of care at home"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.p2-bed "Awaiting Pathway 2 rehabilitation bed"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.p3-bed "Awaiting Pathway 3 residential or nursing bed, likely permanent"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.equipment "Awaiting equipment and adaptations to housing"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.not-in-agreement "Individual or family not in agreement"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.homeless "Homeless, no recourse to public funds or no place to discharge to"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.safeguarding "Safeguarding concern or Court of Protection"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.no-plan "No plan"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.infection-hold "Infectious-disease hold"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.repatriation "Repatriation or transfer to another acute trust"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.discharge-stopped "Declared ready at board round and met the criteria later"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.chc-funding "Continuing healthcare funding decision"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023
* #legacy.readmission "Readmission to acute care"
  * ^property[0].code = #status
  * ^property[0].valueCode = #legacy-2023

ValueSet: ICDelayReasonVS
Id: ic-delay-reason
Title: "Delay reasons"
Description: "All codes of delay reasons."
* ^experimental = false
* include codes from system ICDelayReasonCS

