# A static oppscale on an empty image. Any builder with a Rust toolchain and a C compiler
# does; ring is the only part in C, and gcc compiles it for musl as it is.
FROM rust:1-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN target="$(uname -m)-unknown-linux-musl" \
    && rustup target add "$target" \
    && env "CC_$(echo "$target" | tr - _)=gcc" cargo build --release --locked --target "$target" \
    && cp "target/$target/release/oppscale" /oppscale

FROM scratch
COPY --from=build /oppscale /oppscale
# For an API server whose certificate the system's authorities vouch for. In a cluster, the
# ServiceAccount brings its own.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# Nobody: the API's port is above 1024, and nothing is written.
USER 65532:65532
EXPOSE 10250 8080
ENTRYPOINT ["/oppscale"]
CMD ["serve"]
