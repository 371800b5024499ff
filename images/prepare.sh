#!/bin/sh
# What every target has beside its base: a user, the places that user may write to, and a standard
# library that is compiled (the public Python image ships it without bytecode).
set -eu
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:?}" PYTHONHASHSEED=0

# 1000 is the first user of most Linux machines: what is mounted from a laptop is writable as it is.
groupadd --gid 1000 lockgate
useradd --uid 1000 --gid 1000 --home-dir /scratch --no-create-home --shell /usr/sbin/nologin lockgate
rm -f /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid-

# Everybody's, like /tmp: the image also runs under `--user` with a number that it does not know.
mkdir -p /cache /scratch /work /opt/lockgate
chmod 1777 /cache /scratch
chown lockgate:lockgate /work
ln -s /opt/lockgate/bin/lockgate /usr/local/bin/lockgate

stdlib=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
find "$stdlib/__pycache__" -name 'os.*.pyc' 2>/dev/null | grep -q . ||
  find "$stdlib" \( -name test -o -name tests -o -name site-packages -o -name idlelib -o -name lib2to3 \) -prune \
    -o -name '*.py' -print | sort | python3 -m compileall -q --invalidation-mode unchecked-hash -i -

# Dates of what this step made or changed, so that the layer is the same tomorrow.
find /cache /etc /opt /scratch /usr /var /work -newermt "@$SOURCE_DATE_EPOCH" \
  ! -path /etc/hosts ! -path /etc/hostname ! -path /etc/resolv.conf \
  -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
touch --date "@$SOURCE_DATE_EPOCH" /
