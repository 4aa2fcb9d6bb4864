-- wrk's script: each request a pixel of a player of its own, PREFIX-1, PREFIX-2, ..., with the headers a browser sends.
-- Prints one JSON line at the end: what was sent, what was answered, the waiting times in microseconds.
local headers = {
  ["Accept"] = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br",
  ["Accept-Language"] = "en-GB,en;q=0.9,de;q=0.8",
  ["Referer"] = "https://brand.example/landing",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
}
local the_thread

function setup(thread) the_thread = thread end

function init(arguments)
  prefix = arguments[1]
  sent = 0
end

function request()
  sent = sent + 1
  local player = prefix .. "-" .. sent
  return wrk.format("GET", "/visit?playerId=" .. player .. "&bannerTag=brandA&s=v-" .. player .. "&b=click126362362", headers)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"sent": %d, "answered": %d, "not_2xx": %d, "broken": %d, "seconds": %f, "p50_us": %d, "p99_us": %d}\n',
    the_thread:get("sent"), summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99)))
end
