// What everybody who visits must know, and what the person does not want: Flag and Consent,
// <https://hl7.org/fhir/R4/flag.html>, <https://hl7.org/fhir/R4/consent.html>.

Profile: HFFlag
Parent: Flag
Id: HFFlag
Title: "Flag for those who visit"
Description: "Safeguarding, safety of the scene, infection, adjustments: short, and seen before the door opens. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* status MS
  * ^short = "inactive when it no longer holds"
  * ^comment = "Support: stored and returned."
* category 1..1 MS
  * ^short = "The kind of flag, by the codes of booking-and-referral messages"
  * ^comment = "Support: stored and returned."
* category from ic-flag-category (required)
* code 1..1 MS
  * ^short = "What it is, in words at least"
  * ^comment = "Support: stored and returned."
* subject 1..1 MS
  * ^short = "The person, or the place"
  * ^comment = "Support: searched with `patient` and `subject`."
* subject only Reference(Patient or Location)
* period MS
  * ^short = "From when to when it holds"
  * ^comment = "Support: searched with `date`."
* author MS
  * ^short = "Who says so"
  * ^comment = "Support: searched with `author`."

CodeSystem: ICFlagCategoryCS
Id: ic-flag-category
Title: "Flag categories"
Description: "Kinds of flag, with the codes that booking-and-referral messages have for them."
* insert Ours
* #SG "Safeguarding"
* #SS "Safety of the scene"
* #RS "Services that rejected the referral before"
* #RA "Reasonable adjustment"
* #IR "Risk of infection"
* #RT "ReSPECT form" "A recommended summary plan for emergency care and treatment exists"
* #CW "Call warning"

ValueSet: ICFlagCategoryVS
Id: ic-flag-category
Title: "Flag categories"
Description: "All codes of flag categories."
* ^experimental = false
* include codes from system ICFlagCategoryCS


Profile: HFConsent
Parent: Consent
Id: HFConsent
Title: "Preferences of the person"
Description: "What the person allows or objects to, by organisation, role or purpose. It records preferences; sharing for direct care rests on the law and not on this. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys hf-consent-1
* status MS
  * ^short = "active counts; everything else is history"
  * ^comment = "Support: searched with `status`."
* scope MS
  * ^short = "patient-privacy: who may see the record"
  * ^comment = "Support: searched with `scope`."
* scope = http://terminology.hl7.org/CodeSystem/consentscope#patient-privacy
* category MS
  * ^short = "What kind of consent"
  * ^comment = "Support: searched with `category`."
* patient 1..1 MS
  * ^short = "Whose record it is about"
  * ^comment = "Support: searched with `patient`."
* dateTime 1..1 MS
  * ^short = "When the person said so: of two, the later counts"
  * ^comment = "Support: searched with `date`."
* performer 1..* MS
  * ^short = "The person, or who speaks for the person"
  * ^comment = "Support: searched with `consentor`."
* organization MS
  * ^short = "Where it is kept"
  * ^comment = "Support: searched with `organization`."
* provision 1..1 MS
  * ^short = "What is allowed or objected to"
  * ^comment = "Support: stored and returned."
* provision.type 1..1 MS
  * ^short = "deny: an objection; permit: an exception from one"
  * ^comment = "Support: stored and returned."
* provision.actor MS
  * ^short = "Organisations and roles that it is about"
  * ^comment = "Support: searched with `actor`."
* provision.purpose MS
  * ^short = "Purposes that it is about"
  * ^comment = "Support: searched with `purpose`."

Invariant: hf-consent-1
Description: "An objection says to whom or to which purpose, because one against everybody would end the care: send actor, purpose or class in the provision."
Severity: #error
Expression: "provision.where(type = 'deny').all(actor.exists() or purpose.exists() or class.exists() or provision.exists())"
