"""`pixels alerts check`: look at every rule once, and tell what is new and what is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pixels.alerts.conditions import Fact, facts
from pixels.alerts.ledger import Entry, Ledger, Told
from pixels.alerts.rules import LAG, Rule, read_rules
from pixels.config import Settings
from pixels.delivery import Message, Receipt, Recipient, send
from pixels.errors import NoSnapshot, PixelsError
from pixels.only_one import only_one
from pixels.opening import open_warehouse
from pixels.pointer import utc_text
from pixels.warehouse import Warehouse

Send = Callable[[Message, Sequence[Recipient]], list[Receipt]]
_LOCK = "alerts.lock"
_NOTHING_PUBLISHED = Fact(LAG, "Nothing is published: no pass has ended yet, or what it published is gone.")


@dataclass(frozen=True)
class Checked:
    """What one rule came to."""

    rule: Rule
    holds: tuple[Fact, ...]
    receipts: tuple[Receipt, ...]
    problem: str = ""
    """Why nobody could look."""
    exit_code: int = 0
    """Of that problem."""

    @property
    def is_undelivered(self) -> bool:
        """Whether somebody did not get what was to be told; the next check tries again."""
        return any(receipt.error for receipt in self.receipts)

    def as_text(self) -> str:
        """Say it in a line."""
        said = "; ".join(fact.text for fact in self.holds) or "all is well"
        if self.problem:
            said = f"it could not be looked at: {self.problem}"
        return "; ".join([f"{self.rule.name}: {said}", *(receipt.as_text() for receipt in self.receipts)])


@dataclass(frozen=True)
class Checker:
    """What looks, with the clock and the way that tests replace."""

    settings: Settings
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    send: Send | None = None

    def check(self) -> list[Checked] | None:
        """Look at every rule; None: another one is at work. Raises ConfigurationError; PixelsError: the ledger is damaged."""
        rules = read_rules(self.settings)
        with only_one(self.settings.home / _LOCK) as alone:
            if not alone:
                return None
            if not rules:
                return []
            ledger = Ledger.read(self.settings.home)
            with ExitStack() as opened:
                try:
                    wh = opened.enter_context(open_warehouse(self.settings.published_dir))
                except NoSnapshot:
                    wh = None
                return [self._handle_alone(rule, wh, ledger) for rule in rules]

    def _handle_alone(self, rule: Rule, wh: Warehouse | None, ledger: Ledger) -> Checked:
        """Bring one rule up to now; where it cannot be looked at, the others still are."""
        try:
            return self._handle(rule, wh, ledger)
        except PixelsError as error:
            return Checked(rule, (), (), str(error), error.exit_code)

    def _handle(self, rule: Rule, wh: Warehouse | None, ledger: Ledger) -> Checked:
        """Bring one rule up to now. What could not be delivered before goes first, as it was."""
        now = self.now()
        receipts = self._deliver(rule, ledger)
        if wh is None:
            holds = [_NOTHING_PUBLISHED] if rule.on == LAG else []
            is_known = rule.on == LAG
        else:
            holds, is_known = facts(rule, wh, now), True
        if is_known and ledger.entries.get(rule.name, Entry()).pending is None:
            is_demo = wh is not None and wh.is_demo
            self._note(rule, holds, ledger, now, "[demo data] " if is_demo else "")
            receipts += self._deliver(rule, ledger)
        return Checked(rule, tuple(holds), receipts)

    def _note(self, rule: Rule, holds: list[Fact], ledger: Ledger, now: datetime, head: str) -> None:
        """Note what is to be told: something new, unless something was told just now; or that it is over."""
        entry = ledger.entries.get(rule.name, Entry())
        keys = tuple(fact.key for fact in holds)
        if not holds:
            if entry.is_on:
                text = f"What the alert {rule.name} told of does not hold any more.\n"
                told = Told(f"{head}Recovered: {rule.name}", text, f"{rule.name} over {utc_text(now)}", is_alarm=False)
                ledger.put(rule.name, is_on=False, keys=(), pending=told)
            return
        new = [fact for fact in holds if fact.key not in entry.keys or not entry.is_on]
        if new and _is_cool(entry, rule, now):
            text = "\n\n".join(fact.text for fact in holds) + "\n"
            told = Told(
                f"{head}ALERT {rule.name}: {holds[0].text}", text, f"{rule.name} {utc_text(now)}", is_alarm=True
            )
            ledger.put(rule.name, is_on=True, told_at=utc_text(now), keys=keys, pending=told)

    def _deliver(self, rule: Rule, ledger: Ledger) -> tuple[Receipt, ...]:
        """Send what is pending to each who has not got it; each receipt is in the ledger before the next."""
        pending = ledger.entries.get(rule.name, Entry()).pending
        if pending is None:
            return ()
        message = Message(pending.subject, pending.text, key=pending.key, is_alarm=pending.is_alarm)
        receipts: list[Receipt] = []
        for recipient in rule.to:
            if recipient.key in pending.delivered:
                continue
            (receipt,) = (self.send or self._send_really)(message, [recipient])
            receipts.append(receipt)
            if not receipt.error:
                pending = replace(pending, delivered=(*pending.delivered, recipient.key))
                ledger.put(rule.name, pending=pending)
        if not any(receipt.error for receipt in receipts):
            ledger.put(rule.name, pending=None)
        return tuple(receipts)

    def _send_really(self, message: Message, recipients: Sequence[Recipient]) -> list[Receipt]:
        return send(message, recipients, self.settings)


def _is_cool(entry: Entry, rule: Rule, now: datetime) -> bool:
    return entry.told_at is None or now - datetime.fromisoformat(entry.told_at) >= rule.cool_down
