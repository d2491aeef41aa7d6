// Names for the addresses used more than once. Ours all start with the canonical base of sushi-config.yaml.

Alias: $HF = https://homefirst.example/fhir
Alias: $journey = https://homefirst.example/fhir/Id/journey-id

Alias: $ic-service-line = https://homefirst.example/fhir/CodeSystem/ic-service-line
Alias: $ic-referral-category = https://homefirst.example/fhir/CodeSystem/ic-referral-category
Alias: $ic-referral-reason = https://homefirst.example/fhir/CodeSystem/ic-referral-reason
Alias: $ic-ucr-need = https://homefirst.example/fhir/CodeSystem/ic-ucr-need
Alias: $ic-task-output = https://homefirst.example/fhir/CodeSystem/ic-task-output
Alias: $ic-task-input = https://homefirst.example/fhir/CodeSystem/ic-task-input
Alias: $ic-careplan-category = https://homefirst.example/fhir/CodeSystem/ic-careplan-category
Alias: $ic-delay-reason = https://homefirst.example/fhir/CodeSystem/ic-delay-reason

Alias: $task-code = http://hl7.org/fhir/CodeSystem/task-code
Alias: $sct = http://snomed.info/sct
Alias: $request-statusReason = http://hl7.org/fhir/StructureDefinition/request-statusReason

// UK Core is not distributed as a package that can be fetched by the tools used here; these are addresses only.
Alias: $UKCoreSourceOfServiceRequest = https://fhir.hl7.org.uk/ValueSet/UKCore-SourceOfServiceRequest
Alias: $UKCoreDischargeDestinationEngland = https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland
Alias: $UKCoreDischargeMethodEngland = https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeMethodEngland
Alias: $UKCoreNHSNumberVerificationStatusEngland = https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland
Alias: $UKCoreNHSNumberVerificationStatus = https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus
Alias: $UKCoreNHSNumberUnavailableReason = https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberUnavailableReason
Alias: $nhs-number = https://fhir.nhs.uk/Id/nhs-number
Alias: $ic-score-instrument = https://homefirst.example/fhir/CodeSystem/ic-score-instrument
Alias: $ic-activity-type = https://homefirst.example/fhir/CodeSystem/ic-activity-type
