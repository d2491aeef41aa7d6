"""fhirclient (SMART on FHIR, Python) against HomeFirst: its models and its server calls."""

import os
import time
import uuid

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from fhirclient import client as smart
from fhirclient.models.bundle import Bundle
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.observation import Observation
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.organization import Organization
from fhirclient.models.patient import Patient
from fhirclient.models.servicerequest import ServiceRequest
from fhirclient.models.subscription import Subscription
from fhirclient.models.task import Task
from fhirclient.server import FHIRNotFoundException, FHIRPermissionDeniedException, FHIRUnauthorizedException

from check import BASE, MARK, SYSTEM, check, end, observed, patient, refused, story, token


def connect(persona):
    """A client whose login is done: it goes on from the state that is kept with the token."""
    server = {"base_uri": f"{BASE}/", "auth_type": "oauth2", "auth": {"app_id": "clients", "access_token": token(persona)}}
    return smart.FHIRClient(state={"app_id": "clients", "server": server}).server


def told(error):
    """The text of the OperationOutcome that an error of this client carries."""
    return " ".join(issue.diagnostics for issue in OperationOutcome(error.response.json()).issue)


server, hub = connect("epr"), connect("hub")
first = Patient(patient("Ackroyd", "a"))


@check("it starts: the capability statement, and what security it tells")
def _():
    anonymous = smart.FHIRClient(settings={"app_id": "clients", "api_base": BASE})
    anonymous.prepare()
    statement = anonymous.server.capabilityStatement
    assert isinstance(statement, CapabilityStatement) and statement.fhirVersion == "4.0.1"
    assert statement.rest[0].security.service[0].coding[0].code == "SMART-on-FHIR"


@check("a system logs in by itself: SMART Backend Services, with a key (joserfc)")
def _():
    with open(os.environ["CLIENT_KEY"], encoding="utf-8") as file:
        key = ECKey.import_key(file.read())
    now = int(time.time())
    claims = {"iss": "clients", "sub": "clients", "aud": f"{BASE}/auth/token", "iat": now, "exp": now + 240, "jti": str(uuid.uuid4())}
    assertion = jwt.encode({"alg": "ES384", "kid": "clients-1"}, claims, key, algorithms=["ES384"])
    settings = {"app_id": "clients", "api_base": BASE, "jwt_token": assertion, "scope": "system/Patient.rs"}
    system = smart.FHIRClient(settings=settings)
    assert not system.prepare()
    system.authorize()
    assert system.ready
    assert Patient.read("patient-1", system.server).id == "patient-1"
    refused(FHIRPermissionDeniedException, lambda: Task.read("never", system.server))


@check("without a token, and without scopes")
def _():
    anonymous = smart.FHIRClient(settings={"app_id": "clients", "api_base": BASE}).server
    assert "token" in told(refused(FHIRUnauthorizedException, lambda: Patient.read("patient-1", anonymous)))
    assert "scope" in told(refused(FHIRPermissionDeniedException, lambda: Patient.read("patient-1", connect("nobody"))))


@check("create, read, and a read of a version")
def _():
    global first
    first = Patient(first.create(server))
    read = Patient.read(first.id, server)
    assert read.as_json() == first.as_json()
    assert Patient.read_from(f"Patient/{first.id}/_history/1", server).as_json() == first.as_json()
    assert "never" in told(refused(FHIRNotFoundException, lambda: Patient.read("never", server)))


@check("update")
def _():
    first.gender = "female"
    assert first.update(server)["meta"]["versionId"] == "2"


@check("what is malformed is refused with every finding")
def _():
    bad = Patient({"resourceType": "Patient", "gender": "no-such-code", "maritalStatus": {"text": ""}}, strict=False)
    error = refused(requests.HTTPError, lambda: bad.create(server))
    assert error.response.status_code in (400, 422) and told(error)


@check("search with several parameters")
def _():
    search = Patient.where({"family": "ackroyd", "birthdate": "ge1941", "identifier": f"{SYSTEM}|{MARK}-a"})
    assert [one.id for one in search.perform_resources_iter(server)] == [first.id]
    either = Patient.where({"family": {"$or": ["ackroyd", "nobody"]}, "name": {"$exact": "Ackroyd"}, "identifier": f"{MARK}-a"})
    assert [one.id for one in either.perform_resources_iter(server)] == [first.id]


@check("paging shows everything once")
def _():
    entry = [
        {"resource": patient(f"Paged{MARK}", f"p{n}"), "request": {"method": "POST", "url": "Patient"}} for n in range(23)
    ]
    answer = Bundle(Bundle({"resourceType": "Bundle", "type": "batch", "entry": entry}).create(server))
    assert answer.type == "batch-response"
    pages = list(Patient.where({"family": f"Paged{MARK}", "_count": "5"}).perform_iter(server))
    ids = [entry.resource.id for page in pages for entry in page.entry]
    assert len(pages) == 5 and len(ids) == 23 and len(set(ids)) == 23


@check("transaction: references to new resources, _include, and a reference that resolves itself")
def _():
    answer = Bundle(Bundle({"resourceType": "Bundle", "type": "transaction", "entry": observed("Dewsbury", "d")}).create(server))
    made, noted = (entry.resource for entry in answer.entry)
    read = Observation.read(noted.id, server)
    assert read.subject.resolved(Patient).as_json() == made.as_json()
    found = list(Observation.where({"_id": noted.id}).include("subject").perform_resources_iter(server))
    assert [one.resource_type for one in found] == ["Observation", "Patient"]
    both = list(Patient.where({"_id": made.id}).include("subject", Observation, reverse=True).perform_resources_iter(server))
    assert [one.resource_type for one in both] == ["Patient", "Observation"]


@check("delete, and 410 afterwards")
def _():
    made = Patient(Patient(patient("Gipton", "g")).create(server))
    made.delete(server)
    error = refused(requests.HTTPError, lambda: Patient.read(made.id, server))
    assert error.response.status_code == 410 and "deleted" in told(error)


@check("every kind of definition in the directory is read into a model")
def _():
    hub_organization = Organization.read("leeds-hub", server)
    assert hub_organization.name and hub_organization.as_json()["id"] == "leeds-hub"


@check("the story: a discharge, a referral, and its Task")
def _():
    discharge = Bundle(Bundle(story("discharge")).create(server))
    assert all(entry.response.status.startswith("201") for entry in discharge.entry)
    referral = Bundle(Bundle(story("referral")).create(hub)).entry[0].resource
    assert isinstance(referral, ServiceRequest)
    team = connect("reablement")
    (task,) = Task.where({"focus": f"ServiceRequest/{referral.id}"}).perform_resources_iter(team)
    assert task.status == "requested" and task.owner.reference == "HealthcareService/skils"
    task.status = "received"
    error = refused(requests.HTTPError, lambda: task.update(team))
    assert error.response.status_code == 400 and "If-Match" in told(error)
    assert isinstance(task.focus, FHIRReference)


@check("a Subscription, which these models cannot write in full: the refusal tells what is missing")
def _():
    error = refused(requests.HTTPError, lambda: Subscription(story("subscription-hospital")).create(server))
    assert error.response.status_code == 422 and "backport-payload-content" in told(error)


end()
