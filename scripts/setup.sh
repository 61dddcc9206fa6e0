#!/usr/bin/env bash
# Installs what this checkout needs, and nothing twice: a second run only compares hashes.
#
#   scripts/setup.sh          what the product needs to run
#   scripts/setup.sh test     and what the tests and checks need besides
#
# PYTHON=python3.12 chooses the interpreter of a new .venv.
set -euo pipefail
cd "$(dirname "$0")/.."
level=${1:-run}

runtime_packages=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk)
test_packages=(poppler-utils)

say() { printf '\033[1m▸ %s\033[0m\n' "$*"; }
die() { { printf '✗ %s\n' "$1"; shift; printf '%s\n' "$@"; } >&2; exit 1; }

# ── Packages of the system ──────────────────────────────────────────────────
is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Chromium without windows of its own takes two thirds of the time. Not every distribution has it apart, and either will do.
browser_package() {
    if is_installed chromium || ! apt-cache show chromium-headless-shell &>/dev/null; then
        echo chromium
    else
        echo chromium-headless-shell
    fi
}

find_missing_packages() {
    local wanted=("${runtime_packages[@]}") package
    [[ $level == test ]] && wanted+=("${test_packages[@]}" "$(browser_package)")
    missing=()
    for package in "${wanted[@]}"; do is_installed "$package" || missing+=("$package"); done
    # Debian ships python3 without ensurepip, and only python3-venv brings it.
    [[ -x .venv/bin/python ]] || "$python" -c 'import ensurepip' 2>/dev/null || missing+=("${python##*/}-venv")
}

install_system_packages() {
    local missing as_root=()
    if ! command -v apt-get dpkg-query >/dev/null; then
        [[ -e .venv/.installed-run ]] ||
            say "No apt-get here. Please install the equivalents of: ${runtime_packages[*]} ${test_packages[*]} chromium"
        return
    fi
    find_missing_packages
    ((${#missing[@]})) || return 0

    if ((EUID != 0)); then
        sudo -n true 2>/dev/null || die "Packages of the system are missing. Please run this, then the same make again:" \
            "    sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
        as_root=(sudo -n)
    fi
    local apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    "${apt_get[@]}" update
    # Only now is it known what there is to choose from.
    find_missing_packages
    say "Installing ${missing[*]}"
    "${apt_get[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# ── Python ──────────────────────────────────────────────────────────────────
choose_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$candidate
            return
        fi
    done
    die "Python 3.11 or newer is needed, and was not found as: ${PYTHON:-python3, python3.13, python3.12, python3.11}"
}

# A stamp holds the hash of the files that decided what was installed.
hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
is_current() { [[ -f $1 && $(<"$1") == "$2" ]]; }

make_venv() {
    [[ -x .venv/bin/python ]] || { say "Making .venv"; "$python" -m venv .venv; }
    is_current .venv/.installed-uv "$(hash_of requirements/uv.txt)" && return
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
    hash_of requirements/uv.txt >.venv/.installed-uv
}

uv_install() { VIRTUAL_ENV=.venv .venv/bin/uv pip install -q --require-hashes "$@"; }

install_python_packages() {
    local locks=(requirements/runtime.txt) arguments=() lock
    [[ $level == test ]] && locks+=(requirements/dev.txt)
    is_current ".venv/.installed-$level" "$(hash_of "${locks[@]}")" && return
    say "Installing Python packages ($level)"
    for lock in "${locks[@]}"; do arguments+=(-r "$lock"); done
    uv_install --compile-bytecode "${arguments[@]}"
    hash_of "${locks[@]}" >".venv/.installed-$level"
}

# ── Front end ───────────────────────────────────────────────────────────────
install_node_packages() {
    is_current node_modules/.installed "$(hash_of package.json package-lock.json)" && return
    if ! command -v npm >/dev/null; then
        say "No npm here: taking it from a wheel"
        uv_install -r requirements/node.txt
    fi
    say "Installing front-end packages"
    npm ci --silent
    hash_of package.json package-lock.json >node_modules/.installed
}

[[ $level == run || $level == test ]] || die "usage: scripts/setup.sh [run|test]"
export PATH="$PWD/.venv/bin:$PATH"
choose_python
install_system_packages
make_venv
# The two wait for different things, so they go side by side.
install_node_packages &
node_packages=$!
install_python_packages
wait "$node_packages" || die "npm ci failed; 'npm ci' alone shows why."
