"""The questions whose answers are single records and persons: for analysts."""

from __future__ import annotations

from metrics_api.asked import (
    BANNERS,
    DAYS,
    EVENT_TYPE,
    FUNNEL,
    LAPSED_AFTER,
    MOST_STEPS,
    ON,
    SINCE,
    UNTIL,
    funnel_options,
)
from metrics_api.endpoint import Endpoint
from metrics_api.parameters import DAY, TEXT, YES_OR_NO, Parameter, choice, whole_number

_KEPT = ("kept_id", "kept_event_type", "kept_player_id", "kept_banner_tag", "kept_created_at")

RECORDS: tuple[Endpoint, ...] = (
    Endpoint(
        "/api/why",
        "The records behind a figure",
        "Every record received for a day, a type and a banner, with what became of it.",
        (
            Parameter("date", DAY, "the day, in the warehouse's time zone", "2026-11-21", required=True),
            Parameter("type", EVENT_TYPE, "the event type", "visit", required=True),
            Parameter("banner", TEXT, "one banner tag; without it any", "brandA"),
        ),
        lambda warehouse, asked: warehouse.why(asked["date"], asked["type"], asked["banner"]),
        (
            "outcome", "records", "id", "player_id", "banner_tag", "created_at", "metadata", *_KEPT,
            "refusal", "reason", "detail",
        ),
        scope="analyst",
    ),
    Endpoint(
        "/api/transactions",
        "The deposits behind the money",
        "Every deposit received, whether it stands for its transaction, and if not which does. Those that count sum to /api/money.",
        (*DAYS, BANNERS),
        lambda warehouse, asked: warehouse.transactions(asked["from"], asked["to"], asked["banner"]),
        (
            "outcome", "event_date", "created_at", "player_id", "banner_tag", "txid", "currency", "amount", "is_verified",
            "id", "metadata", *_KEPT,
        ),
        scope="analyst",
    ),
    Endpoint(
        "/api/events/{id}",
        "One event",
        "Every record received with this id, whether it counted, and if not why. 404 when none is held.",
        (Parameter("id", TEXT, "the id of an event", "0199c0de", required=True, in_path=True), SINCE, UNTIL),
        lambda warehouse, asked: warehouse.event(asked["id"], asked["since"], asked["until"]),
        (
            "outcome", "id", "created_at", "event_date", "event_type", "banner_tag", "player_id", "metadata", *_KEPT,
        ),
        scope="analyst",
    ),
    Endpoint(
        "/api/players/{id}",
        "One person",
        "Every record of a player with the linked visitor keys, in the order of time. 404 when there is none.",
        (
            Parameter("id", TEXT, "a player id or a visitor key", "123", required=True, in_path=True),
            SINCE,
            UNTIL,
        ),
        lambda warehouse, asked: warehouse.player(asked["id"], asked["since"], asked["until"]),
        (
            "person", "created_at", "event_date", "event_type", "banner_tag", "player_id", "visitor_key", "outcome",
            "id", "metadata", *_KEPT,
        ),
        scope="analyst",
    ),
    Endpoint(
        "/api/funnel/players",
        "The people of a funnel",
        "As many as /api/funnel counts at a step, in the order of their entries; or those who dropped before it.",
        (
            *DAYS,
            Parameter("step", whole_number(1, MOST_STEPS), "the number of the step", 3, required=True),
            Parameter("dropped", YES_OR_NO, "those who took the step before and not this one", False, default=False),
            *FUNNEL,
            Parameter("banner", TEXT, "the banner tag of the entry; without it any", "brandA"),
        ),
        lambda warehouse, asked: warehouse.funnel_players(
            asked["step"], asked["from"], asked["to"], banner=asked["banner"], dropped=asked["dropped"], **funnel_options(asked)
        ),
        ("player_id", "banner_tag", "entered_at", "step_at", "visitor_keys", "mature"),
        scope="analyst",
    ),
    Endpoint(
        "/api/segments/{segment}/players",
        "The people of a segment",
        "As many as /api/segments counts, whoever was seen last first.",
        (
            Parameter(
                "segment", choice("visitor", "registered", "depositor", "lapsed"), "the segment", "lapsed", required=True, in_path=True
            ),
            ON,
            LAPSED_AFTER,
        ),
        lambda warehouse, asked: warehouse.segment_players(asked["segment"], asked["on"], asked["lapsed_after"]),
        (
            "player_id", "first_seen", "last_seen", "registration_at", "deposit_at", "last_deposit_day", "visitor_keys",
        ),
        scope="analyst",
    ),
)  # fmt: skip
