# The handful of commands of a working day. `just` lists them; each is one line of Cargo.

_default:
    @just --list

# Run oppscale, for example: just run top --from nodes-pods.json
run *args:
    cargo run --quiet -- {{args}}

# Run the tests; a filter narrows them: just test cli::top
test *filter:
    cargo test {{filter}}

# Run the slow tests, which leave a sample in `just test`
slow:
    cargo test --locked -- --ignored --skip soak --skip opens_a_screen_and_panics

# Format and lint as CI does
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings

# Renew completions, docs/cli.md, README's console blocks and rendered manifests
regenerate:
    OPPSCALE_REGENERATE=1 cargo test --test integration artefacts

# Everything that a change must pass
ci:
    .ci/run

# Benchmarks, for example: just bench demand
bench *filter:
    cargo bench --bench scale -- {{filter}}
