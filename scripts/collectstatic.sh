#!/usr/bin/env bash
# Gathers the static files, if any of them changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=$DATA_DIR/static/.collected
# File names, sizes and times tell of our own files; the two stamps of scripts/setup.sh tell of everybody else's.
state=$(find static -type f -printf '%p %s %T@\n' | sort | cat - .venv/.installed-* node_modules/.installed config/settings.py | sha256sum)
[[ -f $stamp && $(<"$stamp") == "$state" ]] && exit

.venv/bin/python manage.py collectstatic --noinput --clear --verbosity 0
echo "$state" >"$stamp"
