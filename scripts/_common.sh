# Shared by the scripts: where things are, and how environments are made.
# Sourced by bash; `set -euo pipefail` is the caller's.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENVS="$ROOT/.venv"
WORKER="$VENVS/worker"
FEDERATED="$VENVS/federated"
HOMEASSISTANT="$VENVS/homeassistant"
# Outlives a checkout: the newest Home Assistant takes minutes to install.
CACHE="${EDGE_AI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edge-ai}"

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() {
  printf '\033[31m%s\033[0m\n' "$*" >&2
  exit 1
}

# Debian's packages, where this account may install them; elsewhere a sentence.
# system_packages COMMAND:PACKAGE ...
system_packages() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Installing ${missing[*]} with apt"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
      --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 && return 0
  fi
  say "Not installed here: ${missing[*]}. With it more works; on Debian: apt install ${missing[*]}"
  return 1
}

# find_python MINOR... : prints the first CPython 3.MINOR that really runs. A pyenv shim
# is on PATH even when its version isn't selected, so each candidate is tried.
find_python() {
  local minor candidate
  for minor in "$@"; do
    for candidate in "python3.$minor" python3 \
      "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$minor".*/bin/python \
      "$(command -v uv >/dev/null && uv python find --no-python-downloads "3.$minor" 2>/dev/null || true)"; do
      [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
      if "$candidate" -c "import sys; sys.exit(sys.version_info[:2] != (3, $minor))" 2>/dev/null; then
        "$candidate" -c 'import sys; print(sys.executable)'
        return 0
      fi
    done
  done
  return 1
}

# uv resolves and installs in a fraction of pip's time; Home Assistant's requirements
# take pip a quarter of an hour. It doesn't read pip's settings, so they are handed on.
ensure_uv() {
  local python
  if ! UV="$(command -v uv)" || ! "$UV" --version >/dev/null 2>&1; then
    UV="$VENVS/tools/bin/uv"
    if [ ! -x "$UV" ]; then
      python="$(find_python 13 12 11 14)" || fail "No Python 3.11 or newer found. Install one, for example: apt install python3 python3-venv"
      "$python" -m venv "$VENVS/tools" || fail "Could not make a virtual environment. On Debian: apt install python3-venv"
      "$VENVS/tools/bin/pip" install -q "uv>=0.8"
    fi
  fi
  export UV
  local name value
  while IFS== read -r name value; do
    value="${value#\'}" value="${value%\'}"
    case "$name" in
      *find-links) export UV_FIND_LINKS="${UV_FIND_LINKS:-$(tr -s ' \n' ',' <<<"$value" | sed 's/,$//')}" ;;
      *.index-url) export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$value}" ;;
      *.cert) export SSL_CERT_FILE="${SSL_CERT_FILE:-$value}" ;;
    esac
  done < <(python3 -m pip config list 2>/dev/null || true)
}

# up_to_date VENV KEY : true when VENV was last completed from the same KEY.
up_to_date() { [ -x "$1/bin/python" ] && [ "$(cat "$1/.complete" 2>/dev/null)" = "$2" ]; }

setup_worker() { setup_ours worker "$WORKER"; }
setup_federated() { setup_ours federated "$FEDERATED"; }

# setup_ours NAME VENV : an environment with this package, from requirements/NAME.txt.
setup_ours() {
  local name="$1" venv="$2" key python
  key="$(cat "$ROOT/requirements/$name.txt" "$ROOT/pyproject.toml" "$ROOT/scripts/_common.sh" | sha256sum) $ROOT"
  up_to_date "$venv" "$key" && return 0
  ensure_uv
  python="$(find_python 11 12 13)" || fail "The worker needs Python 3.11, 3.12 or 3.13, and none was found on PATH, with uv or in pyenv. Install one, for example: uv python install 3.11"
  say "Environment $name ($("$python" --version))"
  [ -x "$venv/bin/python" ] || "$UV" venv -q --python "$python" "$venv"
  "$UV" pip install -q --compile-bytecode --python "$venv/bin/python" -r "$ROOT/requirements/$name.txt"
  "$UV" pip install -q --python "$venv/bin/python" --no-deps --no-build-isolation -e "$ROOT"
  install_torch "$venv"
  printf '%s' "$key" >"$venv/.complete"
}

# Only a CPU build: the default wheel on Linux brings gigabytes of GPU libraries. What a
# wheel would bring is read from its metadata before anything is downloaded.
# install_torch VENV
install_torch() {
  local pin torch=(--python "$1/bin/python")
  pin="$(cat "$ROOT/requirements/torch.txt")"
  "$1/bin/python" -c 'import torch' 2>/dev/null && return 0
  if "$UV" pip install "${torch[@]}" --dry-run "$pin" 2>&1 | tee "$VENVS/torch.log" | grep -qiE 'nvidia|cuda' ||
    grep -qi 'error\|no solution' "$VENVS/torch.log"; then
    "$UV" pip install -q "${torch[@]}" --torch-backend cpu "$pin" ||
      say "No CPU build of $pin could be had: neural tools stay off, all else works."
  else
    "$UV" pip install -q "${torch[@]}" "$pin"
  fi
  # Once with bytecode: jobs in the sandbox import it anew each time and can't write any.
  env -u PYTHONDONTWRITEBYTECODE "$1/bin/python" -c 'import torch' 2>/dev/null || true
}

setup_homeassistant() {
  local key python
  key="$(cat "$ROOT/requirements/homeassistant.txt" "$ROOT/scripts/_common.sh" | sha256sum) $ROOT"
  up_to_date "$HOMEASSISTANT" "$key" && return 0
  ensure_uv
  python="$(find_python 13)" || fail "Home Assistant 2025.4.4 needs Python 3.13, and none was found on PATH, with uv or in pyenv. Install it, for example: uv python install 3.13"
  system_packages gcc:gcc || true # four small packages have no wheel and are compiled
  say "Home Assistant environment ($("$python" --version)); the first time takes some minutes"
  [ -x "$HOMEASSISTANT/bin/python" ] || "$UV" venv -q --python "$python" "$HOMEASSISTANT"
  "$UV" pip install -q --compile-bytecode --python "$HOMEASSISTANT/bin/python" -r "$ROOT/requirements/homeassistant.txt"
  printf '%s' "$key" >"$HOMEASSISTANT/.complete"
}
