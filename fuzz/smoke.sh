#!/usr/bin/env bash
# Runs every fuzz target for a few seconds (the first argument, 5 unless given) on its seeds, with the stable toolchain:
# coverage is built in by rustc's own pass, and there is no sanitizer. The same code sees the same inputs, unless the
# time ends first, so that who did not touch it need not mend it. New inputs are thrown away; a finding stays in
# artifacts/ and ends the run.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-5}
host=$(rustc -vV | sed -n 's/^host: //p')
# Compiling takes most of the time.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
# For the targets alone: build scripts and macros link no runtime for the counters.
flags='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cdebug-assertions -Coverflow-checks'
flags+=' -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table'
RUSTFLAGS=$flags cargo build --quiet --release --bins --target "$host"
programs=${CARGO_TARGET_DIR:-target}/$host/release

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
for source in fuzz_targets/*.rs; do
    target=$(basename "$source" .rs)
    mkdir -p "$new/$target" "artifacts/$target"
    if ! "$programs/$target" "$new/$target" "corpus/$target" -max_len=8192 -timeout=20 \
        -rss_limit_mb=2048 -seed=1 -runs=20000 -max_total_time="$seconds" -artifact_prefix="artifacts/$target/" >"$new/log" 2>&1; then
        tail -n 40 "$new/log"
        printf '%s: failed\n' "$target"
        exit 1
    fi
    printf '%-22s %s\n' "$target" "$(grep '^Done' "$new/log")"
done
