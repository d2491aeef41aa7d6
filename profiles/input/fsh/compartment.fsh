// What our server adds to R4's Patient compartment, <https://hl7.org/fhir/R4/compartmentdefinition-patient.html>: the Tasks for
// a person are part of the person's record here. The official members are R4's own and are not repeated.

Instance: patient
InstanceOf: CompartmentDefinition
Usage: #definition
* url = "https://homefirst.example/fhir/CompartmentDefinition/patient"
* version = "0.1.0"
* name = "HomeFirstPatientCompartment"
* status = #active
* description = "Members of the Patient compartment beyond those of R4."
* code = #Patient
* search = true
* resource[0].code = #Task
* resource[0].param = "patient"
