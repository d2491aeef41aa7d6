"""fhirpy against HomeFirst: its synchronous client, and paging with the asynchronous one."""

import asyncio

from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import (
    AuthorizationError,
    ForbiddenError,
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)

from check import BASE, MARK, SYSTEM, check, end, observed, patient, refused, story, token


def connect(persona):
    return SyncFHIRClient(BASE, authorization=f"Bearer {token(persona)}")


client, hub = connect("epr"), connect("hub")
first = client.resource(**{**patient("Ackroyd", "a"), "resource_type": "Patient"})


@check("the capability statement")
def _():
    statement = SyncFHIRClient(BASE).execute("metadata", method="get")
    assert statement.fhirVersion == "4.0.1"


@check("without a token, and without scopes")
def _():
    assert "token" in str(refused(AuthorizationError, SyncFHIRClient(BASE).resources("Patient").fetch))
    assert "scope" in str(refused(ForbiddenError, connect("nobody").resources("Patient").fetch))


@check("create, read, refresh")
def _():
    first.save()
    assert first.id and first["meta"]["versionId"] == "1"
    read = client.reference("Patient", first.id).to_resource()
    assert read.serialize() == first.serialize()
    assert client.get("Patient", first.id).name[0].family == "Ackroyd"
    assert first.refresh().id == first.id
    version = client.execute(f"Patient/{first.id}/_history/1", method="get")
    assert version["id"] == first.id


@check("conditional create: get_or_create")
def _():
    found = client.resources("Patient").search(identifier=f"{SYSTEM}|{MARK}-b")
    new = client.resource("Patient", **{key: value for key, value in patient("Beeston", "b").items() if key != "resourceType"})
    made, created = found.get_or_create(new)
    again, created_again = found.get_or_create(new)
    assert (created, created_again) == (True, False)
    assert made.id == again.id


@check("conditional update, patch and delete")
def _():
    found = client.resources("Patient").search(identifier=f"{SYSTEM}|{MARK}-c")
    body = {key: value for key, value in patient("Chapeltown", "c").items() if key != "resourceType"}
    made, created = found.update(client.resource("Patient", **body))
    changed, created_again = found.update(client.resource("Patient", **body, gender="female"))
    assert (created, created_again) == (True, False)
    assert changed.id == made.id and changed["meta"]["versionId"] == "2"
    assert found.patch(gender="other").gender == "other"
    found.delete()
    refused(ResourceNotFound, client.reference("Patient", made.id).to_resource)


@check("update")
def _():
    first["gender"] = "female"
    first.save()
    assert first["meta"]["versionId"] == "2"


@check("patch: the members that change, and null takes away")
def _():
    first.patch(telecom=[{"system": "phone", "value": "0113 496 0000"}])
    assert first.telecom[0].value == "0113 496 0000" and first.gender == "female"
    patched = client.patch("Patient", first.id, telecom=None, birthDate="1941-03-10")
    assert "telecom" not in patched and patched.birthDate == "1941-03-10"
    assert "colour" in str(refused(OperationOutcome, lambda: client.patch("Patient", first.id, colour="red")))


@check("a stale If-Match: the error tells")
def _():
    aware = SyncFHIRClient(BASE, authorization=client.authorization, extra_headers={"If-Match": 'W/"1"'})
    stale = aware.resource("Patient", **{**dict(client.get("Patient", first.id)), "gender": "male"})
    assert "version" in str(refused(MultipleResourcesFound, stale.save))


@check("what is malformed is refused with every finding")
def _():
    bad = client.resource("Patient", birthDate="yesterday", gender=1, colour="red")
    assert len(refused(OperationOutcome, bad.save).resource["issue"]) >= 3


@check("search with several parameters")
def _():
    search = client.resources("Patient").search(family="ackroyd", birthdate__ge="1941", identifier=f"{SYSTEM}|{MARK}-a")
    assert [one.id for one in search.fetch()] == [first.id]
    assert search.get().id == first.id and search.first().id == first.id
    assert search.elements("gender").first().gender == "female"
    assert client.resources("Patient").search(family__exact="ackroyd", identifier=f"{SYSTEM}|{MARK}-a").first() is None


@check("count")
def _():
    assert client.resources("Patient").search(identifier=f"{SYSTEM}|{MARK}-a").count() == 1


@check("paging shows everything once, also asynchronously")
def _():
    entry = [
        {"resource": patient(f"Paged{MARK}", f"p{n}"), "request": {"method": "POST", "url": "Patient"}} for n in range(23)
    ]
    client.execute("", data={"resourceType": "Bundle", "type": "batch", "entry": entry})
    ids = [one.id for one in client.resources("Patient").search(family=f"Paged{MARK}").limit(5).fetch_all()]
    assert len(ids) == 23 and len(set(ids)) == 23

    async def walk():
        asynchronous = AsyncFHIRClient(BASE, authorization=client.authorization)
        search = asynchronous.resources("Patient").search(family=f"Paged{MARK}").limit(4).sort("_id")
        return [one.id async for one in search]

    assert asyncio.run(walk()) == sorted(ids)


@check("transaction: references to new resources, and _include")
def _():
    answer = client.execute("", data={"resourceType": "Bundle", "type": "transaction", "entry": observed("Dewsbury", "d")})
    made, noted = (one.resource for one in answer.entry)
    assert noted.subject.reference == f"Patient/{made.id}"
    found = client.resources("Observation").search(_id=noted.id).include("Observation", "subject").fetch_raw()
    assert [one.search.mode for one in found.entry] == ["match", "include"]
    everything = client.reference("Patient", made.id).execute("$everything", method="get")
    assert [one.resource.resourceType for one in everything.entry] == ["Patient", "Observation"]
    to_patient = client.resources("Patient").revinclude("Observation", "subject").search(_id=made.id).fetch_raw()
    assert len(to_patient.entry) == 2
    by_patient = client.resources("Observation").search(patient__Patient__family="dewsbury", subject=f"Patient/{made.id}")
    assert by_patient.first().id == noted.id


@check("history")
def _():
    history = client.execute(f"Patient/{first.id}/_history", method="get")
    versions = [int(one.resource["meta"]["versionId"]) for one in history.entry]
    assert versions == sorted(versions, reverse=True) and versions[-1] == 1


@check("is_valid")
def _():
    assert first.is_valid()
    assert not client.resource("Patient", gender="no-such-code").is_valid()


@check("delete, and what is gone")
def _():
    made = client.resource("Patient", name=[{"family": "Gipton"}]).save()
    reference = made.to_reference()
    made.delete()
    assert "deleted" in str(refused(ResourceNotFound, reference.to_resource))


@check("the story: a discharge, a referral, and its Task")
def _():
    discharge = client.execute("", data=story("discharge"))
    assert all(one.response.status.startswith("201") for one in discharge.entry)
    referral = hub.execute("", data=story("referral"))
    aware = SyncFHIRClient(BASE, authorization=f"Bearer {token('reablement')}", extra_headers={"If-Match": 'W/"1"'})
    task = aware.resources("Task").search(focus=f"ServiceRequest/{referral.entry[0].resource.id}").get()
    assert task.status == "requested"
    task["status"] = "received"
    task.save()
    assert task["meta"]["versionId"] == "2"
    assert task.focus.to_resource().resourceType == "ServiceRequest"
    task["status"] = "completed"
    without = connect("reablement").resource("Task", **dict(task))
    assert "If-Match" in str(refused(OperationOutcome, without.save))


@check("a Subscription")
def _():
    body = story("subscription-hospital")
    made = client.resource("Subscription", **{key: value for key, value in body.items() if key != "resourceType"}).save()
    assert made.status == "requested"
    made.delete()


end()
