// The business rules, so that the rule id in `issue.details.coding` of an OperationOutcome can be looked up.
// <https://hl7.org/fhir/R4/operationoutcome.html>. The definition of each is the answer when it is broken.

CodeSystem: ICRuleCS
Id: ic-rule
Title: "Business rules"
Description: "The rules of intermediate care that this server enforces. Display: what must hold. Definition: the answer otherwise."
* insert Ours
* #IC-REF-01 "A referral names requester, source, service line, priority, reason and time of authoring" "422 required"
* #IC-REF-02 "An NHS number has a right check digit, and one marked as verified is present" "422 invariant"
* #IC-REF-03 "A step-down referral is based on one discharge plan, of the same person" "422 invariant or business-rule"
* #IC-REF-04 "Requester and performer are known and active; a referral without performer goes to the care-transfer hub" "422 business-rule"
* #IC-REF-05 "The performer offers the service line; that of a discharge plan is a care-transfer hub" "warning, or 422 by configuration"
* #IC-REF-06 "A referral or a discharge plan is not authored in the future, nor more than 90 days ago without a reason for the late entry" "422 business-rule or warning"
* #IC-REF-07 "A referral and a Task are about the record of the person that is in use: not one that was merged into another, nor an inactive one" "warning"
* #IC-UCR-01 "A referral for urgent community response says when its clock starts" "422 required"
* #IC-UCR-02 "A clock does not start in the future, nor more than 24 hours ago without a reason for the late entry" "422 business-rule or warning"
* #IC-UCR-03 "Urgent community response is for adults, at home, in a care home or a temporary residence, and the referral says where" "warning, or 422 by configuration"
* #IC-UCR-04 "An urgent response begins as stat; its priority changes to or from stat only with a reason; an upgrade starts a new clock, a downgrade excludes the old one" "422 business-rule"
* #IC-CLK-01 "Clocks, discharge-ready date and discharge state are written by the server alone" "warning on create, 422 business-rule on update"
* #IC-CLK-02 "First contact is not before the clock's start, and has a time of day where two hours count" "422 business-rule"
* #IC-CLK-03 "First contact is not in the future" "422 business-rule"
* #IC-CLK-04 "Only a first contact that is said to be face to face stops the clock of the two-hour standard: no attempt, no telephone call, none whose mode is not recorded" "422 business-rule"
* #IC-EP-01 "One active episode for one service line, provider and journey" "409 conflict"
* #IC-EP-02 "An episode of more than 42 days is flagged, with a warning on day 35, and never refused" "flag and notification"
* #IC-EP-03 "A finished episode has an end, not before its start, and an outcome" "422 invariant"
* #IC-EP-04 "An episode of bed-based care that has begun says which bed" "warning"
* #IC-EP-05 "An episode is about the person of its referral, which is no discharge plan, has its journey number and its service line; a score is about the person of its episode" "422 business-rule"
* #IC-TIME-01 "What is recorded as having happened does not lie in the future: a score, the start and the end of an episode or an activity, a death" "422 business-rule; a warning for the onset of a condition and a date of birth"
* #IC-DIS-01 "An actual discharge says where to and by which method" "422 invariant"
* #IC-DIS-02 "A discharge is not before admission, and the ready date not after discharge" "422 business-rule"
* #IC-DIS-03 "A discharge is not scheduled while the person meets the criteria to reside" "422 business-rule"
* #IC-DIS-04 "A discharge is not scheduled while a required team has not accepted, unless overridden with a reason" "422 business-rule"
* #IC-DIS-05 "A delay has a reason by eight o'clock the next day" "Task to the ward"
* #IC-DUP-01 "The same identifier again finds the first resource" "200 for a conditional create, 409 duplicate otherwise"
* #IC-DUP-02 "A second active referral of the same person to the same line and performer within 24 hours is suspected to be a duplicate" "warning, or 409 by configuration"
* #IC-AMD-01 "A referral whose Task is in progress may be added to; service line, person and performer may not change" "409 conflict"
* #IC-AMD-02 "A referral whose Task is completed may not be amended" "409 conflict"
* #IC-DEATH-01 "No referral for a person who has died" "422 business-rule"
* #IC-TERM-01 "A code under a required binding is in its value set" "422 code-invalid"
* #IC-TERM-02 "A SNOMED CT identifier has a right check digit" "422 code-invalid"
* #IC-STATE-01 "A status moves only along the allowed transitions" "409 conflict"
* #IC-STATE-02 "A workflow resource never has the status unknown" "409 conflict"
* #IC-STATE-03 "A move brings the fact that it needs: a reason, a first contact, an outcome, an end of the open Tasks" "422 required or business-rule; a warning where the move is made all the same"
* #IC-STATE-04 "What a resource is about does not change once it is there: a Task's focus, person and requester, a request's kind and journey" "422 business-rule"
* #IC-TASK-01 "A Task is about the same person as its referral, and the referral waits for an answer; an activity is a part of a team's Task for the same person" "422 business-rule"
* #IC-VER-01 "An update of a workflow resource names the version it changes" "400 required"
* #IC-VER-02 "An update names the current version" "412 conflict"
* #IC-AUTH-01 "The writer has the role and the relation to the resource that the change needs" "403 forbidden"
* #IC-CP-01 "An active plan has at least one goal or activity" "422 invariant"
* #IC-CP-02 "One active recovery plan a journey" "409 conflict"

ValueSet: ICRuleVS
Id: ic-rule
Title: "Business rules"
Description: "All codes of business rules."
* ^experimental = false
* include codes from system ICRuleCS

