// Restated from UK Core: copyright HL7 UK, Apache License 2.0. The definitions there are the ones that count; they are here because
// UK Core is not distributed as a package that the tools used here can fetch.

RuleSet: OfUKCore(version)
* ^version = "{version}"
* ^publisher = "HL7 UK"
* ^copyright = "Copyright © 2021+ HL7 UK. Licensed under the Apache License, Version 2.0, http://www.apache.org/licenses/LICENSE-2.0."

Extension: ExtensionUKCoreSourceOfServiceRequest
Id: Extension-UKCore-SourceOfServiceRequest
Title: "Extension UK Core Source Of Service Request"
Description: "This extension describes the source of the Service Request."
Context: ServiceRequest
* ^url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest"
* insert OfUKCore(1.2.0)
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from $UKCoreSourceOfServiceRequest (preferred)

Extension: ExtensionUKCoreNHSNumberVerificationStatus
Id: Extension-UKCore-NHSNumberVerificationStatus
Title: "Extension UK Core NHS Number Verification Status"
Description: "Information describing the verification and tracing status of a patient's NHS Number."
Context: Patient.identifier
* ^url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
* insert OfUKCore(2.1.0)
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from ic-nhs-number-verification-status (required)

Extension: ExtensionUKCoreNHSNumberUnavailableReason
Id: Extension-UKCore-NHSNumberUnavailableReason
Title: "Extension UK Core NHS Number Unavailable Reason"
Description: "This extends the Patient resource to support the exchange of information about the reason why a patient does not have an NHS Number."
Context: Patient
* ^url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberUnavailableReason"
* insert OfUKCore(1.0.0)
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from ic-nhs-number-unavailable-reason (extensible)

ValueSet: ICNHSNumberVerificationStatusVS
Id: ic-nhs-number-verification-status
Title: "NHS number verification statuses"
Description: "The codes of UK Core's England code system, version 1.1.1, and of the retired one, version 2.1.0, which is still sent: named one by one."
* ^experimental = false
* $UKCoreNHSNumberVerificationStatusEngland#01 "Number present and verified"
* $UKCoreNHSNumberVerificationStatusEngland#02 "Number present but not traced"
* $UKCoreNHSNumberVerificationStatusEngland#03 "Trace required"
* $UKCoreNHSNumberVerificationStatusEngland#04 "Trace attempted - No match or multiple match found"
* $UKCoreNHSNumberVerificationStatusEngland#05 "Trace needs to be resolved - (NHS number or patient detail conflict)"
* $UKCoreNHSNumberVerificationStatusEngland#06 "Trace in progress"
* $UKCoreNHSNumberVerificationStatusEngland#07 "Number not present and trace not required"
* $UKCoreNHSNumberVerificationStatusEngland#08 "Trace postponed (baby under six weeks old)"
* $UKCoreNHSNumberVerificationStatus#number-present-and-verified "Number present and verified"
* $UKCoreNHSNumberVerificationStatus#number-present-but-not-traced "Number present but not traced"
* $UKCoreNHSNumberVerificationStatus#trace-required "Trace required"
* $UKCoreNHSNumberVerificationStatus#trace-attempted "Trace attempted - No match or multiple match found"
* $UKCoreNHSNumberVerificationStatus#trace-needs-to-be-resolved "Trace needs to be resolved - (NHS number or patient detail conflict)"
* $UKCoreNHSNumberVerificationStatus#trace-in-progress "Trace in progress"
* $UKCoreNHSNumberVerificationStatus#number-not-present-and-trace-not-required "Number not present and trace not required"
* $UKCoreNHSNumberVerificationStatus#trace-postponed "Trace postponed (baby under six weeks old)"
* $UKCoreNHSNumberVerificationStatus#number-present-and-traced-using-welsh-nhs-ar "Number present and traced using Welsh NHS AR"

ValueSet: ICNHSNumberUnavailableReasonVS
Id: ic-nhs-number-unavailable-reason
Title: "Reasons why an NHS number is not available"
Description: "The codes of UK Core's code system, version 1.0.0, named one by one."
* ^experimental = false
* $UKCoreNHSNumberUnavailableReason#nhs-number-not-known "NHS number not known"
* $UKCoreNHSNumberUnavailableReason#overseas-patient "Overseas patient"
* $UKCoreNHSNumberUnavailableReason#devolved-nation "Devolved nation"
