#!/bin/sh
# Runs a command in a container of node:alpine, in the repository, after what it needs is installed: sh scripts/alpine.sh npm test
set -eu
apk add --no-cache bash build-base git procps-ng python3 rustup
rustup-init -y --quiet --profile minimal
. "$HOME/.cargo/env"
# The files belong to another user than the container's.
git config --global --add safe.directory "$PWD"
exec "$@"
