#!/bin/sh
# Debian's git, for who merges by it. Which version that is says the mirror of the day: no lock file can. What
# differs from build to build beside that, and what a container never reads, goes again.
set -eu
export DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:?}"

apt-get -qq update
apt-get -qq install -y --no-install-recommends git
apt-get clean
rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/apt/* /var/cache/debconf/* /var/cache/ldconfig/* \
  /usr/share/man/* "${TMPDIR:-/tmp}"/*
find /usr/share/doc -type f ! -name copyright -delete

# As images/prepare.sh: dates of what this step made or changed.
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /mnt -o -path /run \) -prune -o \
  -newermt "@$SOURCE_DATE_EPOCH" ! -path /etc/hosts ! -path /etc/hostname ! -path /etc/resolv.conf \
  ! -path /etc/ssl/certs/ca-certificates.crt \
  -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
