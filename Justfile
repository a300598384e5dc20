# The steps of .ci/run, one by one: `just` lists them, `just ci` runs them all.

_default:
    @just --list --unsorted

# Everything that CI runs
ci:
    .ci/run

# Formatting
fmt:
    cargo fmt --all --check

# Lints, as errors
clippy:
    cargo clippy --all-targets -- -D warnings

# Tests; arguments go to the test runner
test *arguments:
    ci/test {{ arguments }}

# The same by `cargo test` alone: all tests of a binary in one process
plain *arguments:
    ci/test --plain {{ arguments }}

# Kills and faults against the promise of a 250
torture rounds='100':
    ci/torture {{ rounds }}

# Half an hour of an ordinary office: memory and descriptors
soak minutes='30':
    ci/soak {{ minutes }}

# Documentation, private items included
docs:
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items

# No committed migration has changed
migrations:
    ci/check-migrations

# Licences, sources, bans and advisories of what is shipped
deny:
    ci/deny

# The systemd unit and the alert rules
deploy:
    ci/check-deploy

# Lines of code, comments, documentation and tests of each module; names of modules pick some
lines *modules:
    ci/lines {{ modules }}

# Every fuzz target for some seconds
fuzz seconds='10' *targets:
    ci/fuzz-smoke {{ seconds }} {{ targets }}
