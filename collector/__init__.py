"""HTTP request in, durable event out. CONTRIBUTING.md follows one event through it.

The server    serve, gunicorn_app (workers), http_protocol, malformed and one_write (HTTP/1.1), app (routes), exact_paths,
              cors, logs
The ways in   request, body, parameters, pixel (one event), batch (many), pages (pixels.js and other fixed texts)
The event     contract (fields, limits, reasons), events (checks and steps, in order), event_id, created_at, money, signing,
              bots, privacy; clock and uuid7
History       past, past_instant: what the collector would have made of it; refused_again: what it makes now of what it refused
The sender    client_address, rate_limit
The log       event_log (what a log is), sinks (which one), local_log on log_file and slots, kafka_log, spooled_log, forwarder
The reply     answers, refusals (kept and counted), faults (503, 500), request_id
From outside  counters, metrics, spool (what waits), health, insiders (who may look)
"""
