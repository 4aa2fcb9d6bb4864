"""Alerts: what somebody is to hear of without looking, told once, and again when it is over.

`rules` reads alerts.toml, `conditions` looks whether a rule holds now, `ledger` keeps what was told, `check` puts them together
for `pixels alerts check`, which cron runs.
"""
