#!/bin/sh
# Install a lock into /opt/lockgate: wheels alone, every hash required, then pruned and compiled.
#
#   install.sh LOCK | install.sh WHEEL
#
# A company's CA bundle and its pip.conf come as BuildKit secrets, under /run/secrets: they are
# mounted for this step and stand in no layer.
set -eu
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:?}" PYTHONHASHSEED=0
here=$(dirname "$0") site=$(echo /opt/lockgate/lib/python3*/site-packages)
if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi
if [ -f /run/secrets/pip ]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi

pip() { /tools/bin/pip --python /opt/lockgate/bin/python install --quiet --disable-pip-version-check --no-compile "$@"; }
case $1 in
  *.whl) pip --no-index --no-deps "$1" ;;
  *) pip --require-hashes --only-binary=:all: --requirement "$1" ;;
esac

"$here/prune.sh" "$site"
/opt/lockgate/bin/python "$here/compile.py" "$site"
find /opt/lockgate -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
