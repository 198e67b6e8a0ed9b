#!/bin/sh
# Instructions of one full mutual handshake (both ends), counted by valgrind, facade beside library in one run, and of
# rejecting a client whose subject has 1 and 5,000 attributes.
# Needs: valgrind. Usage: benches/instructions.sh [cargo feature flags]
set -eu
cd "$(dirname "$0")/.."
binary=$(cargo bench "$@" --bench count --no-run --message-format=json 2>/dev/null |
    grep -o '"executable":"[^"]*count-[^"]*"' | tail -n 1 | cut -d '"' -f 4)
# The difference between two runs leaves the start-up, the PKI and the first handshake out.
few=5 many=205
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 |
        awk '/Collected/ { print $4 }'
}
each() { echo $((($(count "$1" $many) - $(count "$1" $few)) / (many - few))); }
libraries=rustls
case "$*" in *openssl* | *all-features*) libraries="rustls openssl" ;; esac
for library in $libraries; do
    raw=$(each "$library/raw")
    ours=$(each "$library/mtls")
    echo "$library: raw $raw, mtls $ours instructions per handshake, ratio $(awk "BEGIN { printf \"%.4f\", $ours / $raw }")"
done
for attributes in 1 5000; do
    echo "rejecting a subject of $attributes attributes: $(each "rejection/$attributes") instructions"
done
