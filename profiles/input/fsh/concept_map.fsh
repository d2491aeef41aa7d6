// From our codes to those of others, <https://hl7.org/fhir/R4/conceptmap.html>, for national returns and partners' systems.
//
// Where the other side publishes no FHIR code system, its codes stand in one of ours, marked as a part of theirs. What could not
// be read in its source is marked as experimental: a store may hold a map of its own under another url and use that.

RuleSet: MapOf(id, title)
* url = "https://homefirst.example/fhir/ConceptMap/{id}"
* version = "0.1.0"
* name = "{title}"
* status = #active

RuleSet: To(group, index, code, target, equivalence)
* group[{group}].element[{index}].code = #{code}
* group[{group}].element[{index}].target.code = #{target}
* group[{group}].element[{index}].target.equivalence = #{equivalence}

RuleSet: ToAbout(group, index, code, target, comment)
* group[{group}].element[{index}].code = #{code}
* group[{group}].element[{index}].target.code = #{target}
* group[{group}].element[{index}].target.equivalence = #inexact
* group[{group}].element[{index}].target.comment = "{comment}"

RuleSet: ToNothing(group, index, code, comment)
* group[{group}].element[{index}].code = #{code}
* group[{group}].element[{index}].target.equivalence = #unmatched
* group[{group}].element[{index}].target.comment = "{comment}"

RuleSet: Theirs
* ^caseSensitive = true
* ^content = #fragment
* ^experimental = false

CodeSystem: ICCsdsTeamTypeCS
Id: ic-csds-team-type
Title: "Team types of the Community Services Data Set"
Description: "The team types of the Community Services Data Set 1.6 that intermediate care is counted under."
* insert Theirs
* #12 "District nursing"
* #14 "End of life care"
* #29 "Rehabilitation"
* #45 "Multidisciplinary or neighbourhood team"
* #49 "Urgent care"
* #51 "Crisis response intermediate care"
* #52 "Reablement intermediate care"
* #53 "Home-based intermediate care"
* #54 "Community bed-based intermediate care"

CodeSystem: ICCsdsPriorityCS
Id: ic-csds-priority
Title: "Priorities of the Community Services Data Set"
Description: "Priority type codes."
* insert Theirs
* #1 "Routine"
* #2 "Urgent"

CodeSystem: ICDosRejectReasonCS
Id: ic-dos-reject-reason
Title: "Reject reasons of the Directory of Services"
Description: "Why a service in the Directory of Services turned a referral down."
* insert Theirs
* #21 "Transport"
* #22 "Capacity"
* #23 "Not clinically appropriate"
* #24 "Declined"
* #26 "Patient choice"
* #27 "Uncontactable"
* #40 "Not eligible"
* #42 "Distance"
* #99 "Other"

CodeSystem: ICAscof2aSequelCS
Id: ic-ascof-2a-sequel
Title: "Sequels of the measure ASCOF 2A"
Description: "What followed a short-term service, as the Adult Social Care Outcomes Framework counts it."
* insert Theirs
* #long-term-community "Long-term support in the community"
* #long-term-residential "Long-term residential care"
* #long-term-nursing "Long-term nursing care"
* #ongoing-low-level "Short-term support: ongoing low level"
* #short-term-other "Short-term support: other"
* #no-further-action "No further action"
* #deceased "Deceased" "Out of the denominator"
* #admitted-to-hospital "Admitted to hospital" "Out of the denominator"
* #declined "Declined, or paid for by the person" "Out of the denominator"

CodeSystem: ICInterweaveServiceCS
Id: ic-interweave-service
Title: "Service types of the Yorkshire and Humber record"
Description: "Types of social care service in the regional record of Yorkshire and Humber (Interweave)."
* insert Theirs
* #R "Reablement"
* #HS "Home support"
* #EQ "Equipment"
* #EOL "End of life"

Instance: ic-service-line-to-csds
InstanceOf: ConceptMap
Usage: #definition
Title: "Service line to CSDS team type"
* insert MapOf(ic-service-line-to-csds, ServiceLineToCSDS)
* title = "Service line to CSDS team type"
* description = "Under which team type an episode is reported. The data set has none for virtual wards."
* sourceCanonical = "https://homefirst.example/fhir/ValueSet/ic-service-line"
* group[0].source = "https://homefirst.example/fhir/CodeSystem/ic-service-line"
* group[0].target = "https://homefirst.example/fhir/CodeSystem/ic-csds-team-type"
* insert To(0, 0, urgent-community-response, 51, equivalent)
* insert To(0, 1, reablement, 52, equivalent)
* insert To(0, 2, home-based-intermediate-care, 53, equivalent)
* insert To(0, 3, bed-based-intermediate-care, 54, equivalent)
* insert To(0, 4, neighbourhood-team, 45, wider)
* insert To(0, 5, rehab-therapy, 29, wider)
* insert To(0, 6, community-nursing, 12, wider)
* insert To(0, 7, end-of-life-support, 14, wider)
* insert ToNothing(0, 8, virtual-ward, The data set has no team type for virtual wards)

Instance: ic-discharge-destination-to-pathway
InstanceOf: ConceptMap
Usage: #definition
Title: "Discharge destination to pathway"
* insert MapOf(ic-discharge-destination-to-pathway, DischargeDestinationToPathway)
* title = "Discharge destination to pathway"
* description = "Which pathways a destination can stand for; whether there are new needs decides between them. A transfer to another hospital is no pathway."
* sourceCanonical = "https://homefirst.example/fhir/ValueSet/ic-discharge-destination"
* targetCanonical = "https://homefirst.example/fhir/ValueSet/ic-pathway"
* group[0].source = $UKCoreDischargeDestinationEngland
* group[0].target = "https://homefirst.example/fhir/CodeSystem/ic-pathway"
* group[0].element[0].code = #19
* group[0].element[0].target[0].code = #P0
* group[0].element[0].target[0].equivalence = #inexact
* group[0].element[0].target[0].comment = "Without new or additional needs"
* group[0].element[0].target[1].code = #P1
* group[0].element[0].target[1].equivalence = #inexact
* group[0].element[0].target[1].comment = "With new or additional needs"
* group[0].element[1].code = #29
* group[0].element[1].target[0].code = #P0
* group[0].element[1].target[0].equivalence = #inexact
* group[0].element[1].target[0].comment = "Without new or additional needs"
* group[0].element[1].target[1].code = #P1
* group[0].element[1].target[1].equivalence = #inexact
* group[0].element[1].target[1].comment = "With new or additional needs"
* group[0].element[2].code = #54
* group[0].element[2].target[0].code = #P2
* group[0].element[2].target[0].equivalence = #inexact
* group[0].element[2].target[0].comment = "For a time, to recover"
* group[0].element[2].target[1].code = #P3
* group[0].element[2].target[1].equivalence = #inexact
* group[0].element[2].target[1].comment = "Likely to be permanent"
* group[0].element[3].code = #55
* group[0].element[3].target[0].code = #P2
* group[0].element[3].target[0].equivalence = #inexact
* group[0].element[3].target[0].comment = "For a time, to recover"
* group[0].element[3].target[1].code = #P3
* group[0].element[3].target[1].equivalence = #inexact
* group[0].element[3].target[1].comment = "Likely to be permanent"
* group[0].element[4].code = #56
* group[0].element[4].target[0].code = #P2
* group[0].element[4].target[0].equivalence = #inexact
* group[0].element[4].target[0].comment = "For a time, to recover"
* group[0].element[4].target[1].code = #P3
* group[0].element[4].target[1].equivalence = #inexact
* group[0].element[4].target[1].comment = "Likely to be permanent"
* group[0].element[5].code = #65
* group[0].element[5].target[0].code = #P2
* group[0].element[5].target[0].equivalence = #inexact
* group[0].element[5].target[0].comment = "For a time, to recover"
* group[0].element[5].target[1].code = #P3
* group[0].element[5].target[1].equivalence = #inexact
* group[0].element[5].target[1].comment = "Likely to be permanent"
* group[0].element[6].code = #85
* group[0].element[6].target[0].code = #P2
* group[0].element[6].target[0].equivalence = #inexact
* group[0].element[6].target[0].comment = "For a time, to recover"
* group[0].element[6].target[1].code = #P3
* group[0].element[6].target[1].equivalence = #inexact
* group[0].element[6].target[1].comment = "Likely to be permanent"
* insert ToNothing(0, 7, 51, A transfer to another hospital)
* insert ToNothing(0, 8, 87, A transfer to another hospital)

Instance: ic-priority-to-csds
InstanceOf: ConceptMap
Usage: #definition
Title: "Priority to CSDS priority"
* insert MapOf(ic-priority-to-csds, PriorityToCSDS)
* title = "Priority to CSDS priority"
* experimental = true
* description = "The priority of a national return. The codes of the data set could not be read in its source, so this map is experimental."
* sourceCanonical = "http://hl7.org/fhir/ValueSet/request-priority"
* group[0].source = "http://hl7.org/fhir/request-priority"
* group[0].target = "https://homefirst.example/fhir/CodeSystem/ic-csds-priority"
* insert To(0, 0, routine, 1, equivalent)
* insert To(0, 1, urgent, 2, equivalent)
* insert To(0, 2, asap, 2, wider)
* insert To(0, 3, stat, 2, wider)

Instance: ic-task-status-to-bars
InstanceOf: ConceptMap
Usage: #definition
Title: "Task status to the status in a booking-and-referral response"
* insert MapOf(ic-task-status-to-bars, TaskStatusToBaRS)
* title = "Task status to the status in a booking-and-referral response"
* description = "Which status of the request the response to the referrer carries: active in the interim response, revoked when the team rejected, completed in the final one."
* sourceCanonical = "http://hl7.org/fhir/ValueSet/task-status"
* targetCanonical = "http://hl7.org/fhir/ValueSet/request-status"
* group[0].source = "http://hl7.org/fhir/task-status"
* group[0].target = "http://hl7.org/fhir/request-status"
* insert To(0, 0, in-progress, active, equivalent)
* insert To(0, 1, rejected, revoked, equivalent)
* insert To(0, 2, failed, revoked, wider)
* insert To(0, 3, cancelled, revoked, wider)
* insert To(0, 4, completed, completed, equivalent)
* insert To(0, 5, entered-in-error, entered-in-error, equivalent)

Instance: ic-care-plan-status-to-bars
InstanceOf: ConceptMap
Usage: #definition
Title: "Care plan status to the status in a booking-and-referral response"
* insert MapOf(ic-care-plan-status-to-bars, CarePlanStatusToBaRS)
* title = "Care plan status to the status in a booking-and-referral response"
* description = "Which status of the request the response to the referrer carries beside a care plan: active in the interim response, completed in the final one. A plan on hold is still active for the referrer, and one that is a draft is not sent."
* sourceCanonical = "http://hl7.org/fhir/ValueSet/request-status"
* targetCanonical = "http://hl7.org/fhir/ValueSet/request-status"
* group[0].source = "http://hl7.org/fhir/request-status"
* group[0].target = "http://hl7.org/fhir/request-status"
* insert To(0, 0, active, active, equivalent)
* insert To(0, 1, on-hold, active, wider)
* insert To(0, 2, revoked, revoked, equivalent)
* insert To(0, 3, completed, completed, equivalent)
* insert To(0, 4, entered-in-error, entered-in-error, equivalent)
* insert ToNothing(0, 5, draft, A draft is not sent)
* insert ToNothing(0, 6, unknown, A plan here never has the status unknown)

Instance: ic-status-reason-to-dos
InstanceOf: ConceptMap
Usage: #definition
Title: "Status reason to reject reasons"
* insert MapOf(ic-status-reason-to-dos, StatusReasonToRejectReasons)
* title = "Status reason to reject reasons"
* description = "Why a team turned a referral down, for the Directory of Services and for booking-and-referral messages."
* sourceCanonical = "https://homefirst.example/fhir/ValueSet/ic-status-reason"
* group[0].source = "https://homefirst.example/fhir/CodeSystem/ic-status-reason"
* group[0].target = "https://homefirst.example/fhir/CodeSystem/ic-dos-reject-reason"
* insert To(0, 0, capacity, 22, equivalent)
* insert To(0, 1, not-clinically-appropriate, 23, equivalent)
* insert To(0, 2, patient-declined, 24, equivalent)
* insert To(0, 3, uncontactable, 27, equivalent)
* insert To(0, 4, not-eligible, 40, equivalent)
* insert ToAbout(0, 5, out-of-area, 42, The nearest reason: how far away)
* insert To(0, 6, other, 99, equivalent)
* group[0].unmapped.mode = #fixed
* group[0].unmapped.code = #99
* group[0].unmapped.display = "Other"
* group[1].source = "https://homefirst.example/fhir/CodeSystem/ic-status-reason"
* group[1].target = "https://fhir.nhs.uk/CodeSystem/rejected-reasons-bars"
* insert ToAbout(1, 0, capacity, RRNA, No resource in the time that was asked for)
* insert To(1, 1, uncontactable, FC, equivalent)
* group[1].unmapped.mode = #fixed
* group[1].unmapped.code = #OTH
* group[1].unmapped.display = "Other"

Instance: ic-episode-outcome-to-ascof-2a
InstanceOf: ConceptMap
Usage: #definition
Title: "Episode outcome to ASCOF 2A"
* insert MapOf(ic-episode-outcome-to-ascof-2a, EpisodeOutcomeToASCOF2A)
* title = "Episode outcome to ASCOF 2A"
* description = "What an outcome of reablement counts as in the measure of people who need no further support."
* sourceCanonical = "https://homefirst.example/fhir/ValueSet/ic-episode-outcome"
* group[0].source = "https://homefirst.example/fhir/CodeSystem/ic-episode-outcome"
* group[0].target = "https://homefirst.example/fhir/CodeSystem/ic-ascof-2a-sequel"
* insert To(0, 0, completed-no-ongoing, no-further-action, equivalent)
* insert To(0, 1, completed-low-level, ongoing-low-level, equivalent)
* insert To(0, 2, completed-long-term-home, long-term-community, equivalent)
* insert ToAbout(0, 3, residential, long-term-residential, Long-term: a stay for a time is not told apart)
* insert ToAbout(0, 4, nursing, long-term-nursing, Long-term: a stay for a time is not told apart)
* insert To(0, 5, hospital-readmission, admitted-to-hospital, equivalent)
* insert To(0, 6, died, deceased, equivalent)
* insert ToAbout(0, 7, transferred-service, short-term-other, Whatever the next service is)
* insert To(0, 8, declined, declined, equivalent)
* insert To(0, 9, self-discharged, no-further-action, wider)
* insert To(0, 10, moved-area, no-further-action, wider)
* insert ToAbout(0, 11, ended-other-reason, no-further-action, The reason beside the code may say more)
* insert ToNothing(0, 12, entered-in-error, Never counted)

Instance: ic-service-line-to-interweave
InstanceOf: ConceptMap
Usage: #definition
Title: "Service line to the Yorkshire and Humber record"
* insert MapOf(ic-service-line-to-interweave, ServiceLineToInterweave)
* title = "Service line to the Yorkshire and Humber record"
* description = "As which type of service an episode stands in the regional record."
* sourceCanonical = "https://homefirst.example/fhir/ValueSet/ic-service-line"
* group[0].source = "https://homefirst.example/fhir/CodeSystem/ic-service-line"
* group[0].target = "https://homefirst.example/fhir/CodeSystem/ic-interweave-service"
* insert To(0, 0, reablement, R, equivalent)
* insert To(0, 1, domiciliary-care, HS, equivalent)
* insert To(0, 2, equipment-adaptations, EQ, equivalent)
* insert To(0, 3, end-of-life-support, EOL, equivalent)

// What arrives. A code that stands for several of ours is mapped to the widest of them, and the comment says so.

Instance: ic-bars-to-task-status
InstanceOf: ConceptMap
Usage: #definition
Title: "Status in a booking-and-referral response to Task status"
* insert MapOf(ic-bars-to-task-status, BaRSToTaskStatus)
* title = "Status in a booking-and-referral response to Task status"
* description = "Where the work stands at a team that answers by message: active in its interim response, revoked when it turned the referral down, completed in its final one."
* sourceCanonical = "http://hl7.org/fhir/ValueSet/request-status"
* targetCanonical = "http://hl7.org/fhir/ValueSet/task-status"
* group[0].source = "http://hl7.org/fhir/request-status"
* group[0].target = "http://hl7.org/fhir/task-status"
* insert ToAbout(0, 0, active, in-progress, The interim response is sent when the consultation starts and not before)
* insert ToAbout(0, 1, revoked, rejected, A response; a request that is revoked by its requester is cancelled)
* insert To(0, 2, completed, completed, equivalent)
* insert To(0, 3, entered-in-error, entered-in-error, equivalent)

Instance: ic-reject-reasons-to-status-reason
InstanceOf: ConceptMap
Usage: #definition
Title: "Reject reasons to status reason"
* insert MapOf(ic-reject-reasons-to-status-reason, RejectReasonsToStatusReason)
* title = "Reject reasons to status reason"
* description = "Why a team turned a referral down, as the Directory of Services and booking-and-referral messages say it, in our codes. Reject reasons 31 and 32 of the Directory are not mapped: what they mean could not be read in their source."
* targetCanonical = "https://homefirst.example/fhir/ValueSet/ic-status-reason"
* group[0].source = "https://fhir.nhs.uk/CodeSystem/rejected-reasons-bars"
* group[0].target = "https://homefirst.example/fhir/CodeSystem/ic-status-reason"
* insert ToAbout(0, 0, RRNA, capacity, No resource in the time that was asked for)
* insert To(0, 1, FC, uncontactable, equivalent)
* insert To(0, 2, OTH, other, equivalent)
* group[1].source = "https://homefirst.example/fhir/CodeSystem/ic-dos-reject-reason"
* group[1].target = "https://homefirst.example/fhir/CodeSystem/ic-status-reason"
* insert ToAbout(1, 0, 21, other, There is no word for transport in ours)
* insert To(1, 1, 22, capacity, equivalent)
* insert To(1, 2, 23, not-clinically-appropriate, equivalent)
* insert To(1, 3, 24, patient-declined, equivalent)
* insert ToAbout(1, 4, 26, patient-declined, The person chose another service)
* insert To(1, 5, 27, uncontactable, equivalent)
* insert To(1, 6, 40, not-eligible, equivalent)
* insert ToAbout(1, 7, 42, out-of-area, The nearest reason: how far away)
* insert To(1, 8, 99, other, equivalent)

Instance: ic-bars-use-case-to-service-line
InstanceOf: ConceptMap
Usage: #definition
Title: "Booking-and-referral use case to service line"
* insert MapOf(ic-bars-use-case-to-service-line, BaRSUseCaseToServiceLine)
* title = "Booking-and-referral use case to service line"
* description = "Which service line a booking-and-referral message asks for. The other use cases are for services that are not of intermediate care."
* targetCanonical = "https://homefirst.example/fhir/ValueSet/ic-service-line"
* group[0].source = "https://fhir.nhs.uk/CodeSystem/usecases-categories-bars"
* group[0].target = "https://homefirst.example/fhir/CodeSystem/ic-service-line"
* insert To(0, 0, a4t3, urgent-community-response, equivalent)
