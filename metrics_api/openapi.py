"""The API described in OpenAPI 3.1, made from the table of endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from metrics_api.columns import rows_schema
from metrics_api.endpoint import Endpoint
from metrics_api.endpoints import ENDPOINTS
from metrics_api.figures import FORM_OF_ANSWER
from metrics_api.formats import FORMATS, JSON
from metrics_api.parameters import Parameter
from metrics_api.problems import MEDIA_PROBLEM
from pixels import __version__
from pixels.pointer import MEDIA_DUCKDB

Schema = dict[str, Any]

_INSTANT: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_ABOUT_SNAPSHOT: dict[str, Schema] = {
    "time_zone": {"type": "string", "description": "IANA name of the zone whose days are counted"},
    "as_of": _INSTANT | {"description": "when the newest figure of the snapshot was stored"},
    "complete_until": _INSTANT | {"description": "every event acknowledged before this instant is counted"},
    "snapshot": _COUNT | {"description": "number of the snapshot"},
}
_DEMO: Schema = {"const": True, "description": "only there when the data is made up"}
_HEADERS = {
    "ETag": "names this answer; send it as If-None-Match",
    "X-Pixels-Snapshot": "number of the snapshot",
    "X-Pixels-As-Of": "when the newest figure of the snapshot was stored",
    "X-Pixels-Complete-Until": "every event acknowledged before this instant is counted",
    "X-Pixels-Time-Zone": "IANA name of the zone whose days are counted",
    "X-Pixels-Rows-Total": "number of all rows, of which this may be a page",
}
_PROBLEMS = {
    400: "A parameter is wrong, missing, repeated or unknown; `parameter` names it.",
    401: "No key of this API.",
    403: "The key does not open this, or there are no keys and the request is not of this machine.",
    404: "There is nothing of that name.",
    406: "None of the forms in Accept is made.",
    410: "The snapshot of an earlier page is not held any more.",
    429: "More requests a second than are allowed; Retry-After says when to ask again.",
    500: "A fault of the API.",
    503: "Nothing is published, or it cannot be answered now; Retry-After says when to ask again.",
}
_EVERYWHERE = (400, 500, 503)
_CHECK: Schema = {
    "type": "object",
    "properties": {
        "checked_at": _INSTANT,
        "snapshot": _COUNT,
        "equal": {"type": "boolean"},
        "differences": {"type": "object", "additionalProperties": _COUNT},
    },
    "required": ["checked_at", "snapshot", "equal", "differences"],
}
_HEALTH: Schema = {
    "type": "object",
    "properties": {
        "status": {"const": "ok"},
        **{name: _ABOUT_SNAPSHOT[name] for name in ("snapshot", "as_of", "complete_until")},
        "last_pass_at": _INSTANT,
        "last_check": {"anyOf": [_CHECK, {"type": "null"}]},
        "demo": _DEMO,
    },
    "required": ["status", "snapshot", "as_of", "complete_until", "last_pass_at", "last_check"],
    "additionalProperties": False,
}
_POINTER: Schema = {
    "type": "object",
    "properties": {**_ABOUT_SNAPSHOT, "file": {"type": "string"}, "is_demo": {"type": "boolean"}},
    "required": ["snapshot", "file", "as_of", "complete_until", "time_zone", "is_demo", "schema_version"],
}
_PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "parameter": {"type": "string"},
    },
    "required": ["type", "title", "status"],
}


def openapi_document(*, with_keys: bool) -> Schema:
    """Return the description; with keys it says that they are asked for."""
    paths = {endpoint.path: {"get": _figures(endpoint, with_keys=with_keys)} for endpoint in ENDPOINTS}
    key = {"key": {"type": "http", "scheme": "bearer", "description": "a key of PIXELS_API_KEYS"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pixels",
            "version": __version__,
            "summary": "What each banner brings, in numbers you can prove.",
            "description": "Days are calendar days in the warehouse's time zone, both ends included.",
        },
        "paths": paths | {path: {"get": operation} for path, operation in _published(with_keys=with_keys).items()},
        "components": {"schemas": {"Problem": _PROBLEM}} | ({"securitySchemes": key} if with_keys else {}),
    }


def _figures(endpoint: Endpoint, *, with_keys: bool) -> Schema:
    """Describe one endpoint of the table."""
    content: Schema = {JSON.media_type: {"schema": _answer_schema(endpoint)}}
    content |= {form.media_type: {"schema": {"type": "string"}} for form in FORMATS if form is not JSON}
    headers = {
        name: {"description": meaning, "required": True, "schema": {"type": "string"}}
        for name, meaning in _HEADERS.items()
    }
    link = {"description": "address of the next page, as rel=next", "schema": {"type": "string"}}
    in_path = [404] if any(parameter.in_path for parameter in endpoint.parameters) else []
    return {
        "operationId": endpoint.name,
        "summary": endpoint.title,
        "description": f"{endpoint.meaning} A key of the scope {endpoint.scope} opens it.",
        "parameters": [_parameter(parameter) for parameter in (*endpoint.parameters, *FORM_OF_ANSWER)],
        "responses": {
            "200": {"description": "A page of the rows.", "headers": headers | {"Link": link}, "content": content},
            "304": {"description": "If-None-Match names this answer."},
            **_problems([*_EVERYWHERE, *in_path, 403, 406, 410, 429], with_keys=with_keys),
        },
        **({"security": [{"key": []}]} if with_keys else {}),
    }


def _parameter(parameter: Parameter) -> Schema:
    default = {} if parameter.default is None else {"default": parameter.default}
    example = {"example": [parameter.example] if parameter.many else parameter.example} if parameter.example else {}
    return {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "description": parameter.meaning,
        "required": parameter.required,
        "schema": parameter.schema() | default,
        **example,
    }


def _answer_schema(endpoint: Endpoint) -> Schema:
    properties: dict[str, Schema] = {parameter.name: parameter.echo_schema() for parameter in endpoint.parameters}
    properties |= _ABOUT_SNAPSHOT | {
        "rows_total": _COUNT | {"description": "number of all rows, of which this may be a page"},
        "next": {"type": ["string", "null"], "description": "address of the next page, relative to this one"},
    }
    properties |= {name: rows_schema(beside.columns) for name, beside in endpoint.beside.items()}
    rows = {
        "type": "array",
        "items": rows_schema(endpoint.columns, endpoint.optional, dimension=endpoint.has_dimension),
    }
    properties |= {"rows": rows}
    return {
        "type": "object",
        "properties": properties | {"demo": _DEMO},
        "required": list(properties),
        "additionalProperties": False,
    }


def _problems(statuses: Iterable[int], *, with_keys: bool) -> Schema:
    described = sorted({*statuses, 401} if with_keys else statuses)
    content = {MEDIA_PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": _PROBLEMS[status], "content": content} for status in described}


def _published(*, with_keys: bool) -> dict[str, Schema]:
    """Describe what is not of the table."""
    file = {MEDIA_DUCKDB: {"schema": {"type": "string"}}}
    return {
        "/api/snapshot": {
            "operationId": "snapshot",
            "summary": "What is published",
            "description": "As JSON; with Accept: application/vnd.duckdb the snapshot itself, without addresses and user "
            "agents. A key of the scope analyst opens it.",
            "responses": {
                "200": {"description": "The pointer, or the file.", "content": _json(_POINTER) | file},
                "304": {"description": "If-None-Match names this file."},
                **_problems([*_EVERYWHERE, 403, 429], with_keys=with_keys),
            },
            **({"security": [{"key": []}]} if with_keys else {}),
        },
        "/api/health": {
            "operationId": "health",
            "summary": "Whether there are numbers, and how complete they are",
            "description": "Open to everybody.",
            "responses": {
                "200": {"description": "The newest snapshot.", "content": _json(_HEALTH)},
                **_problems(_EVERYWHERE, with_keys=False),
            },
        },
    }


def _json(schema: Schema) -> Schema:
    return {JSON.media_type: {"schema": schema}}
