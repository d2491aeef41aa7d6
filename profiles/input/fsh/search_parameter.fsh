// Search parameters beyond R4's own, <https://hl7.org/fhir/R4/searchparameter.html>: what a team's list is filtered and sorted by.

RuleSet: SearchBy(type, code, kind)
* url = "https://homefirst.example/fhir/SearchParameter/{type}-{code}"
* version = "0.1.0"
* name = "{code}"
* status = #active
* code = #{code}
* base = #{type}
* type = #{kind}

Instance: ServiceRequest-service-line
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, service-line, token)
* description = "The service line asked for; the same as code."
* expression = "ServiceRequest.code"

Instance: ServiceRequest-pathway
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, pathway, token)
* description = "The recommended discharge pathway."
* expression = "ServiceRequest.extension('https://homefirst.example/fhir/StructureDefinition/ic-discharge').extension('recommendedPathway').value"

Instance: ServiceRequest-discharge-state
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, discharge-state, token)
* description = "Where the discharge stands."
* expression = "ServiceRequest.extension('https://homefirst.example/fhir/StructureDefinition/ic-discharge').extension('state').value"

Instance: ServiceRequest-discharge-ready
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, discharge-ready, date)
* description = "The discharge-ready date."
* expression = "ServiceRequest.extension('https://homefirst.example/fhir/StructureDefinition/ic-discharge').extension('dischargeReadyDate').value"

Instance: ServiceRequest-planned-discharge
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, planned-discharge, date)
* description = "When the person is to leave."
* expression = "ServiceRequest.extension('https://homefirst.example/fhir/StructureDefinition/ic-discharge').extension('plannedDischarge').value"

Instance: ServiceRequest-actual-discharge
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, actual-discharge, date)
* description = "When the person left."
* expression = "ServiceRequest.extension('https://homefirst.example/fhir/StructureDefinition/ic-discharge').extension('actualDischarge').value"

Instance: ServiceRequest-delay-reason
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, delay-reason, token)
* description = "Any reason of delay."
* expression = "ServiceRequest.extension('https://homefirst.example/fhir/StructureDefinition/ic-discharge').extension('delay').extension('reason').value"

Instance: ServiceRequest-referral-source
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, referral-source, token)
* description = "Who referred."
* expression = "ServiceRequest.extension('https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest').value"

Instance: ServiceRequest-journey
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, journey, token)
* description = "The number of the journey."
* expression = "ServiceRequest.requisition"

Instance: ServiceRequest-clock-start
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(ServiceRequest, clock-start, date)
* description = "When the clock of the two-hour standard starts."
* expression = "ServiceRequest.extension('https://homefirst.example/fhir/StructureDefinition/ic-clock-start').value"

Instance: Task-clock-kind
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(Task, clock-kind, token)
* description = "What a clock of the Task measures."
* expression = "Task.extension('https://homefirst.example/fhir/StructureDefinition/ic-clock').extension('kind').value"

Instance: Task-clock-status
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(Task, clock-status, token)
* description = "Where a clock of the Task stands."
* expression = "Task.extension('https://homefirst.example/fhir/StructureDefinition/ic-clock').extension('status').value"

Instance: Task-clock-due
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(Task, clock-due, date)
* description = "When a clock of the Task is due."
* expression = "Task.extension('https://homefirst.example/fhir/StructureDefinition/ic-clock').extension('due').value"

Instance: Task-first-contact
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(Task, first-contact, date)
* description = "When the person was first seen."
* expression = "Task.output.where(type.coding.where(system = 'https://homefirst.example/fhir/CodeSystem/ic-task-output' and code = 'first-contact').exists()).value"

Instance: Task-status-reason
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(Task, status-reason, token)
* description = "Why the Task was rejected, cancelled, failed or put on hold."
* expression = "Task.statusReason"

Instance: EpisodeOfCare-journey
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(EpisodeOfCare, journey, token)
* description = "The number of the journey."
* expression = "EpisodeOfCare.identifier.where(system='https://homefirst.example/fhir/Id/journey-id')"

Instance: EpisodeOfCare-outcome
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(EpisodeOfCare, outcome, token)
* description = "How the episode ended."
* expression = "EpisodeOfCare.extension('https://homefirst.example/fhir/StructureDefinition/ic-outcome').value"

Instance: EpisodeOfCare-entry-route
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(EpisodeOfCare, entry-route, token)
* description = "From where the person came."
* expression = "EpisodeOfCare.extension('https://homefirst.example/fhir/StructureDefinition/ic-entry-route').value"

Instance: EpisodeOfCare-service-line
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(EpisodeOfCare, service-line, token)
* description = "The service line; the same as type."
* expression = "EpisodeOfCare.type"

Instance: EpisodeOfCare-expected-end
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(EpisodeOfCare, expected-end, date)
* description = "When the episode is expected to end."
* expression = "EpisodeOfCare.extension('https://homefirst.example/fhir/StructureDefinition/ic-expected-end').value"

Instance: Observation-score-point
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(Observation, score-point, token)
* description = "At which point of the episode a score was taken."
* expression = "Observation.extension('https://homefirst.example/fhir/StructureDefinition/ic-score-point').value"

Instance: Observation-episode
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(Observation, episode, reference)
* description = "The episode that a score belongs to."
* expression = "Observation.extension('https://homefirst.example/fhir/StructureDefinition/ic-episode').value"
* target = #EpisodeOfCare

Instance: EpisodeOfCare-over-limit
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(EpisodeOfCare, over-limit, token)
* description = "Whether the episode was open for more than six weeks: true or false."
* expression = "EpisodeOfCare.select(extension('https://homefirst.example/fhir/StructureDefinition/ic-reminder').where(extension('kind').value = 'episode-over-limit').exists())"

Instance: HealthcareService-has-capacity
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(HealthcareService, has-capacity, token)
* description = "Whether the team has said that it has a free place or bed: true or false."
* expression = "HealthcareService.select(extension('https://homefirst.example/fhir/StructureDefinition/ic-capacity').where(extension('free').value > 0).exists())"

Instance: CarePlan-hours-change
InstanceOf: SearchParameter
Usage: #definition
* insert SearchBy(CarePlan, hours-change, number)
* description = "How many weekly hours of care the plan has more (or, below zero, fewer) in the last of its entries than in the first."
* expression = "CarePlan.select(extension('https://homefirst.example/fhir/StructureDefinition/ic-weekly-care-hours').last().extension('hours').value - extension('https://homefirst.example/fhir/StructureDefinition/ic-weekly-care-hours').first().extension('hours').value)"
