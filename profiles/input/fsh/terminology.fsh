// Code systems and the value sets made of all their codes: services, referrals and places.
// <https://hl7.org/fhir/R4/codesystem.html>, <https://hl7.org/fhir/R4/valueset.html>.

RuleSet: Ours
* ^caseSensitive = true
* ^content = #complete
* ^experimental = false

CodeSystem: ICServiceLineCS
Id: ic-service-line
Title: "Service lines"
Description: "The services of intermediate care. There are no SNOMED CT codes for most of them, so this coding is the required one."
* insert Ours
* ^property[0].code = #csdsTeamType
* ^property[0].type = #code
* ^property[0].description = "Team type of the Community Services Data Set 1.6"
* ^property[1].code = #commissioner
* ^property[1].type = #code
* ^property[1].description = "Who usually pays: nhs, la (the council) or joint"
* ^property[2].code = #hasBeds
* ^property[2].type = #boolean
* ^property[2].description = "Whether its capacity is counted in beds"
* #urgent-community-response "Urgent community response" "Crisis response at home within two hours"
  * ^property[0].code = #csdsTeamType
  * ^property[0].valueCode = #51
  * ^property[1].code = #commissioner
  * ^property[1].valueCode = #nhs
  * ^property[2].code = #hasBeds
  * ^property[2].valueBoolean = false
* #reablement "Reablement" "Short-term help to do daily activities again"
  * ^property[0].code = #csdsTeamType
  * ^property[0].valueCode = #52
  * ^property[1].code = #commissioner
  * ^property[1].valueCode = #la
  * ^property[2].code = #hasBeds
  * ^property[2].valueBoolean = false
* #home-based-intermediate-care "Home-based intermediate care" "Rehabilitation and recovery at home by health and care staff"
  * ^property[0].code = #csdsTeamType
  * ^property[0].valueCode = #53
  * ^property[1].code = #commissioner
  * ^property[1].valueCode = #joint
  * ^property[2].code = #hasBeds
  * ^property[2].valueBoolean = false
* #bed-based-intermediate-care "Bed-based intermediate care" "Rehabilitation and recovery in a community bed"
  * ^property[0].code = #csdsTeamType
  * ^property[0].valueCode = #54
  * ^property[1].code = #commissioner
  * ^property[1].valueCode = #joint
  * ^property[2].code = #hasBeds
  * ^property[2].valueBoolean = true
* #virtual-ward "Virtual ward" "Acute care at home under a named consultant or GP, also called hospital at home; the national data set has no team type for it"
  * ^property[0].code = #commissioner
  * ^property[0].valueCode = #nhs
  * ^property[1].code = #hasBeds
  * ^property[1].valueBoolean = false
* #neighbourhood-team "Neighbourhood team" "Community nursing and social care of one neighbourhood"
  * ^property[0].code = #csdsTeamType
  * ^property[0].valueCode = #45
  * ^property[1].code = #commissioner
  * ^property[1].valueCode = #joint
  * ^property[2].code = #hasBeds
  * ^property[2].valueBoolean = false
* #rehab-therapy "Rehabilitation therapy" "Physiotherapy and occupational therapy in the community"
  * ^property[0].code = #csdsTeamType
  * ^property[0].valueCode = #29
  * ^property[1].code = #commissioner
  * ^property[1].valueCode = #nhs
  * ^property[2].code = #hasBeds
  * ^property[2].valueBoolean = false
* #community-nursing "Community nursing" "District and community nurses"
  * ^property[0].code = #csdsTeamType
  * ^property[0].valueCode = #12
  * ^property[1].code = #commissioner
  * ^property[1].valueCode = #nhs
  * ^property[2].code = #hasBeds
  * ^property[2].valueBoolean = false
* #equipment-adaptations "Equipment and adaptations" "Equipment at home and changes to the home"
  * ^property[0].code = #commissioner
  * ^property[0].valueCode = #joint
  * ^property[1].code = #hasBeds
  * ^property[1].valueBoolean = false
* #domiciliary-care "Domiciliary care" "Paid care at home"
  * ^property[0].code = #commissioner
  * ^property[0].valueCode = #la
  * ^property[1].code = #hasBeds
  * ^property[1].valueBoolean = false
* #care-transfer-hub "Care transfer hub" "The single function that coordinates discharges with support"
  * ^property[0].code = #commissioner
  * ^property[0].valueCode = #joint
  * ^property[1].code = #hasBeds
  * ^property[1].valueBoolean = false
* #voluntary-support "Voluntary support" "Help from voluntary and community organisations"
  * ^property[0].code = #commissioner
  * ^property[0].valueCode = #joint
  * ^property[1].code = #hasBeds
  * ^property[1].valueBoolean = false
* #end-of-life-support "End-of-life support" "Care at home in the last days and weeks"
  * ^property[0].code = #csdsTeamType
  * ^property[0].valueCode = #14
  * ^property[1].code = #commissioner
  * ^property[1].valueCode = #nhs
  * ^property[2].code = #hasBeds
  * ^property[2].valueBoolean = false

ValueSet: ICServiceLineVS
Id: ic-service-line
Title: "Service lines"
Description: "All codes of service lines."
* ^experimental = false
* include codes from system ICServiceLineCS

CodeSystem: ICReferralCategoryCS
Id: ic-referral-category
Title: "Referral categories"
Description: "Which way a request goes."
* insert Ours
* #discharge "Discharge" "A discharge plan, from ward to care-transfer hub"
* #step-down "Step-down" "From hospital or virtual ward to home or a bed"
* #step-up "Step-up" "From home, to avoid an admission"
* #transfer "Transfer" "From one team to another of the same line"
* #onward "Onward" "From one service to the next"

ValueSet: ICReferralCategoryVS
Id: ic-referral-category
Title: "Referral categories"
Description: "All codes of referral categories."
* ^experimental = false
* include codes from system ICReferralCategoryCS

ValueSet: ICReferralDirectionVS
Id: ic-referral-direction
Title: "Referral directions"
Description: "The categories of a referral to a team: all but discharge, which marks a plan."
* ^experimental = false
* ICReferralCategoryCS#step-down
* ICReferralCategoryCS#step-up
* ICReferralCategoryCS#transfer
* ICReferralCategoryCS#onward

ValueSet: ICReferralIntentVS
Id: ic-referral-intent
Title: "Referral intents"
Description: "Intents of a referral or discharge plan: our own are orders; plan and proposal come through booking-and-referral messages."
* ^experimental = false
* http://hl7.org/fhir/request-intent#order
* http://hl7.org/fhir/request-intent#plan
* http://hl7.org/fhir/request-intent#proposal

CodeSystem: ICUcrNeedCS
Id: ic-ucr-need
Title: "Needs for urgent community response"
Description: "The nine conditions or needs for which a two-hour response is asked."
* insert Ours
* #fall "Fall without apparent serious injury"
* #frailty "Decompensation of frailty"
* #reduced-function "Reduced function, deconditioning or mobility"
* #end-of-life "Palliative or end-of-life crisis"
* #equipment "Urgent equipment"
* #confusion "Confusion or delirium"
* #catheter "Urgent catheter care"
* #diabetes "Urgent support for diabetes"
* #carer-breakdown "Breakdown of unpaid care"

ValueSet: ICUcrNeedVS
Id: ic-ucr-need
Title: "Needs for urgent community response"
Description: "All codes of needs for urgent community response."
* ^experimental = false
* include codes from system ICUcrNeedCS

CodeSystem: ICReferralReasonCS
Id: ic-referral-reason
Title: "Referral reasons"
Description: "Why a person is referred, beyond the needs for an urgent response. A SNOMED CT code may be used where none fits."
* insert Ours
* #reablement-after-hospital "Reablement after a hospital stay"
* #reablement-at-home "Reablement to stay at home"
* #rehabilitation "Rehabilitation and recovery"
* #acute-care-at-home "Acute care at home instead of in hospital"
* #falls-prevention "Prevention of falls"
* #wound-care "Wound care"
* #medicines "Help with medicines"
* #personal-care "Help with personal care"
* #equipment "Equipment or adaptation of the home"
* #end-of-life "End-of-life care"
* #social-support "Social support and signposting"
* #assessment "Assessment at home"

ValueSet: ICReferralReasonVS
Id: ic-referral-reason
Title: "Referral reasons"
Description: "The reasons of a referral: the needs for an urgent response and the others."
* ^experimental = false
* include codes from system ICReferralReasonCS
* include codes from system ICUcrNeedCS

CodeSystem: ICPlaceOfCareCS
Id: ic-place-of-care
Title: "Places of care"
Description: "Kinds of place where a person is cared for."
* insert Ours
* #home "Own home"
* #care-home "Care home"
* #temporary "Temporary residence"
* #bed-unit "Community bed unit"
* #hospital "Hospital"

ValueSet: ICPlaceOfCareVS
Id: ic-place-of-care
Title: "Places of care"
Description: "All codes of places of care."
* ^experimental = false
* include codes from system ICPlaceOfCareCS

CodeSystem: ICEntryRouteCS
Id: ic-entry-route
Title: "Entry routes"
Description: "From where a person came into a service."
* insert Ours
* #step-up "Step-up" "From home"
* #step-down "Step-down" "From hospital"

ValueSet: ICEntryRouteVS
Id: ic-entry-route
Title: "Entry routes"
Description: "All codes of entry routes."
* ^experimental = false
* include codes from system ICEntryRouteCS

