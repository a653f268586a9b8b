# A static oppscale on an empty image, for the builder's architecture: x86_64 or aarch64.
#
#   docker build --tag REGISTRY/oppscale:VERSION --build-arg REVISION="$(git rev-parse HEAD)" .
#
# Any builder with a Rust toolchain and a C compiler does; ring is the only part in C, and gcc
# compiles it for musl as it is. The cache mounts take BuildKit, or buildah.
ARG RUST=1.95
FROM rust:${RUST}-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev ca-certificates jq \
    && rm -rf /var/lib/apt/lists/*
RUN rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /src
# What the program is made of, and nothing else: a change of a test or a page builds nothing
# anew, and nothing that lies about gets into the build.
COPY Cargo.toml Cargo.lock LICENSE ./
COPY .ci/licenses .ci/licenses
COPY charts charts
COPY completions completions
COPY crates crates
COPY fuzz fuzz
COPY src src
COPY templates templates
# Where several platforms are built at once, each has its own folder of the cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/target \
    target="$(uname -m)-unknown-linux-musl" \
    && export CARGO_TARGET_DIR="/target/$target" \
    && env "CC_$(echo "$target" | tr - _)=gcc" \
       cargo build --profile dist --locked --bin oppscale --target "$target" \
    && cp "$CARGO_TARGET_DIR/$target/dist/oppscale" /oppscale \
    && .ci/licenses "$target" /licenses \
    && /oppscale --version

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="oppscale" \
      org.opencontainers.image.description="Fills the idle capacity of a Kubernetes cluster, and gives it back on demand" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /oppscale /oppscale
COPY --from=build /src/LICENSE /LICENSE
# The licences of the crates in it, and its SBOM (CycloneDX).
COPY --from=build /licenses/ /licenses/
# For an API server whose certificate the system's authorities vouch for. In a cluster, the
# ServiceAccount brings its own.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# Nobody: the API's port is above 1024, and nothing is written.
USER 65532:65532
EXPOSE 10250 8080
ENTRYPOINT ["/oppscale"]
CMD ["serve"]
