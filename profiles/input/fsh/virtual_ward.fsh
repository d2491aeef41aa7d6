// The virtual ward, or hospital at home: acute care under a named clinician, <https://hl7.org/fhir/R4/servicerequest.html>.

Profile: HFVirtualWardReferral
Parent: HFReferral
Id: HFVirtualWardReferral
Title: "Referral to a virtual ward"
Description: "A referral for acute care at home, from home instead of an admission (step-up) or from hospital to leave earlier (step-down). Must support: as for every referral."
* extension contains
    ic-virtual-ward-pathway named pathway 0..1 MS and
    ic-responsible-clinician named responsibleClinician 1..1 MS
* extension[entryRoute] 1..1 MS
* extension[entryRoute] ^short = "step-up or step-down: the national figures are kept apart"
* extension[entryRoute] ^comment = "Support: stored and returned; the episode has it too."
* extension[pathway] ^short = "Frailty, acute respiratory infection or another: wards have their own capacity for each"
* extension[pathway] ^comment = "Support: stored and returned."
* extension[responsibleClinician] ^short = "The consultant or GP who answers for the person: no virtual ward without one"
* extension[responsibleClinician] ^comment = "Support: stored and returned."
* code = $ic-service-line#virtual-ward

CodeSystem: ICVirtualWardPathwayCS
Id: ic-virtual-ward-pathway
Title: "Virtual ward pathways"
Description: "Kinds of illness that virtual wards take."
* insert Ours
* #frailty "Frailty"
* #acute-respiratory-infection "Acute respiratory infection"
* #heart-failure "Heart failure"
* #other "Other"

ValueSet: ICVirtualWardPathwayVS
Id: ic-virtual-ward-pathway
Title: "Virtual ward pathways"
Description: "All codes of virtual ward pathways."
* ^experimental = false
* include codes from system ICVirtualWardPathwayCS
