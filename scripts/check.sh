#!/usr/bin/env bash
# Everything that can be said about the code without running it for somebody. Runs all checks, then tells which failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
DATA_DIR=$(mktemp -d)
export DATA_DIR
trap 'rm -rf "$DATA_DIR"' EXIT
unset DATABASE_URL REDIS_URL DEBUG DEMO

failed=()
step() {
    local output
    if output=$("$@" 2>&1); then
        printf '✓ %s\n' "$*"
    else
        printf '✗ %s\n%s\n' "$*" "$output"
        failed+=("$*")
    fi
}

# What a firm sets on its server; `check --deploy` looks at exactly that.
production() {
    HTTPS=1 ALLOWED_HOSTS=quality.example.com SITE_URL=https://quality.example.com \
        SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(64))') "$@"
}

step ruff check .
step ruff format --check .
step lint-imports
step python manage.py makemigrations --check --dry-run
step production python -W error manage.py check --deploy --fail-level WARNING
step python manage.py spectacular --validate --fail-on-warn --file "$DATA_DIR/schema.yaml"

((${#failed[@]} == 0)) || { printf '%s of the checks failed: %s\n' "${#failed[@]}" "$(IFS=';'; echo "${failed[*]}")"; exit 1; }
