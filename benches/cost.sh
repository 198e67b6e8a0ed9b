#!/bin/sh
# What this crate costs beside the libraries alone. Needs valgrind, strace and libssl-dev; without arguments it says more.
# MTLS_COST_FEATURES names features of the crate that are on as well, as `metrics,tracing`.
set -eu
cd "$(dirname "$0")/.."
features="ring,openssl,tokio${MTLS_COST_FEATURES:+,$MTLS_COST_FEATURES}"
binary=$(cargo bench --quiet --features "$features" --bench cost --no-run --message-format=json-render-diagnostics |
    grep -o '"executable":"[^"]*/cost-[^"]*"' | tail -n 1 | cut -d '"' -f 4)
exec "$binary" "$@"
