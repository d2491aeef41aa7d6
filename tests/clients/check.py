"""What the tests of the Python clients share: where the server is, whose tokens there are, and lines of `ok` and `not ok`."""

import json
import os
import sys
import traceback

BASE = os.environ["BASE"]
# What makes identifiers of this run those of this client.
MARK = os.environ["MARK"]
SYSTEM = "https://clients.example/id"

_results = []


def token(persona):
    """The token of a demo persona: epr, hub, reablement, nobody."""
    return os.environ[f"TOKEN_{persona}"]


def story(name):
    """A Bundle of the README's story, with identifiers of this client's own."""
    with open(f"{os.environ['STORY']}/{name}.json", encoding="utf-8") as file:
        return json.load(file)


def patient(family, value):
    """A patient as all tests use one."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": f"{MARK}-{value}"}],
        "name": [{"family": family, "given": ["Ada"]}],
        "birthDate": "1941-03-09",
    }


def observed(family, value):
    """The entries that make a patient and an observation that refers to it before it has an id."""
    person = "urn:uuid:9f7ba0a0-5d3e-4f0a-8a3c-0f3f5a6f0001"
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Walks alone"},
        "subject": {"reference": person},
        "valueBoolean": True,
    }
    return [
        {"fullUrl": person, "resource": patient(family, value), "request": {"method": "POST", "url": "Patient"}},
        {"resource": observation, "request": {"method": "POST", "url": "Observation"}},
    ]


def check(sentence):
    """Carries out one test. What follows is tried too when it fails."""

    def run(test):
        try:
            test()
            _results.append(True)
            print(f"ok {sentence}")
        except Exception:
            _results.append(False)
            print(f"not ok {sentence}")
            print("".join("    " + line for line in traceback.format_exc().splitlines(keepends=True)))
        return test

    return run


def refused(error, call):
    """The error of this class that a call must end in."""
    try:
        value = call()
    except error as raised:
        return raised
    raise AssertionError(f"was not refused: {value!r}")


def end():
    """The total, and the exit code."""
    good = sum(_results)
    print(f"{good} ok, {len(_results) - good} not ok")
    sys.exit(good != len(_results))
