#!/usr/bin/env bash
# A Debian base image from Debian's packages alone, for those who have no registry at hand:
#
#   images/base/build.sh [NAME]          NAME defaults to lockgate-base:bookworm
#
# Needs root and debootstrap (tests/containers/engine.sh installs it). DEBIAN_MIRROR and
# DEBIAN_SECURITY name other mirrors than this machine's, SOURCE_DATE_EPOCH another date for the files.
#
# The same packages give the same layer: names, owners, modes, dates and bytes. Which packages these
# are is the mirror's to say; a snapshot mirror pins them.
set -euo pipefail

NAME=${1:-lockgate-base:bookworm}
SUITE=bookworm
# The mirrors that this machine's own apt uses.
apt_uri() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u | grep "$@" | head -n 1; }
MIRROR=${DEBIAN_MIRROR:-$(apt_uri -v security || true)}
SECURITY=${DEBIAN_SECURITY:-$(apt_uri security || true)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1735689600}
# What images/Dockerfile asks of any base: Python 3.11 with venv, and the public CAs.
PACKAGES=python3,python3-venv,ca-certificates
DOCKER=${DOCKER:-docker}

fail() { echo "base: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "debootstrap needs root"
[ -n "$MIRROR" ] && [ -n "$SECURITY" ] || fail "apt names no mirror here: set DEBIAN_MIRROR and DEBIAN_SECURITY"
command -v debootstrap >/dev/null || fail "there is no debootstrap: apt-get install debootstrap"

# Not /tmp, which may be mounted nodev or noexec: debootstrap runs what it unpacks.
WORK=$(mktemp -d /var/tmp/lockgate-base.XXXXXX)
ROOT=$WORK/root LOG=$WORK/log
trap 'rm -rf "$WORK"' EXIT
mkdir -m 755 "$ROOT"

logged() { "$@" >>"$LOG" 2>&1 || { tail -n 20 "$LOG" >&2; fail "this failed: $*"; }; }
in_root() { logged chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

logged debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$ROOT" "$MIRROR"

cat >"$ROOT/etc/apt/sources.list" <<SOURCES
deb $MIRROR $SUITE main
deb $MIRROR $SUITE-updates main
deb $SECURITY $SUITE-security main
SOURCES
in_root apt-get update
in_root apt-get upgrade -y --no-install-recommends

# What a container never reads, and what differs from build to build. The licences stay.
in_root apt-get clean
find "$ROOT/usr/share/doc" -type f ! -name copyright -delete
find "$ROOT/usr/share/doc" -type l -delete
find "$ROOT/usr/share/doc" -type d -empty -delete
rm -rf "$ROOT"/usr/share/{man,info,locale,lintian}/* "$ROOT"/var/lib/apt/lists/* "$ROOT"/var/log/* \
  "$ROOT"/var/cache/{apt,debconf,ldconfig}/* "$ROOT"/tmp/* "$ROOT"/etc/machine-id \
  "$ROOT"/var/lib/dbus/machine-id "$ROOT"/etc/*- "$ROOT"/dev/*
# The engine mounts over these; where it has to make them, the date of /etc changes with every build.
for name in hosts hostname resolv.conf; do : >"$ROOT/etc/$name"; done
# Days since 1970 of the password's last change, of users that have none.
sed -i -E 's/^([^:]*:[^:]*):[0-9]*:/\1:20000:/' "$ROOT/etc/shadow"

tar -C "$ROOT" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --numeric-owner --one-file-system -c . |
  "$DOCKER" import --change 'CMD ["bash"]' --change 'ENV LANG=C.UTF-8' - "$NAME" >/dev/null
echo "base: $NAME is there"
