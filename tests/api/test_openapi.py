"""What /api/v1 promises about itself, and how wrong addresses and methods are answered."""

from __future__ import annotations

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from app.api.schemas import BODIES

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def spec(app):
    with app.test_client() as caller:
        answer = caller.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.get_json()


def operations(spec):
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                yield method, path, operation


def resolved(spec, node):
    while "$ref" in node:
        for n, key in enumerate(node["$ref"].split("/")):
            node = spec if n == 0 else node[key]
    return node


def test_it_is_valid_openapi_3_1(spec):
    assert spec["openapi"] == "3.1.0"
    validate(spec, cls=OpenAPIV31SpecValidator)


def test_every_path_of_the_api_is_in_it(app, spec):
    there = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/")
    }
    assert there == {(method, path) for method, path, _ in operations(spec)}


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_the_body_of_every_kind_is_in_it(spec, kind):
    found = [s for s in spec["components"]["schemas"].values() if s.get("x-kind") == kind]
    assert len(found) == 1
    assert found[0]["properties"]


def test_no_kind_is_described_that_does_not_exist(spec):
    described = {s["x-kind"] for s in spec["components"]["schemas"].values() if "x-kind" in s}
    assert described == set(BODIES)


def test_errors_are_declared_as_problem_json(spec):
    for method, path, operation in operations(spec):
        if path == "/api/v1/openapi.json":
            continue
        wrong = {
            s: a for s, a in operation["responses"].items() if s == "default" or s.startswith(("4", "5"))
        }
        assert "default" in wrong, f"{method} {path} declares no error"
        for status, answer in wrong.items():
            content = resolved(spec, answer).get("content", {})
            assert set(content) == {PROBLEM}, f"{method} {path} {status}: {set(content)}"
            shape = resolved(spec, content[PROBLEM]["schema"])
            assert {"type", "title", "status", "code", "detail", "errors"} <= set(shape["properties"])


def test_every_operation_says_what_it_is_for(spec):
    silent = [(m, p) for m, p, operation in operations(spec) if not (operation.get("summary") or "").strip()]
    assert not silent, f"write a docstring: {silent}"


def test_the_session_cookie_and_our_header_are_declared(spec):
    schemes = spec["components"]["securitySchemes"].values()
    assert any(s["type"] == "apiKey" and s["in"] == "cookie" for s in schemes)
    for method, path, operation in operations(spec):
        if method == "get":
            continue
        asked = [resolved(spec, p) for p in operation.get("parameters", [])]
        assert any(p["in"] == "header" and p["name"] == "X-Xunfang-Client" for p in asked), f"{method} {path}"


# --- wrong addresses and methods ------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["/api/v1/nothing", "/api/", "/api/v2/session", "/api/v1/coverage/streets/x"]
)
def test_an_unknown_address_of_the_api_is_a_problem(client, people, as_person, address):
    for caller in (client, as_person(people.member)):
        answer = caller.get(address)
        assert answer.status_code == 404
        assert answer.content_type == PROBLEM
        doc = answer.get_json()
        assert (doc["status"], doc["code"], doc["errors"]) == (404, "not_found", [])
        assert doc["detail"] and doc["detail"] != "errors.not_found"


@pytest.mark.parametrize("address", ["/nothing", "/desk/nothing", "/m/nothing", "/desk/shifts/x"])
def test_an_unknown_page_is_a_page(client, people, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.content_type == "text/html; charset=utf-8"
    assert "<html" in answer.get_data(as_text=True)
    assert address not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("put", "/api/v1/session", {"GET", "POST", "DELETE", "HEAD", "OPTIONS"}),
        ("post", "/api/v1/field/plan", {"GET", "HEAD", "OPTIONS"}),
        ("get", "/api/v1/field/sync", {"POST", "OPTIONS"}),
        ("post", "/api/v1/openapi.json", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_says_which_are_right(client, people, method, address, allowed):
    answer = getattr(client, method)(address, json={})
    assert answer.status_code == 405
    assert answer.content_type == PROBLEM and answer.get_json()["code"] == "method_not_allowed"
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_a_wrong_method_on_a_page_is_a_page(client, people):
    answer = client.get("/language")
    assert answer.status_code == 405
    assert answer.content_type == "text/html; charset=utf-8" and "POST" in answer.headers["Allow"]


def test_the_words_of_a_problem_are_in_the_callers_language(client, people):
    client.set_cookie("lang", "en", domain="localhost")
    english = client.get("/api/v1/nothing").get_json()["detail"]
    client.set_cookie("lang", "zh", domain="localhost")
    chinese = client.get("/api/v1/nothing").get_json()["detail"]
    assert english.isascii() and not chinese.isascii()


def test_every_answer_of_the_api_carries_the_anchor(client, people):
    for address in ("/api/v1/session", "/api/v1/nothing", "/api/v1/openapi.json"):
        assert re.fullmatch(r"v1\.\d{13}\.[0-9a-f]{32}", client.get(address).headers["X-Xunfang-Anchor"])
