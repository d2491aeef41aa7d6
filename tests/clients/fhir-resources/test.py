"""fhir.resources against HomeFirst: what the server answers is parsed into the models and written back the same; what the
models build is taken. The models are R4B's, the nearest to R4 that the library has."""

import json
from decimal import Decimal

import requests
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle, BundleEntry, BundleEntryRequest
from fhir.resources.R4B.humanname import HumanName
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.parameters import Parameters, ParametersParameter
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.subscription import Subscription
from fhir.resources.R4B.task import Task

from check import BASE, MARK, SYSTEM, check, end, story, token

session = requests.Session()


def call(method, address, body=None, persona="epr", **headers):
    """The answer to a request whose body is a model."""
    headers = {"Authorization": f"Bearer {token(persona)}", "Content-Type": "application/fhir+json", **headers}
    data = None if body is None else body.model_dump_json()
    return session.request(method, f"{BASE}/{address}" if address else BASE, data=data, headers=headers)


def parsed(answer, status=200):
    """The model that an answer is, which says the same when it is written back."""
    assert answer.status_code == status, answer.text
    body = json.loads(answer.text)
    model = get_fhir_model_class(body["resourceType"]).model_validate_json(answer.text)
    assert plain(json.loads(model.model_dump_json())) == plain(body)
    return model


def plain(value):
    """The same without differences that mean nothing: instants with +00:00 or Z, and zeros at the end of fractions."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, str) and len(value) >= 20 and value[4] == value[7] == "-" and value[10] == "T":
        value = value.removesuffix("Z").removesuffix("+00:00")
        return value.rstrip("0").rstrip(".") if "." in value else value
    return value


def person(family, value):
    return Patient(
        identifier=[Identifier(system=SYSTEM, value=f"{MARK}-{value}")],
        name=[HumanName(family=family, given=["Ada"])],
        birthDate="1941-03-09",
    )


first = None


@check("a resource of the models is created, and read back the same")
def _():
    global first
    first = parsed(call("POST", "Patient", person("Ackroyd", "a")), 201)
    assert first.id and first.meta.versionId == "1"
    assert parsed(call("GET", f"Patient/{first.id}")) == first
    assert parsed(call("GET", f"Patient/{first.id}/_history/1")) == first


@check("what is read is updated")
def _():
    first.gender = "female"
    updated = parsed(call("PUT", f"Patient/{first.id}", first, **{"If-Match": 'W/"1"'}))
    assert updated.meta.versionId == "2"
    stale = call("PUT", f"Patient/{first.id}", first.model_copy(update={"gender": "male"}), **{"If-Match": 'W/"1"'})
    assert "version" in parsed(stale, 412).issue[0].diagnostics


@check("every answer is a model: search sets, histories, outcomes")
def _():
    found = parsed(call("GET", f"Patient?identifier={SYSTEM}|{MARK}-a"))
    assert isinstance(found, Bundle) and found.total == 1 and found.entry[0].search.mode == "match"
    history = parsed(call("GET", f"Patient/{first.id}/_history"))
    assert [entry.request.method for entry in history.entry] == ["PUT", "POST"]
    assert isinstance(parsed(call("GET", "Patient/never-there"), 404), OperationOutcome)
    assert isinstance(parsed(call("GET", "Patient?colour=red"), 400), OperationOutcome)
    assert isinstance(parsed(call("GET", "Patient", persona="nobody"), 403), OperationOutcome)
    assert isinstance(parsed(session.get(f"{BASE}/Patient"), 401), OperationOutcome)
    parsed(call("GET", f"Patient/{first.id}/$everything"))
    parsed(call("GET", "CodeSystem/$lookup?system=http://hl7.org/fhir/task-status&code=accepted"))
    parsed(call("GET", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/task-status"))
    parsed(call("GET", f"Patient/{first.id}/$meta"))


@check("the capability statement is a model")
def _():
    statement = parsed(session.get(f"{BASE}/metadata"))
    assert statement.fhirVersion == "4.0.1"


@check("the whole demo place, page by page, is models")
def _():
    for name in ["Organization", "HealthcareService", "Location", "Practitioner", "PractitionerRole", "Patient"]:
        address = f"{BASE}/{name}?_count=2"
        while address:
            bundle = parsed(call("GET", address.removeprefix(f"{BASE}/")))
            address = next((str(link.url) for link in bundle.link if link.relation == "next"), None)


@check("our own definitions are models")
def _():
    for name in ["CodeSystem", "ValueSet", "SearchParameter"]:
        assert parsed(call("GET", f"{name}?_count=100")).entry


@check("a transaction of the models")
def _():
    full_url = "urn:uuid:9f7ba0a0-5d3e-4f0a-8a3c-0f3f5a6f0001"
    observation = Observation(
        status="final", code={"text": "Weight"}, subject={"reference": full_url}, valueQuantity={"value": Decimal("71.5"), "unit": "kg"}
    )
    entry = [
        BundleEntry(
            fullUrl=full_url, resource=person("Dewsbury", "d"), request=BundleEntryRequest(method="POST", url="Patient")
        ),
        BundleEntry(resource=observation, request=BundleEntryRequest(method="POST", url="Observation")),
    ]
    answer = parsed(call("POST", "", Bundle(type="transaction", entry=entry)))
    made, noted = (one.resource for one in answer.entry)
    assert noted.subject.reference == f"Patient/{made.id}"
    assert noted.valueQuantity.value == Decimal("71.5")


@check("a FHIRPath patch of the models")
def _():
    parts = [
        ParametersParameter(name="type", valueCode="replace"),
        ParametersParameter(name="path", valueString="Patient.birthDate"),
        ParametersParameter(name="value", valueDate="1941-03-10"),
    ]
    patch = Parameters(parameter=[ParametersParameter(name="operation", part=parts)])
    assert str(parsed(call("PATCH", f"Patient/{first.id}", patch)).birthDate) == "1941-03-10"


@check("the story, through the models: a discharge, a referral, and its Task")
def _():
    parsed(call("POST", "", Bundle.model_validate(story("discharge"))))
    answer = parsed(call("POST", "", Bundle.model_validate(story("referral")), persona="hub"))
    made = answer.entry[0].resource
    assert isinstance(made, ServiceRequest)
    found = parsed(call("GET", f"Task?focus=ServiceRequest/{made.id}", persona="reablement"))
    (task,) = [entry.resource for entry in found.entry]
    assert isinstance(task, Task) and task.status == "requested"
    task.status = "received"
    moved = parsed(call("PUT", f"Task/{task.id}", task, persona="reablement", **{"If-Match": 'W/"1"'}))
    assert moved.status == "received"
    moved.status = "completed"
    refusal = parsed(call("PUT", f"Task/{task.id}", moved, persona="reablement", **{"If-Match": 'W/"2"'}), 409)
    assert "cannot move" in refusal.issue[0].diagnostics


@check("a Subscription of the models, and its status")
def _():
    subscription = Subscription.model_validate(story("subscription-hospital"))
    made = parsed(call("POST", "Subscription", subscription), 201)
    status = parsed(call("GET", f"Subscription/{made.id}/$status"))
    assert status.entry[0].resource.get_resource_type() == "Parameters"
    assert call("DELETE", f"Subscription/{made.id}").status_code == 204


end()
