// The two-hour response: a referral whose clock runs from the call, <https://hl7.org/fhir/R4/servicerequest.html>.

Profile: HFUCRReferral
Parent: HFReferral
Id: HFUCRReferral
Title: "Referral to urgent community response"
Description: "A referral that is to be answered at home within two hours. The clock starts when the service or its single point of access receives the call, and no redirect starts it anew. Must support: as for every referral."
* obeys hf-ucr-1 and IC-UCR-03
* extension[clockStart] ^short = "When the service or its single point of access received the call: nothing is urgent without it (IC-UCR-01)"
* extension[placeOfCare] ^short = "home, care-home or temporary: elsewhere the two-hour standard does not apply (IC-UCR-03)"
* code = $ic-service-line#urgent-community-response
* reasonCode from ic-ucr-need (extensible)
  * ^short = "One of the nine needs; the list is extensible because the national one could not be read in full"

// A downgrade is allowed (IC-UCR-04), so this is a warning.
Invariant: hf-ucr-1
Description: "A referral for urgent community response is stat, and with another priority the two-hour clock does not run: send the priority stat if the person is to be seen within two hours."
Severity: #warning
Expression: "priority = 'stat'"

Invariant: IC-UCR-03
Description: "Urgent community response is given at home, in a care home or a temporary residence, and the referral says where: send ic-place-of-care with home, care-home or temporary."
Severity: #warning
Expression: "extension('https://homefirst.example/fhir/StructureDefinition/ic-place-of-care').value.where($this = 'home' or $this = 'care-home' or $this = 'temporary').exists()"
