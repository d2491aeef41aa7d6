// Who did what for whom: Provenance and AuditEvent, <https://hl7.org/fhir/R4/provenance.html>,
// <https://hl7.org/fhir/R4/auditevent.html>.

Profile: HFProvenance
Parent: Provenance
Id: HFProvenance
Title: "Where an entry comes from"
Description: "Who entered something, for which organisation, and when: all partners' entries stand in one record. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* target MS
  * ^short = "The entry"
  * ^comment = "Support: searched with `target`."
* occurred[x] MS
  * ^short = "When it happened, which may be long before it was recorded"
  * ^comment = "Support: searched with `when`."
* recorded MS
  * ^short = "When it was recorded: the difference tells a late entry"
  * ^comment = "Support: searched with `recorded`."
* activity MS
  * ^short = "What was done"
  * ^comment = "Support: stored and returned."
* agent MS
  * ^short = "Who did it"
  * ^comment = "Support: searched with `agent`."
* agent.who MS
  * ^short = "The professional, the device or the organisation"
  * ^comment = "Support: searched with `agent`."
* agent.onBehalfOf 1..1 MS
  * ^short = "The organisation that answers for it"
  * ^comment = "Support: stored and returned."
* agent.onBehalfOf only Reference(Organization)


Profile: HFAuditEvent
Parent: AuditEvent
Id: HFAuditEvent
Title: "Who looked at or changed what"
Description: "One access to the record. A person may ask who saw it, so it says who, for which organisation and for which purpose. Must support: a sender supplies the element when it knows it; the server stores, returns, searches and notifies on it."
* type MS
  * ^short = "What kind of event"
  * ^comment = "Support: searched with `type`."
* action 1..1 MS
  * ^short = "Create, read, update, delete or execute: reading counts"
  * ^comment = "Support: searched with `action`."
* recorded MS
  * ^short = "When"
  * ^comment = "Support: searched with `date`."
* outcome MS
  * ^short = "Whether it succeeded: refused attempts are kept too"
  * ^comment = "Support: searched with `outcome`."
* purposeOfEvent MS
  * ^short = "Why: direct care, or breaking the glass"
  * ^comment = "Support: stored and returned."
* agent MS
  * ^short = "Who, and for whom"
  * ^comment = "Support: searched with `agent`."
* agent.who 1..1 MS
  * ^short = "The client, the professional or the person"
  * ^comment = "Support: searched with `agent`."
* entity MS
  * ^short = "What was looked at or changed"
  * ^comment = "Support: searched with `entity`."
