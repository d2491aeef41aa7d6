// Operations of ours, <https://hl7.org/fhir/R4/operationdefinition.html>: on a Task, handing work from one team to another in one transaction;
// on the whole server, for those who run it.

RuleSet: HandOver(code)
* url = "https://homefirst.example/fhir/OperationDefinition/Task-{code}"
* version = "0.1.0"
* name = "{code}"
* status = #active
* kind = #operation
* code = #{code}
* resource = #Task
* system = false
* type = false
* instance = true
* affectsState = true
* parameter[0].name = #to
* parameter[0].use = #in
* parameter[0].min = 1
* parameter[0].max = "1"
* parameter[0].type = #Reference
* parameter[0].targetProfile[0] = "http://hl7.org/fhir/StructureDefinition/HealthcareService"
* parameter[0].targetProfile[1] = "http://hl7.org/fhir/StructureDefinition/Organization"
* parameter[0].targetProfile[2] = "http://hl7.org/fhir/StructureDefinition/PractitionerRole"
* parameter[0].documentation = "The team that is asked next."
* parameter[1].name = #reason
* parameter[1].use = #in
* parameter[1].min = 0
* parameter[1].max = "1"
* parameter[1].type = #CodeableConcept
* parameter[1].documentation = "Why, with a code of ic-status-reason; 'redirected' when nothing is said."
* parameter[2].name = #return
* parameter[2].use = #out
* parameter[2].min = 1
* parameter[2].max = "1"
* parameter[2].type = #Task
* parameter[2].documentation = "The Task of the team that is asked."

Instance: Task-redirect
InstanceOf: OperationDefinition
Usage: #definition
* insert HandOver(redirect)
* title = "Redirect"
* description = "Gives a referral that nobody has taken to another team: this Task is rejected (or, where the hub hands on, cancelled), and a Task for the other team is requested, with the same clock. All of it, or nothing."

Instance: Task-transfer
InstanceOf: OperationDefinition
Usage: #definition
* insert HandOver(transfer)
* title = "Transfer"
* description = "Asks another team to take over a person who is in care. This Task goes on, as 'handing-over', until the other team accepts; then it is completed, its episode ends, and the episode of the other team begins. If the other team rejects, everything is as before."

Instance: reindex
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://homefirst.example/fhir/OperationDefinition/reindex"
* version = "0.1.0"
* name = "reindex"
* status = #active
* kind = #operation
* code = #reindex
* system = true
* type = false
* instance = false
* affectsState = true
* title = "Reindex"
* description = "Rebuilds what resources are found by, beside everything else. It is for those who run the server; to others there is no such operation. It is asked for with 'Prefer: respond-async' and answered with 202 and the address at which to ask how far it is, or to end it with DELETE. One is under way at a time: asked for again, it is the same one."
* parameter[0].name = #return
* parameter[0].use = #out
* parameter[0].min = 1
* parameter[0].max = "1"
* parameter[0].type = #OperationOutcome
* parameter[0].documentation = "That it is under way; at its end how many resources were rebuilt."
