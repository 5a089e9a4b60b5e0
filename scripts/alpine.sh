#!/bin/sh
# Runs a command in a container of node:alpine, in the repository, after what it needs is installed: sh scripts/alpine.sh npm test
set -eu
apk add --no-cache bash build-base git procps-ng rustup
rustup-init -y --quiet --profile minimal
. "$HOME/.cargo/env"
# What is built shares the C library of its Node.
export RUSTFLAGS="-C target-feature=-crt-static"
# The files belong to another user than the container's.
git config --global --add safe.directory "$PWD"
exec "$@"
