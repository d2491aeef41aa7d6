// The person: Patient, <https://hl7.org/fhir/R4/patient.html>.
//
// Derived from the base type. The elements that UKCore-Patient 2.6.1 marks must-support (identifier, active, name, telecom, gender,
// birthDate, address, managingOrganization) are restated, and its NHS number slice and extensions are used by url.

Profile: HFPatient
Parent: Patient
Id: HFPatient
Title: "Person in intermediate care"
Description: "A person, with the NHS number where there is one and a reason or a local number where there is none: nobody is turned away for the want of a number. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* obeys IC-REF-02 and hf-patient-1
* extension contains Extension-UKCore-NHSNumberUnavailableReason named nhsNumberUnavailableReason 0..1 MS
* extension[nhsNumberUnavailableReason] ^short = "Why there is no NHS number, so that nobody looks for it again"
* extension[nhsNumberUnavailableReason] ^comment = "Support: stored and returned."
* identifier MS
  * ^slicing.discriminator.type = #value
  * ^slicing.discriminator.path = "system"
  * ^slicing.rules = #open
  * ^short = "The NHS number, and local numbers"
  * ^comment = "Support: searched with `identifier`; chained from referrals and Tasks as `patient.identifier`."
* identifier contains nhsNumber 0..1 MS
* identifier[nhsNumber].extension contains Extension-UKCore-NHSNumberVerificationStatus named verificationStatus 0..1 MS
* identifier[nhsNumber].system 1..1
* identifier[nhsNumber].system = $nhs-number
* identifier[nhsNumber].value 1..1
  * ^short = "Ten digits, the last of which checks the others"
* active MS
  * ^short = "false for a record that was merged into another"
  * ^comment = "Support: searched with `active`."
* name 1..* MS
  * ^short = "A name, or 'unknown': a team must be able to ask for somebody"
  * ^comment = "Support: searched with `name`, `family` and `given`."
* telecom MS
  * ^short = "How to reach the person or who opens the door"
  * ^comment = "Support: searched with `phone` and `email`."
* gender MS
  * ^short = "Administrative gender"
  * ^comment = "Support: searched with `gender`."
* birthDate 1..1 MS
  * ^short = "Needed to match the person, and because the national measures are by age"
  * ^comment = "Support: searched with `birthdate`."
* deceased[x] MS
  * ^short = "Ends everything that is open for the person"
  * ^comment = "Support: told in `person-died`."
* address MS
  * ^short = "Where the person is to be seen"
  * ^comment = "Support: searched with `address`."
* address.postalCode MS
  * ^short = "Decides which team covers the home"
  * ^comment = "Support: searched with `address-postalcode`."
* communication MS
  * ^short = "Which language, and whether an interpreter is wanted"
  * ^comment = "Support: searched with `language`."
* generalPractitioner MS
  * ^short = "The practice: told how the episode ended"
  * ^comment = "Support: searched with `general-practitioner`."
* managingOrganization MS
  * ^short = "Who keeps this record"
  * ^comment = "Support: searched with `organization`; decides who may write."

// Weights 10 to 2 for the first nine digits; eleven minus the remainder of the sum by eleven is the tenth, eleven counting as nought.
Invariant: IC-REF-02
Description: "An NHS number has ten digits without spaces, the last of which checks the others; one that is marked as verified is there: look the number up again, or leave it out."
Severity: #error
Expression: "identifier.where(system = 'https://fhir.nhs.uk/Id/nhs-number').all((value.exists() implies (value.matches('^[0-9]{10}$') and ((11 - ((value.substring(0, 1).toInteger() * 10 + value.substring(1, 1).toInteger() * 9 + value.substring(2, 1).toInteger() * 8 + value.substring(3, 1).toInteger() * 7 + value.substring(4, 1).toInteger() * 6 + value.substring(5, 1).toInteger() * 5 + value.substring(6, 1).toInteger() * 4 + value.substring(7, 1).toInteger() * 3 + value.substring(8, 1).toInteger() * 2) mod 11)) mod 11) = value.substring(9, 1).toInteger())) and (extension('https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus').value.coding.where(code = '01' or code = 'number-present-and-verified').exists() implies value.exists()))"

Invariant: hf-patient-1
Description: "A person without an NHS number has another number, or the reason why there is none: send a local identifier, or the extension NHSNumberUnavailableReason of UK Core."
Severity: #error
Expression: "identifier.where(value.exists()).exists() or extension('https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberUnavailableReason').exists()"
