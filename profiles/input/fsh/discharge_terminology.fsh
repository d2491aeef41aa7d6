// Code systems and the value sets made of all their codes: discharge and delay.
// <https://hl7.org/fhir/R4/codesystem.html>, <https://hl7.org/fhir/R4/valueset.html>.

CodeSystem: ICPathwayCS
Id: ic-pathway
Title: "Discharge pathways"
Description: "The pathways of discharge to assess."
* insert Ours
* #P0 "Pathway 0" "Home or usual residence without any new or additional need"
* #P1 "Pathway 1" "Home or usual residence with new or additional support"
* #P2 "Pathway 2" "A community bed with dedicated recovery support"
* #P3 "Pathway 3" "A new residential or nursing placement, likely to be permanent; exceptional"

ValueSet: ICPathwayVS
Id: ic-pathway
Title: "Discharge pathways"
Description: "All codes of discharge pathways."
* ^experimental = false
* include codes from system ICPathwayCS

CodeSystem: ICDischargeStateCS
Id: ic-discharge-state
Title: "Discharge states"
Description: "Where a discharge stands; derived by the server."
* insert Ours
* #planning "Planning" "The person meets the criteria to reside, or no decision is recorded yet"
* #ready "Ready" "The person no longer meets them"
* #delayed "Delayed" "Ready or scheduled, and the day is later than the discharge-ready date"
* #scheduled "Scheduled" "A time is confirmed and every required team has accepted"
* #departed "Departed" "The person has left"
* #cancelled "Cancelled" "Died in hospital, transferred, or the admission goes on"
* #failed "Failed" "The person was back in hospital within 24 hours of leaving; the plan stays completed"

ValueSet: ICDischargeStateVS
Id: ic-discharge-state
Title: "Discharge states"
Description: "All codes of discharge states."
* ^experimental = false
* include codes from system ICDischargeStateCS

CodeSystem: ICCriterionCS
Id: ic-criterion
Title: "Criteria to reside"
Description: "Reasons to be in an acute bed: any one is enough."
* insert Ours
* #c01 "Intensive or high-dependency care"
* #c02 "Oxygen therapy or non-invasive ventilation"
* #c03 "Intravenous fluids"
* #c04 "NEWS2 above 3" "With clinical judgement in atrial fibrillation and chronic respiratory disease"
* #c05 "Diminished consciousness where recovery is realistic"
* #c06 "Acute functional impairment beyond what home or community can provide"
* #c07 "Last hours of life"
* #c08 "Intravenous medication more than twice daily, including analgesia"
* #c09 "Lower-limb surgery within 48 hours"
* #c10 "Thoracic, abdominal or pelvic surgery within 72 hours"
* #c11 "Invasive procedure within 24 hours with a risk of acute deterioration"

ValueSet: ICCriterionVS
Id: ic-criterion
Title: "Criteria to reside"
Description: "All codes of criteria to reside."
* ^experimental = false
* include codes from system ICCriterionCS

CodeSystem: ICDelayFamilyCS
Id: ic-delay-family
Title: "Delay families"
Description: "The five families of delay reasons."
* insert Ours
* #hospital-process "Hospital process"
* #wellbeing "Wellbeing concerns"
* #hub-process "Care transfer hub process"
* #interface-process "Interface process"
* #capacity "Capacity"

ValueSet: ICDelayFamilyVS
Id: ic-delay-family
Title: "Delay families"
Description: "All codes of delay families."
* ^experimental = false
* include codes from system ICDelayFamilyCS

CodeSystem: ICDelayAgencyCS
Id: ic-delay-agency
Title: "Delay agencies"
Description: "Who is to resolve a delay."
* insert Ours
* #nhs "NHS"
* #asc "Adult social care"
* #both "Both"

ValueSet: ICDelayAgencyVS
Id: ic-delay-agency
Title: "Delay agencies"
Description: "All codes of delay agencies."
* ^experimental = false
* include codes from system ICDelayAgencyCS

ValueSet: ICDischargeMethodVS
Id: ic-discharge-method
Title: "Discharge methods"
Description: "How a stay in hospital ended. The codes of UK Core's England code system, version 1.1.0, named one by one."
* ^experimental = false
* $UKCoreDischargeMethodEngland#1 "Patient discharged on clinical advice or with clinical consent"
* $UKCoreDischargeMethodEngland#3 "Patient discharged by mental health review tribunal, Home Secretary or Court"
* $UKCoreDischargeMethodEngland#4 "Patient died"
* $UKCoreDischargeMethodEngland#5 "Stillbirth"
* $UKCoreDischargeMethodEngland#6 "Patient discharged him/herself"
* $UKCoreDischargeMethodEngland#7 "Patient discharged by a relative or advocate"
* $UKCoreDischargeMethodEngland#8 "Not applicable"
* $UKCoreDischargeMethodEngland#9 "Method of discharge not known"

ValueSet: ICDischargeDestinationVS
Id: ic-discharge-destination
Title: "Discharge destinations"
Description: "Where a person went. The codes of UK Core's England code system, version 1.0.1, that an intermediate-care discharge can have, and 55 and 56, by which the data dictionary of 2024 replaces 54 and 85."
* ^experimental = false
* $UKCoreDischargeDestinationEngland#19 "Usual place of residence"
* $UKCoreDischargeDestinationEngland#29 "Temporary place of residence"
* $UKCoreDischargeDestinationEngland#37 "Court"
* $UKCoreDischargeDestinationEngland#38 "Penal establishment or police station"
* $UKCoreDischargeDestinationEngland#51 "NHS other hospital provider: ward for general patients or the younger physically disabled"
* $UKCoreDischargeDestinationEngland#52 "NHS other hospital provider: ward for maternity patients or neonates"
* $UKCoreDischargeDestinationEngland#53 "NHS other hospital provider: ward for patients who are mentally ill or have learning disabilities"
* $UKCoreDischargeDestinationEngland#54 "NHS run care home"
* $UKCoreDischargeDestinationEngland#55 "Care home with nursing"
* $UKCoreDischargeDestinationEngland#56 "Care home without nursing"
* $UKCoreDischargeDestinationEngland#65 "Local authority residential accommodation"
* $UKCoreDischargeDestinationEngland#66 "Local authority foster care"
* $UKCoreDischargeDestinationEngland#79 "Not applicable: patient died or stillbirth"
* $UKCoreDischargeDestinationEngland#84 "Non-NHS run hospital: medium secure unit"
* $UKCoreDischargeDestinationEngland#85 "Non-NHS run care home"
* $UKCoreDischargeDestinationEngland#87 "Non-NHS run hospital"
* $UKCoreDischargeDestinationEngland#88 "Non-NHS run hospice"
* $UKCoreDischargeDestinationEngland#98 "Not applicable: not discharged"
* $UKCoreDischargeDestinationEngland#99 "Not known"

