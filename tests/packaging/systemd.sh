#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples for systemd: units without errors, and a directory in which a writer's regions belong
# to the group of the readers, who read them in place.
. "$(dirname "$0")/common.sh"
examples=$MMSYNC_SOURCE_DIR/share/systemd
[ -x "$MMSYNC" ] || { echo "skipped: the tool, which this build has not"; exit 77; }
chmod 711 "$tmp"

for program in systemd-analyze systemd-sysusers systemd-tmpfiles; do
    command -v "$program" >/dev/null || {
        echo "skipped: $program is not installed"
        exit 77
    }
done

# ---- Units: systemd only warns of what it does not know ----

mkdir "$tmp/units"
for file in "$examples"/*.service "$examples"/*.path; do
    name=${file##*/}
    sed "s,=mmsync ,=$MMSYNC ," "$file" >"$tmp/units/${name/@/@prices}"
done
ls "$tmp/units"
expect 0 '' systemd-analyze verify --man=no "$tmp/units"/*
sed -i 's/^ProtectHome=/ProtectHouse=/' "$tmp/units/mmsync-exporter.service"
expect 0 '*ProtectHouse*' systemd-analyze verify --man=no "$tmp/units/mmsync-exporter.service"

# Their command lines, as %i is replaced; tests/relay has those that need a server.
commands=$(sed -n 's/^ExecStart=//p' "$examples"/mmsync-{publish@,exporter}.service)
mkdir "$tmp/run" "$tmp/lib"
printf 'value' >"$tmp/lib/prices"
while read -r line; do
    read -ra words <<<"$line"
    words=("${words[@]//%i/prices}")
    words=("${words[@]/#\/run\/mmsync/$tmp/run}")
    words=("${words[@]/#\/var\/lib\/mmsync/$tmp/lib}")
    case $line in
    *exporter*) expect 0 '*mmsync*' "$MMSYNC" "${words[@]:1:1}" "${words[@]: -1}" --textfile - ;;
    *) expect 0 '*generation=1 *' "$MMSYNC" "${words[@]:1}" ;;
    esac
done <<<"$commands"
expect 0 value "$MMSYNC" read "$tmp/run/prices"

# ---- After a reboot, which a changed boot id stands for ----

unit=$examples/mmsync-recover@.service
disk=$tmp/disk
region=$disk$(systemd-escape --unescape --path prices-region)
# setting NAME: of the unit, as the path of the region replaces %f.
setting() {
    sed -n "s,%f,$region,g; s,^$1=,,p" "$unit"
}
# reboot COMMAND...: the command, where nothing but the region can be written, if that can be had.
reboot() {
    printf '\x12\x34\x56\x78\x9a\xbc\xde\xf0' | dd of="$region/control" bs=1 seek=384 conv=notrunc status=none
    if [ "$(id -u)" -ne 0 ] || ! unshare --mount true 2>/dev/null; then
        "$@"
        return
    fi
    # shellcheck disable=SC2016 # for that shell
    unshare --mount bash -ec 'mount --bind "$1" "$1"; mount --bind "$2" "$2"; mount -o remount,bind,ro "$1"
        if touch "$1/file" 2>/dev/null; then exit 1; fi; exec "${@:3}"' - "$disk" "$(setting ReadWritePaths)" "$@"
}
mkdir -p "${region%/*}"
if [ "$(stat -f -c %T "$tmp")" = tmpfs ]; then
    echo "skipped: mmsync-recover@.service, as $tmp is on tmpfs"
else
    run test ! -e "$(setting ConditionPathExists)"
    printf 'value' | "$MMSYNC" write "$region" --durable
    run test -e "$(setting ConditionPathExists)"
    read -ra words <<<"$(setting ExecStart)"
    expect 0 'generation=*' reboot "$MMSYNC" "${words[@]:1}"
    expect 0 value "$MMSYNC" read "$region"
fi

# ---- Users and the directory ----

[ "$(id -u)" -eq 0 ] || { echo "skipped: users and the directory, which need root"; exit 0; }
root=$tmp/root
mkdir -p "$root/etc/sysusers.d" "$root/etc/tmpfiles.d" "$root/run"
cp "$examples/sysusers.conf" "$root/etc/sysusers.d/mmsync.conf"
cp "$examples/tmpfiles.conf" "$root/etc/tmpfiles.d/mmsync.conf"
run systemd-sysusers --root="$root" mmsync.conf
run systemd-tmpfiles --root="$root" --create mmsync.conf
writer=$(sed -n 's/^mmsync:x:\([0-9]*\):.*/\1/p' "$root/etc/passwd")
own=$(sed -n 's/^mmsync:x:\([0-9]*\):.*/\1/p' "$root/etc/group")
readers=$(sed -n 's/^mmsync-readers:x:\([0-9]*\):mmsync$/\1/p' "$root/etc/group")
[ "$(stat -c '%a %u %g' "$root/run/mmsync")" = "2750 $writer $readers" ] || fail "$(stat "$root/run/mmsync")"

# as USER GROUP COMMAND...
as() {
    setpriv --reuid "$1" --regid "$2" --clear-groups "${@:3}"
}
as 4242 4242 test -x "$MMSYNC" || { echo "skipped: regions, as other users cannot start $MMSYNC"; exit 0; }
printf 'value' | as "$writer" "$own" "$MMSYNC" write "$root/run/mmsync/prices" -
expect 0 value as 4242 "$readers" "$MMSYNC" read "$root/run/mmsync/prices"
run as 4242 "$readers" test -w "$root/run/mmsync/prices/readers" # so they read in place
expect 1 '' as 4242 "$readers" test -w "$root/run/mmsync/prices/control"
expect 1 '*Permission denied*' as 4242 4242 "$MMSYNC" read "$root/run/mmsync/prices"
