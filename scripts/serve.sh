#!/usr/bin/env bash
# Brings database and static files up to date, then runs web server (HOST:PORT), worker and beat. DEMO=1 fills the database first.
set -euo pipefail
cd "$(dirname "$0")/.."

if (exec 3<>"/dev/tcp/$HOST/$PORT") 2>/dev/null; then
    echo "✗ Something already answers on $HOST:$PORT. Choose another port, for example: make $([[ ${DEMO:-} ]] && echo demo || echo run) PORT=$((PORT + 1))" >&2
    exit 1
fi

scripts/collectstatic.sh &
static_files=$!
.venv/bin/python manage.py migrate --verbosity 0
[[ -z ${DEMO:-} ]] || .venv/bin/python manage.py seed_demo
wait "$static_files"

echo "▸ $SITE_URL"
exec .venv/bin/python scripts/run_all.py
