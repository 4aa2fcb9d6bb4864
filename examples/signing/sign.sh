#!/bin/sh
# Sign a request to a Pixels collector with openssl, and send it with curl.
#
#   PIXELS_KEY_ID=shop PIXELS_SECRET=... ./sign.sh 'https://pixels.example.com/deposit?playerId=123&bannerTag=brandA'
#   PIXELS_KEY_ID=shop PIXELS_SECRET=... ./sign.sh https://pixels.example.com/events events.json application/x-ndjson
#
# openssl takes the secret as an argument, so while it runs other users of this machine can see it in the list of processes;
# where there are others, use sign.py.
set -eu

url=${1:?usage: sign.sh URL [BODY_FILE [CONTENT_TYPE]]}
body=${2:-/dev/null} type=${3:-application/json}
key=${PIXELS_KEY_ID:?is not set} secret=${PIXELS_SECRET:?is not set}

# What is signed: time, path and sorted query, a line each, then the body as it is sent.
target=/$(printf '%s' "${url%%#*}" | sed -E 's,^[^:]*://[^/?]*/?,,')
path=${target%%\?*}
case $target in *\?*) query=${target#*\?} ;; *) query= ;; esac
sorted=$(printf '%s\n' "$query" | tr '&' '\n' | sed -e '/^$/d' -e '/^signature=/d' | LC_ALL=C sort | paste -s -d '&' -)
signed_at=$(date +%s)
digits=$({ printf '%s\n%s\n%s\n' "$signed_at" "$path" "$sorted"; cat "$body"; } | openssl dgst -sha256 -hmac "$secret" -r | cut -d ' ' -f 1)

set -- --globoff --silent --show-error --fail --retry 5 --include --header "Prefer: return=minimal" \
    --header "X-Pixels-Signature: k=$key,t=$signed_at,v1=$digits" --url "$url"
if [ "$body" != /dev/null ]; then
    set -- "$@" --header "Content-Type: $type" --data-binary "@$body"
fi
exec curl "$@"
