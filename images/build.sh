#!/usr/bin/env bash
# Build the images, from any directory:
#
#   images/build.sh [TARGET ...]      default: deploy runner sandbox (merge on demand), tagged lockgate:TARGET
#
# Everything else comes from the environment:
#   BASE_IMAGE          python:3.11-slim-bookworm, or what images/base/build.sh made
#   LOCKGATE_IMAGE      the name before the colon, default lockgate
#   LOCKGATE_CA         a CA bundle with which the package index is reached; it lands in no layer
#   LOCKGATE_PIP_CONF   a pip.conf, for an index of your own; it lands in no layer either
#   DOCKER              the client to use
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "image: $*" >&2; exit 1; }

# A client since version 23 builds with BuildKit only if it has buildx; before that it just does.
builds() {
  local major
  major=$("$1" version --format '{{.Client.Version}}' 2>/dev/null | cut -d. -f1)
  [ -n "$major" ] && { [ "$major" -lt 23 ] || "$1" buildx version >/dev/null 2>&1; }
}
for DOCKER in ${DOCKER:-docker /usr/bin/docker} ''; do
  [ -n "$DOCKER" ] || fail "no docker client here can build with BuildKit: install docker-buildx"
  if builds "$DOCKER"; then break; fi
done

secrets=()
[ -z "${LOCKGATE_CA:-}" ] || secrets+=(--secret "id=ca,src=$LOCKGATE_CA")
[ -z "${LOCKGATE_PIP_CONF:-}" ] || secrets+=(--secret "id=pip,src=$LOCKGATE_PIP_CONF")
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' runner/__init__.py)
revision=${REVISION:-$(git rev-parse HEAD 2>/dev/null || true)}
source=${SOURCE:-$(git remote get-url origin 2>/dev/null || true)}

[ $# -gt 0 ] || set -- deploy runner sandbox
for target in "$@"; do
  DOCKER_BUILDKIT=1 "$DOCKER" build --file images/Dockerfile --target "$target" --network host \
    --tag "${LOCKGATE_IMAGE:-lockgate}:$target" "${secrets[@]}" ${BASE_IMAGE:+--build-arg "BASE_IMAGE=$BASE_IMAGE"} \
    ${SOURCE_DATE_EPOCH:+--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH"} \
    --build-arg "SOURCE=$source" --build-arg "REVISION=$revision" --build-arg "VERSION=$version" \
    --progress plain ${LOCKGATE_BUILD_OPTIONS:-} .
done
