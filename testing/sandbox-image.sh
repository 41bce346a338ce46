#!/usr/bin/env bash
# Makes the image in which the tests and the benchmark of @omnipaw/sandbox-docker run, of programs of this machine: nothing is
# pulled. Needs a Docker engine (or Podman: sandbox-image.sh podman), busybox-static, git and node. Prints the image's name.
set -euo pipefail

IMAGE=omnipaw/sandbox-test:latest
# What is in it: an image of before is made anew.
CONTENTS="busybox, git, node $(node -p process.version)"
engine="${1:-docker}"

if [ "$("$engine" image inspect --format '{{index .Config.Labels "contents"}}' "$IMAGE" 2>/dev/null)" != "$CONTENTS" ]; then
  root="$(mktemp -d)"
  trap 'rm -rf "$root"' EXIT
  mkdir -p "$root"/{bin,dev,etc,lib,proc,sys,tmp,usr/bin,workspace}
  # Some versions of runc give what is mounted there the mode of the directory below.
  chmod 1777 "$root/tmp"
  cp /bin/busybox "$root/bin/"
  for command in $(/bin/busybox --list | grep -v "^busybox$"); do ln -sf busybox "$root/bin/$command"; done
  # A file of root's that others may run as root: it must not help them.
  cp /bin/busybox "$root/bin/busybox-setuid"
  chmod 4755 "$root/bin/busybox-setuid"

  # What is called node may be a script that starts one.
  programs=("$(command -v git)" "$(node -p process.execPath)")
  cp "${programs[@]}" "$root/usr/bin/"
  for library in $(ldd "${programs[@]}" | grep -v ':$' | grep -o '/[^ ]*' | sort -u); do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
  printf 'root:x:0:0::/:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\n' >"$root/etc/group"
  printf 'root:*:19000::::::\n' >"$root/etc/shadow"
  chmod 600 "$root/etc/shadow"
  tar -C "$root" --owner=0 --group=0 -c . | "$engine" import --change "LABEL contents=\"$CONTENTS\"" - "$IMAGE" >/dev/null
fi
echo "$IMAGE"
