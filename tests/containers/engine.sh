#!/usr/bin/env bash
# A Docker engine that answers: the one that runs, or one from Debian's packages. Run it as often as
# you like; it does only what is missing. Needs root and Debian (or what understands apt-get).
#
#   tests/containers/engine.sh && .venv/bin/pytest -m docker
#
# Prints what it has done; exits 1 with the end of the engine's log where none can be had.
set -euo pipefail

LOG=${LOCKGATE_DOCKERD_LOG:-/var/log/lockgate-dockerd.log}
WAIT_SECONDS=60
# Debian's own client: another one earlier on PATH may lack buildx and fall back to the old builder.
DOCKER=/usr/bin/docker
declare -A PACKAGE_OF=(
  [/usr/sbin/dockerd]=docker.io [/usr/bin/docker]=docker.io [/usr/bin/docker-compose]=docker-compose
  [/usr/sbin/debootstrap]=debootstrap [/usr/sbin/iptables]=iptables
  [/usr/bin/docker-registry]=docker-registry
)

fail() { echo "engine: $*" >&2; exit 1; }

answers() { "$DOCKER" version --format '{{.Server.Version}}' 2>/dev/null; }

install_missing() {
  local missing=() program
  for program in "${!PACKAGE_OF[@]}"; do
    [ -x "$program" ] || missing+=("${PACKAGE_OF[$program]}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "not root: cannot install ${missing[*]}"
  command -v apt-get >/dev/null || fail "no apt-get here: install ${missing[*]} yourself"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || fail "apt-get update failed: are Debian's packages reachable?"
  # Not started by its package: without systemd that fails, with it we find it answering anyway.
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install ${missing[*]}"
}

start() {
  [ "$(id -u)" = 0 ] || fail "no engine answers, and only root can start one"
  setsid dockerd >>"$LOG" 2>&1 </dev/null &
  local pid=$! second
  for ((second = 0; second < WAIT_SECONDS; second++)); do
    if answers >/dev/null; then return 0; fi
    kill -0 "$pid" 2>/dev/null || { tail -n 20 "$LOG" >&2; fail "dockerd ended at once; its log is $LOG"; }
    sleep 1
  done
  tail -n 20 "$LOG" >&2
  fail "dockerd does not answer after $WAIT_SECONDS s; its log is $LOG"
}

install_missing
answers >/dev/null || start
echo "engine: Docker $(answers) answers"
