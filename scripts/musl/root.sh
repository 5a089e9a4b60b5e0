#!/bin/sh
# Makes a root whose C library is musl, in the mount namespace that this runs in, and runs a command there (scripts/musl/root.js):
#
#   unshare --mount sh root.sh bare|tools MUSL LIBRARIES COMMAND…
#
# `bare` is like Alpine: musl, busybox, the Nodes for it and this folder, nothing with glibc. `tools` is this machine with musl beside its glibc:
# the Node has musl, and what the tests run by name is the machine's. MUSL is the folder with Debian's musl and busybox.
# Nothing outside of the namespace is changed, and the namespace goes with its last process.

set -eu
kind=$1 musl=$2 libraries=$3
shift 3
here=$PWD
root=$musl/root

# By this file programs tell which C library there is.
ldd () {
  printf '#!/bin/sh\n# musl\nexec /lib/ld-musl-x86_64.so.1 --list -- "$@"\n'
}

mkdir -p "$root"
mount -t tmpfs -o mode=755 musl "$root"
if [ "$kind" = bare ]; then
  cd "$root"
  mkdir bin dev etc lib proc root run sbin sys tmp usr usr/bin usr/lib usr/sbin var
  cp "$musl/usr/bin/busybox" bin/busybox
  chroot . /bin/busybox --install -s
  cp /etc/passwd /etc/group /etc/hosts etc/
  # Packages with native addons look for it to tell which of theirs fits.
  touch etc/alpine-release
  ldd > usr/bin/ldd
  chmod 755 usr/bin/ldd
  for name in dev proc sys tmp; do mount --rbind "/$name" "$name"; done
  # The command's folder, and where the Node is, which may be elsewhere.
  for dir in "$here" "${musl%/*}"; do
    mkdir -p "$root$dir"
    mount --rbind "$dir" "$root$dir"
  done
else
  cd /
  for name in * .[!.]*; do
    if [ "$name" = lib ]; then
      mkdir "$root/lib"
      for file in /usr/lib/*; do ln -s "$file" "$root/lib/"; done
    elif [ -L "$name" ]; then
      cp -P "$name" "$root/$name"
    elif [ -d "$name" ]; then
      mkdir "$root/$name"
      mount --rbind "/$name" "$root/$name"
    fi
  done
  ldd > "$root/lib/ldd-musl"
  chmod 755 "$root/lib/ldd-musl"
  mount --bind "$root/lib/ldd-musl" "$root/usr/bin/ldd"
fi

cp "$musl/usr/lib/x86_64-linux-musl/libc.so" "$root/lib/ld-musl-x86_64.so.1"
ln -s ld-musl-x86_64.so.1 "$root/lib/libc.musl-x86_64.so.1"
# Links to the very files that the Node has by a path of its own, so that an addon gets no second library.
for file in "$libraries"/*.so.*; do
  name=${file##*/}
  version=${name##*.so.}
  ln -s "$file" "$root/lib/${name%%-*}.so.${version%%.*}"
done

cd "$root"
mkdir .old
pivot_root . .old
cd "$here"
umount -l /.old
rmdir /.old
exec "$@"
