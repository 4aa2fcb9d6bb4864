"""Every setting of Pixels: `PIXELS_*` in the environment or in `.env`. Read once, at the edge.

This module is the one thing all five packages share, so it imports nothing heavy.
`docs/settings.md` lists the settings; a test keeps the two together.
"""

from __future__ import annotations

import json
import re
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pixels.errors import ConfigurationError
from pixels.kafka import KafkaProperty, checked_kafka_properties, read_kafka_properties
from pixels.passwords import is_kept

_AMOUNT_OF_BYTES = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([MGT])(i?)B")

_ORIGIN = re.compile(
    r"https?://([a-z0-9._-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?"
)  # as browsers send it: lower case, no path

DEMO_MARKER = "DEMO"
"""Name of the file in a home that holds invented data; `pixels up --demo` makes it, the warehouse takes it over."""

SECRET_LENGTH = 16
"""Characters a secret has at least."""

SignatureRule = Literal["off", "accept", "require"]
"""What is asked of an event's signature: nothing (one that is given is not read), to be right if given, to be there."""

AddressRule = Literal["keep", "truncate", "hash", "drop"]
"""What an event keeps of its sender's address: all, its network (/24, IPv6 /48), a keyed hash, nothing."""

WishRule = Literal["ignore", "anonymize", "drop"]
"""What a visitor's wish not to be tracked brings about: nothing, an anonymous event, no event."""


DEFAULT_TAG_PATTERN = "^a_(?P<site>[^_]*)b_(?P<ad>[^_]*)c_(?P<sub>.*)$"
"""Takes tags such as a_<site>b_<ad>c_<sub> apart."""

_TAKEN_NAMES = frozenset(
    {
        "banner_tag", "affiliate", "campaign", "name", "cost", "event_date", "event_type", "count", "partial",
        "step", "players", "entered", "rate", "mature_players", "mature_entered", "mature_rate", "immature",
        "visitors", "registrations", "registration_rate", "credited_registrations", "deposits", "deposit_rate",
        "visits", "daily_unique_visitors", "unique_visitors", "ftd", "ndc", "first_deposits_without_registration",
        "deposit_days", "deposit_transactions", "banners_without_cost", "cost_per_registration", "cost_per_ftd",
        "player_id", "mature", "banners", "entered_at", "step_at", "visitor_keys", "event_id", "created_at", "registered",
        "deposited", "entry_date", "after_registration", "registration_at", "registration_banner", "registration_id", "deposit_at", "deposit_banner",
        "deposit_id", "currency", "transactions", "amount", "signed_transactions", "signed_amount", "signed_share",
        "unverified_transactions", "unverified_amount", "is_verified", "what_if", "difference", "people", "at_risk", "converted", "converted_at", "began_at", "seconds",
        "surviving", "greenwood", "longest", "converted_share", "lower", "upper", "after_seconds",
        "entries", "rate_lower", "rate_upper", "expected_rate", "expected_lower", "expected_upper", "shrinkage", "probability_best",
        "expected_loss", "few",
    }
)  # fmt: skip
"""Columns of the frames that a part of the tag becomes a column of, and of those that they are made of; and more of them:"""
_TAKEN_FORM = re.compile("(step|banner|event)_[0-9]+|.+_seconds_from_entry")

ApiScope = Literal["figures", "analyst"]
"""What a key of the API opens: counts alone; or these and single events, players and the snapshot."""


_time_zones = cache(available_timezones)  # it reads the folders of the time zone database


class ApiKey(BaseModel):
    """Who may ask the API, and for what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: SecretStr
    scope: ApiScope


DashboardRole = Literal["viewer", "analyst", "admin"]
"""What somebody may see on the dashboard: numbers that name nobody; players and records too; all there is."""


class DashboardUser(BaseModel):
    """Who may sign in to the dashboard, and what they may see."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: SecretStr | None = None
    """As `pixels password` writes it; none where people sign in by OAuth."""
    role: DashboardRole


class DashboardOAuth(BaseModel):
    """Where people sign in to the dashboard with the account that they have there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["generic", "google", "github"]
    key: str
    """The client id that the provider gave."""
    secret: SecretStr
    redirect_uri: str = ""
    """Where the provider sends people back to: https://.../login. Empty: the address that they came by."""
    user_key: str = ""
    """What of the provider's answer is the name in PIXELS_DASHBOARD_USERS. Empty: `email`; of GitHub `login`."""
    authorize_url: str = ""
    token_url: str = ""
    user_url: str = ""

    @model_validator(mode="after")
    def _has_addresses(self) -> DashboardOAuth:
        if self.provider == "generic" and not (self.authorize_url and self.token_url):
            raise ValueError("a generic provider has an authorize_url and a token_url")
        return self


class Settings(BaseSettings):
    """The settings, each with its default; immutable once read. No secret is in their `repr`, nor in an error."""

    model_config = SettingsConfigDict(
        env_prefix="PIXELS_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    home: Path = Field(Path("var"), description="Folder that holds all state: logs, warehouse, snapshots, reports.")
    timezone: str = Field(
        "UTC", description="Time zone of a day (IANA name). Written into the warehouse when it is made."
    )

    count_bots: bool = Field(
        False, description="Whether visits of declared crawlers count. Written into the warehouse when it is made."
    )

    kafka_bootstrap_servers: str = Field("", description="Kafka brokers, `host:port,...`. Empty: the embedded log.")
    kafka_topic: str = Field(
        "events_queue",
        pattern=r"^[a-zA-Z0-9._-]{1,240}$",
        description="Topic of the events; refusals go to `<topic>.rejected`.",
    )
    kafka_ack_timeout: float = Field(
        2.0, gt=0, le=300, description="Seconds Kafka may take to store an event before it goes to the spool."
    )
    kafka_read_timeout: float = Field(
        60.0, gt=0, le=3_600, description="Seconds Kafka may deliver nothing before a pass gives up for now."
    )
    kafka_properties: Annotated[dict[str, KafkaProperty], NoDecode] = Field(
        {},
        repr=False,  # passwords are among them
        description='JSON object of librdkafka properties for all Kafka clients, e.g. `{"security.protocol": "ssl"}`.',
    )
    spool_limit: str = Field(
        "10GB", description="Space that the spool of a worker may take on disk; beyond it events are answered 503."
    )

    host: str = Field("127.0.0.1", description="Address that collector, API, dashboard and JupyterLab listen on.")
    collector_port: int = Field(8787, ge=0, le=65535, description="Port of the collector.")
    api_port: int = Field(8788, ge=0, le=65535, description="Port of the REST API.")
    dashboard_port: int = Field(5006, ge=0, le=65535, description="Port of the dashboard.")
    lab_port: int = Field(8888, ge=0, le=65535, description="Port of JupyterLab.")
    api_keys: Annotated[dict[str, ApiKey], NoDecode] = Field(
        {},
        description='Who may ask the API: `{"name": {"secret": "16 characters or more", "scope": "figures" or "analyst"}, ...}`. Empty: whoever can reach it, and then it listens on this machine only.',
    )
    api_key: SecretStr = Field(
        SecretStr(""), description='The secret with which `pixels.open("https://...")` asks somebody\'s API.'
    )
    dashboard_users: Annotated[dict[str, DashboardUser], NoDecode] = Field(
        {},
        description='Who may sign in to the dashboard: `{"name": {"password": "what `pixels password` wrote", "role": "viewer", "analyst" or "admin"}, ...}`. Empty: whoever can reach it, and then it listens on this machine only.',
    )
    dashboard_oauth: Annotated[DashboardOAuth | None, NoDecode] = Field(
        None,
        validate_default=True,
        description='Where those users sign in instead of with passwords of Pixels: `{"provider": "google", "github" or "generic", "key": "client id", "secret": "..."}`, see [dashboard.md](dashboard.md#signing-in-by-oauth). Empty: with the passwords.',
    )
    dashboard_cookie_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs the cookies of those who are signed in, 16 characters or more. Empty: a new one at every start, so that all sign in again.",
    )
    api_rate_limit: float = Field(
        0.0,
        ge=0,
        le=1_000_000,
        description="Requests a second that a key of the API may send, or an address without one; bursts of twice that; 0: any number.",
    )
    collector_workers: int = Field(
        1, ge=1, le=64, description="Worker processes of the collector; each owns one log file."
    )

    keep_alive: int = Field(
        5,
        ge=1,
        le=3_600,
        description="Seconds an idle connection to the collector stays open; behind a proxy that keeps connections, longer than the proxy's.",
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1024, le=67_108_864, description="Bytes the body of a `POST` may have, packed and unpacked."
    )
    cors_origins: str = Field(
        "*", description="Sites whose scripts may read answers: `*` (all), or `https://shop.example,...`; empty: none."
    )

    signing_keys: Annotated[dict[str, SecretStr], NoDecode] = Field(
        {},
        description='Keys that may sign events: `{"key id": "secret of at least 16 characters", ...}`; several while one is replaced.',
    )
    signature_visit: SignatureRule = Field(
        "accept", description="Signature of a visit: `off` (not read), `accept` (right if given) or `require`."
    )
    signature_registration: SignatureRule = Field("accept", description="The same for registrations.")
    signature_deposit: SignatureRule = Field("accept", description="The same for deposits.")
    created_at_max_days: float = Field(
        30.0, ge=0, le=36_500, description="Days a signed event's `createdAt` may lie in the past."
    )

    source_ip: AddressRule = Field(
        "keep",
        description="What is kept of a sender's address: `keep` all, `truncate` to /24 (IPv6: /48), `hash` with a key, or `drop`.",
    )
    dnt: WishRule = Field("ignore", description="What `DNT: 1` of a visitor does: `ignore`, `anonymize` or `drop`.")
    sec_gpc: WishRule = Field("ignore", description="The same for `Sec-GPC: 1`; of two wishes the stricter holds.")
    hash_key: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="Key of the hashes of `hash` and `anonymize`, at least 16 characters; changing it breaks the link to earlier hashes.",
    )
    metadata_allow: str = Field(
        "*",
        description="Metadata that is kept, `name,...`; `s`, `b`, `amount`, `currency`, `txid` always are. `*`: all of it.",
    )
    trusted_proxies: str = Field(
        "", description="Networks of proxies that are believed whom a request comes from, `address/bits,...`."
    )
    proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        "x-forwarded-for", description="The one header in which those proxies say so: `x-forwarded-for` or `forwarded`."
    )
    rate_limit: float = Field(
        0.0,
        ge=0,
        le=1_000_000,
        description="Requests a second that an address may send to a worker, bursts of twice that; 0: any number.",
    )

    reject_rate: int = Field(
        50,
        ge=0,
        le=1_000_000,
        description="Refusals a second and worker that are kept each; beyond it they are only counted, by reason.",
    )
    metrics_networks: str = Field(
        "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7",
        description="Networks that may read `/metrics` and why `/readyz` says no, `address/bits,...`; empty: nobody.",
    )

    pass_every: float = Field(5.0, gt=0, le=86_400, description="Seconds between two passes under `pixels up`.")
    batch_size: int = Field(200_000, ge=1, le=10_000_000, description="Records a pass stores in one transaction.")
    log_retention_days: float = Field(
        7.0, ge=0, le=36_500, description="Days the embedded log keeps records that are already stored."
    )
    retention_days: int = Field(
        90,
        ge=1,
        le=36_500,
        description="Days that raw events and refusals stay in the warehouse before they are archived.",
    )
    keep_snapshots: int = Field(3, ge=1, description="Published snapshots kept on disk.")
    keep_months: int = Field(
        12, ge=0, le=1_200, description="Months whose last snapshot is kept, the current one among them; 0: none."
    )
    memory_limit: str = Field("2GB", description="Memory DuckDB may use in one process.")
    tag_pattern: str = Field(
        DEFAULT_TAG_PATTERN,
        description="Regular expression that takes banner tags apart; its named groups are dimensions. "
        "By default `site`, `ad` and `sub` of `a_<site>b_<ad>c_<sub>`.",
    )
    schedules_file: str = Field(
        "", description="File with the schedules of reports. Empty: `reports.toml` in `PIXELS_HOME`."
    )
    alerts_file: str = Field("", description="File with the rules of alerts. Empty: `alerts.toml` in `PIXELS_HOME`.")
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Where mail is handed in: `smtp://user:password@host:587` (STARTTLS) or `smtps://user:password@host:465`. Empty: no mail.",
    )
    mail_from: str = Field(
        "", description="Whom mail is from. Empty: the user of `PIXELS_SMTP_URL`, or pixels@ its host."
    )
    chromium: str = Field("", description="Chromium that prints reports as PDF. Empty: the first of them on the path.")

    @field_validator("home", mode="before")
    @classmethod
    def _usable_home(cls, home: object) -> object:
        if str(home) == "" or "?" in str(home):  # DuckDB reads what follows a ? as options
            raise ValueError(
                f"{str(home)!r} names no folder that can be used; write ./var or an absolute path without ?"
            )
        return home

    @field_validator("cors_origins")
    @classmethod
    def _list_of_origins(cls, text: str) -> str:
        origins(text)
        return text

    @field_validator("signing_keys", mode="before")
    @classmethod
    def _decoded_keys(cls, keys: object) -> object:
        return _object_of_texts(keys) if isinstance(keys, str) else keys

    @field_validator("signing_keys")
    @classmethod
    def _usable_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        # Messages name no key: who swaps id and secret must not find the secret in a log.
        if not all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", key_id) for key_id in keys):
            raise ValueError("a key id has 1 to 64 letters, digits, dots, hyphens or underscores")
        secrets = [secret.get_secret_value() for secret in keys.values()]
        if not all(len(secret) >= SECRET_LENGTH and secret.isprintable() for secret in secrets):
            raise ValueError(
                f"a secret has at least {SECRET_LENGTH} characters, all printable; try: openssl rand -hex 32"
            )
        return keys

    @field_validator("api_keys", mode="before")
    @classmethod
    def _decoded_api_keys(cls, keys: object) -> object:
        if not isinstance(keys, str):
            return keys
        if (decoded := _json_object(keys)) is None:
            raise ValueError('not a JSON object, each name once, such as {"bi": {"secret": "...", "scope": "figures"}}')
        return decoded

    @field_validator("api_keys")
    @classmethod
    def _usable_api_keys(cls, keys: dict[str, ApiKey]) -> dict[str, ApiKey]:
        secrets = [key.secret.get_secret_value() for key in keys.values()]
        if not all(len(secret) >= SECRET_LENGTH and re.fullmatch(r"[!-~]+", secret) for secret in secrets):
            raise ValueError(
                f"a secret has at least {SECRET_LENGTH} characters of ASCII without blanks; try: openssl rand -hex 32"
            )
        if len(set(secrets)) < len(secrets):
            raise ValueError("two keys have the same secret; give each its own")
        return keys

    @field_validator("dashboard_users", mode="before")
    @classmethod
    def _decoded_dashboard_users(cls, users: object) -> object:
        if not isinstance(users, str):
            return users
        if (decoded := _json_object(users)) is None:
            raise ValueError(
                'not a JSON object, each name once, such as {"anna": {"password": "...", "role": "viewer"}}'
            )
        return decoded

    @field_validator("dashboard_users")
    @classmethod
    def _usable_dashboard_users(cls, users: dict[str, DashboardUser]) -> dict[str, DashboardUser]:
        passwords = [user.password.get_secret_value() for user in users.values() if user.password]
        if "" in users or not all(map(is_kept, passwords)):
            raise ValueError(
                "a password is what `pixels password` writes, such as scrypt:0123...:4567..., and a name is not empty"
            )
        return users

    @field_validator("dashboard_oauth", mode="before")
    @classmethod
    def _decoded_dashboard_oauth(cls, oauth: object) -> object:
        if not isinstance(oauth, str):
            return oauth
        if oauth and (decoded := _json_object(oauth)) is None:
            raise ValueError('not a JSON object such as {"provider": "google", "key": "...", "secret": "..."}')
        return decoded if oauth else None

    @field_validator("dashboard_oauth")
    @classmethod
    def _usable_dashboard_oauth(cls, oauth: DashboardOAuth | None, info: ValidationInfo) -> DashboardOAuth | None:
        users: dict[str, DashboardUser] = info.data.get("dashboard_users", {})
        without = [name for name, user in users.items() if user.password is None]
        if oauth is None and without:
            raise ValueError(
                f"{', '.join(without)} in PIXELS_DASHBOARD_USERS has no password: `pixels password` writes one, or people sign in by OAuth"
            )
        if oauth is not None and not users:
            raise ValueError("PIXELS_DASHBOARD_USERS says who may come in, and it is empty")
        return oauth

    @field_validator("dashboard_cookie_secret")
    @classmethod
    def _usable_cookie_secret(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value()) < SECRET_LENGTH:
            raise ValueError(f"it has at least {SECRET_LENGTH} characters; try: openssl rand -hex 32")
        return secret

    @field_validator("kafka_properties", mode="before")
    @classmethod
    def _usable_kafka_properties(cls, properties: object) -> object:
        return (
            read_kafka_properties(properties) if isinstance(properties, str) else checked_kafka_properties(properties)
        )

    @field_validator("memory_limit", "spool_limit")
    @classmethod
    def _amount_of_bytes(cls, amount: str, info: ValidationInfo) -> str:
        if not _AMOUNT_OF_BYTES.fullmatch(amount):
            what = "memory" if info.field_name == "memory_limit" else "disk"
            raise ValueError(f"{amount!r} is no amount of {what} such as 2GB or 512MB")
        return amount

    @field_validator("tag_pattern")
    @classmethod
    def _named_groups(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groupindex
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        if not groups:
            raise ValueError(f"{pattern!r} has no named group; write for example ^(?P<site>[^-]+)-(?P<size>.+)$")
        for name in groups:
            if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in _TAKEN_NAMES or _TAKEN_FORM.fullmatch(name):
                raise ValueError(
                    f"a group cannot be named {name!r}: give it another name, of small letters, digits and _"
                )
        return pattern

    @field_validator("hash_key")
    @classmethod
    def _key_where_one_is_needed(cls, key: SecretStr, earlier: ValidationInfo) -> SecretStr:
        secret, values = key.get_secret_value(), earlier.data
        needed = values.get("source_ip") == "hash" or "anonymize" in (values.get("dnt"), values.get("sec_gpc"))
        if (needed or secret) and not (len(secret) >= SECRET_LENGTH and secret.isprintable()):
            raise ValueError(
                f"`hash` and `anonymize` need a key of at least {SECRET_LENGTH} characters, all printable; "
                "try: openssl rand -hex 32"
            )
        return key

    @field_validator("metadata_allow")
    @classmethod
    def _list_of_names(cls, text: str) -> str:
        names(text)
        return text

    @field_validator("metrics_networks", "trusted_proxies")
    @classmethod
    def _list_of_networks(cls, text: str) -> str:
        networks(text)
        return text

    @field_validator("timezone")
    @classmethod
    def _known_time_zone(cls, name: str) -> str:
        if name not in _time_zones():
            raise ValueError(f"{name!r} is not an IANA time zone name such as Europe/Berlin or UTC")
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.timezone)

    @property
    def log_dir(self) -> Path:
        """The embedded log: one SQLite file per worker slot."""
        return self.home / "log"

    @property
    def spool_dir(self) -> Path:
        """What waits until Kafka takes it: one SQLite file per worker slot, of the embedded log's form."""
        return self.home / "spool"

    @property
    def spool_limit_bytes(self) -> int:
        """The limit of one worker's spool in bytes."""
        return _bytes(self.spool_limit)

    @property
    def warehouse_path(self) -> Path:
        """The writer's DuckDB file. Readers never open it."""
        return self.home / "warehouse.duckdb"

    @property
    def published_dir(self) -> Path:
        """The read-only snapshots and `current.json`, which points at the newest."""
        return self.home / "published"

    @property
    def archive_dir(self) -> Path:
        """What has left the warehouse's tables: Parquet files by day."""
        return self.home / "archive"

    @property
    def reports_dir(self) -> Path:
        """Reports made by `pixels report`, unless `--out` says otherwise."""
        return self.home / "reports"


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks of a list such as `10.0.0.0/8, ::1`; raises `ValueError` for what is none."""
    try:
        return tuple(ip_network(part) for part in names(text))
    except ValueError as error:
        raise ValueError(f"{error}; write networks such as 10.0.0.0/8, ::1") from None


def origins(text: str) -> frozenset[str] | None:
    """Return the origins of a list such as `https://shop.example, http://localhost:8080`, or None for `*`: all of them.

    A JSON list is taken as well. Raises `ValueError` for what is no origin as a browser sends it.
    """
    if text.strip() == "*":
        return None
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except ValueError:
            listed = [text]
    else:
        listed = [part.strip() for part in text.split(",") if part.strip()]
    for origin in listed:
        if not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{origin!r} is not an origin such as https://shop.example or http://localhost:8080, or * alone"
            )
    return frozenset(listed)


def names(text: str) -> tuple[str, ...]:
    """Return the names of a list such as `a, b` or `["a", "b"]`; raises `ValueError` for what is none."""
    try:
        listed = json.loads(text) if text.lstrip().startswith("[") else text.split(",")
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ValueError(f'{text!r} is no list of names such as plan,form or ["plan", "form"]')
    return tuple(name.strip() for name in listed if name.strip())


def _object_of_texts(text: str) -> dict[str, str]:
    """Read a JSON object of texts, each name once; what is wrong with it is told without quoting it: it holds secrets."""
    decoded = _json_object(text)
    if decoded is None or not all(isinstance(value, str) for value in decoded.values()):
        raise ValueError('not a JSON object of texts, each name once, such as {"shop": "a long secret"}')
    return {name: str(value) for name, value in decoded.items()}


def _json_object(text: str) -> dict[str, object] | None:
    try:
        decoded = json.loads(text or "{}", object_pairs_hook=_each_name_once)
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def _each_name_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def _bytes(amount: str) -> int:
    """Return 2_000_000_000 for 2GB, 2_147_483_648 for 2GiB."""
    match = _AMOUNT_OF_BYTES.fullmatch(amount)
    assert match, amount  # noqa: S101 - the field's validator let it pass
    number, prefix, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** (2 + "MGT".index(prefix)))


def load_settings(**overrides: object) -> Settings:
    """Read the settings, with `overrides` above environment and `.env`; a wrong value is a `ConfigurationError`."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"PIXELS_{'_'.join(map(str, e['loc'])).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise ConfigurationError(
            f"Settings are not usable: {problems}. Mend them in the environment or in .env."
        ) from None
