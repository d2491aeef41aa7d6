// Code systems and the value sets made of all their codes: Tasks, clocks, episodes and plans.
// <https://hl7.org/fhir/R4/codesystem.html>, <https://hl7.org/fhir/R4/valueset.html>.

CodeSystem: ICTaskBusinessStatusCS
Id: ic-task-business-status
Title: "Task business statuses"
Description: "Steps inside a Task status, as a team's board shows them."
* insert Ours
* #awaiting-triage "Awaiting triage"
* #awaiting-information "Awaiting information"
* #awaiting-capacity "Awaiting capacity"
* #allocated "Allocated"
* #visit-planned "Visit planned"
* #in-contact "In contact"
* #handing-over "Handing over"
* #awaiting-outcome "Awaiting outcome"
* #closed-with-onward "Closed with onward referral"

ValueSet: ICTaskBusinessStatusVS
Id: ic-task-business-status
Title: "Task business statuses"
Description: "All codes of task business statuses."
* ^experimental = false
* include codes from system ICTaskBusinessStatusCS

CodeSystem: ICTaskOutputCS
Id: ic-task-output
Title: "Task outputs"
Description: "What a team reports of its work."
* insert Ours
* #first-contact "First contact" "dateTime: when the person was first seen; stops the clock"
* #first-contact-mode "Mode of first contact" "CodeableConcept of ic-contact-mechanism"
* #first-contact-role "Role at first contact" "CodeableConcept of ic-professional"
* #first-therapy-contact "First therapy contact" "dateTime"
* #outcome "Outcome" "CodeableConcept of ic-episode-outcome"
* #onward-referral "Onward referral" "Reference to the ServiceRequest"
* #discharge-summary "Discharge summary" "Reference to the DocumentReference"
* #attended "Attendance" "CodeableConcept of ic-attendance"
* #mechanism "Mechanism" "CodeableConcept of ic-contact-mechanism"
* #place "Place" "CodeableConcept, or Reference to the Location"
* #whereabouts "Whereabouts" "CodeableConcept of ic-day91-status: where the person lives on the day of a check"

ValueSet: ICTaskOutputVS
Id: ic-task-output
Title: "Task outputs"
Description: "All codes of task outputs."
* ^experimental = false
* include codes from system ICTaskOutputCS

CodeSystem: ICTaskInputCS
Id: ic-task-input
Title: "Task inputs"
Description: "What a team is given."
* insert Ours
* #redirect-from "Redirected from" "Reference to the Task of the team before"

ValueSet: ICTaskInputVS
Id: ic-task-input
Title: "Task inputs"
Description: "All codes of task inputs."
* ^experimental = false
* include codes from system ICTaskInputCS

CodeSystem: ICStatusReasonCS
Id: ic-status-reason
Title: "Status reasons"
Description: "Why a referral or Task was rejected, cancelled, failed or put on hold."
* insert Ours
* #capacity "No capacity"
* #not-eligible "Not eligible"
* #not-clinically-appropriate "Not clinically appropriate"
* #out-of-area "Out of area"
* #patient-declined "Person declined"
* #uncontactable "Could not be contacted"
* #patient-died "Person died"
* #patient-readmitted "Person readmitted"
* #duplicate "Duplicate"
* #discharge-cancelled "Discharge cancelled"
* #sent-in-error "Sent in error"
* #redirected "Redirected"
* #needs-escalation "Needs escalation"
* #other "Other"

ValueSet: ICStatusReasonVS
Id: ic-status-reason
Title: "Status reasons"
Description: "All codes of status reasons."
* ^experimental = false
* include codes from system ICStatusReasonCS

CodeSystem: ICClockKindCS
Id: ic-clock-kind
Title: "Clock kinds"
Description: "What a clock measures."
* insert Ours
* #ucr-2h "Two-hour urgent community response"
* #reablement-2d "Two-day reablement"
* #first-day-home "First therapy on the day of discharge"
* #response "Response by priority"
* #six-week "Six weeks of intermediate care"
* #day-84 "Twelve-week outcome"
* #day-91 "91-day outcome"

ValueSet: ICClockKindVS
Id: ic-clock-kind
Title: "Clock kinds"
Description: "All codes of clock kinds."
* ^experimental = false
* include codes from system ICClockKindCS

CodeSystem: ICClockStatusCS
Id: ic-clock-status
Title: "Clock statuses"
Description: "Where a clock stands."
* insert Ours
* #running "Running"
* #met "Met"
* #breached "Breached"
* #excluded "Excluded"
* #cancelled "Cancelled"

ValueSet: ICClockStatusVS
Id: ic-clock-status
Title: "Clock statuses"
Description: "All codes of clock statuses."
* ^experimental = false
* include codes from system ICClockStatusCS

CodeSystem: ICEpisodeOutcomeCS
Id: ic-episode-outcome
Title: "Episode outcomes"
Description: "How an episode ended."
* insert Ours
* #completed-no-ongoing "Completed, no ongoing support"
* #completed-low-level "Completed, ongoing low-level support"
* #completed-long-term-home "Completed, long-term support at home"
* #residential "Residential care"
* #nursing "Nursing care"
* #hospital-readmission "Admitted to hospital"
* #died "Died"
* #transferred-service "Transferred to another service"
* #declined "Declined"
* #self-discharged "Discharged by own will"
* #moved-area "Moved out of the area"
* #ended-other-reason "Ended for another reason" "None of the others; the reason itself, such as a code of ic-status-reason, stands beside this code in the same concept"
* #entered-in-error "Entered in error"

ValueSet: ICEpisodeOutcomeVS
Id: ic-episode-outcome
Title: "Episode outcomes"
Description: "All codes of episode outcomes."
* ^experimental = false
* include codes from system ICEpisodeOutcomeCS

CodeSystem: ICAttendanceCS
Id: ic-attendance
Title: "Attendance"
Description: "Whether a contact took place: the codes of the Community Services Data Set. 5 and 6 are attended."
* insert Ours
* #2 "Cancelled by, or on behalf of, the person"
* #3 "Did not attend, no advance warning"
* #4 "Cancelled or postponed by the provider"
* #5 "Attended on time, or late but before the professional was ready"
* #6 "Arrived late, but was seen"
* #7 "Arrived late and could not be seen"

ValueSet: ICAttendanceVS
Id: ic-attendance
Title: "Attendance"
Description: "All codes of attendance."
* ^experimental = false
* include codes from system ICAttendanceCS

CodeSystem: ICContactMechanismCS
Id: ic-contact-mechanism
Title: "Contact mechanisms"
Description: "How a contact took place: codes of the Community Services Data Set."
* insert Ours
* #01 "Face to face"
* #02 "Telephone"
* #04 "Talk type for a person unable to speak"
* #05 "Email"
* #09 "Text message"
* #10 "Instant messaging"
* #11 "Video"
* #98 "Other"

ValueSet: ICContactMechanismVS
Id: ic-contact-mechanism
Title: "Contact mechanisms"
Description: "All codes of contact mechanisms."
* ^experimental = false
* include codes from system ICContactMechanismCS

CodeSystem: ICProfessionalCS
Id: ic-professional
Title: "Professional groups"
Description: "Who sees the person."
* insert Ours
* #physiotherapist "Physiotherapist"
* #occupational-therapist "Occupational therapist"
* #nurse "Nurse"
* #healthcare-assistant "Healthcare assistant"
* #social-worker "Social worker"
* #medic "Doctor"
* #paramedic "Paramedic"
* #care-worker "Care worker"
* #pharmacist "Pharmacist"
* #speech-therapist "Speech and language therapist"
* #trusted-assessor "Trusted assessor"

ValueSet: ICProfessionalVS
Id: ic-professional
Title: "Professional groups"
Description: "All codes of professional groups."
* ^experimental = false
* include codes from system ICProfessionalCS

CodeSystem: ICActivityTypeCS
Id: ic-activity-type
Title: "Activity types"
Description: "Kinds of activity of a team."
* insert Ours
* #assessment "Assessment"
* #therapy-visit "Therapy visit"
* #nursing-visit "Nursing visit"
* #care-visit "Care visit"
* #joint-visit "Joint visit"
* #equipment "Equipment"
* #review "Review"
* #mdt "Multidisciplinary meeting"
* #board-round "Board round"
* #84-day-check "84-day check"
* #91-day-check "91-day check"
* #follow-up-call "Follow-up call"

ValueSet: ICActivityTypeVS
Id: ic-activity-type
Title: "Activity types"
Description: "All codes of activity types."
* ^experimental = false
* include codes from system ICActivityTypeCS

CodeSystem: ICDay91StatusCS
Id: ic-day91-status
Title: "Whereabouts on day 91"
Description: "Where a person is 91 days after discharge."
* insert Ours
* #own-home "Own home"
* #extra-care "Extra-care housing or adult placement"
* #care-home-temporary-respite "Care home, temporary respite"
* #care-home-permanent "Care home, permanent"
* #hospital "Hospital"
* #died "Died"
* #unknown-not-contactable "Not contactable" "Counts as not at home"

ValueSet: ICDay91StatusVS
Id: ic-day91-status
Title: "Whereabouts on day 91"
Description: "All codes of whereabouts on day 91."
* ^experimental = false
* include codes from system ICDay91StatusCS

CodeSystem: ICScoreInstrumentCS
Id: ic-score-instrument
Title: "Score instruments"
Description: "Instruments of functional and early-warning scores."
* insert Ours
* #barthel "Barthel index"
* #modified-barthel "Modified Barthel index"
* #sunderland "Sunderland community scheme score"
* #tom "Therapy outcome measures"
* #cfs "Clinical frailty scale"
* #news2 "NEWS2"
* #eq5d "EQ-5D"

ValueSet: ICScoreInstrumentVS
Id: ic-score-instrument
Title: "Score instruments"
Description: "All codes of score instruments."
* ^experimental = false
* include codes from system ICScoreInstrumentCS

CodeSystem: ICCarePlanCategoryCS
Id: ic-careplan-category
Title: "Care plan categories"
Description: "Kinds of care plan."
* insert Ours
* #recovery "Recovery plan" "The joint plan of one journey"

ValueSet: ICCarePlanCategoryVS
Id: ic-careplan-category
Title: "Care plan categories"
Description: "All codes of care plan categories."
* ^experimental = false
* include codes from system ICCarePlanCategoryCS

CodeSystem: ICCareHoursKindCS
Id: ic-care-hours-kind
Title: "Kinds of care hours"
Description: "At which point of the episode the hours were set."
* insert Ours
* #entry "At entry"
* #review "At a review"
* #exit "At exit"

ValueSet: ICCareHoursKindVS
Id: ic-care-hours-kind
Title: "Kinds of care hours"
Description: "All codes of kinds of care hours."
* ^experimental = false
* include codes from system ICCareHoursKindCS

CodeSystem: ICReminderKindCS
Id: ic-reminder-kind
Title: "Kinds of reminder"
Description: "What the server tells by itself because a time has come."
* insert Ours
* #clock-warning "Clock nearly out" "Three quarters of a Task's time have passed without a first contact"
* #episode-long "Episode of five weeks" "35 days have passed since the day on which an episode began"
* #episode-over-limit "Episode over six weeks" "42 days have passed since the day on which an episode began"
* #outcome-due "Outcome check due" "The day of a check after discharge has come"
* #plan-open "Plan left open" "A recovery plan is open a day after the episode of its journey has ended"
* #delay-unexplained "Delay without a reason" "At eight on the day after the ready date, nobody has said why the person is still there"

ValueSet: ICReminderKindVS
Id: ic-reminder-kind
Title: "Kinds of reminder"
Description: "All codes of kinds of reminder."
* ^experimental = false
* include codes from system ICReminderKindCS
