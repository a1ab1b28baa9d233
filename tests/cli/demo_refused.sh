# SPDX-License-Identifier: Apache-2.0
# Arguments and data that the demo cannot work with. It has no data of its own, and does not guess.
. "$(dirname "$0")/support.bash"

demo() {
    "$MMSYNC" demo "$@"
}

refuses 2 "--seconds: '2' is not a number from 3 to 3600" demo --seconds 2
refuses 2 "--readers: '1' is not a number from 2 to 64" demo --readers 1
refuses 2 "--data: 'names' is neither oui nor public-suffix" demo --data names
refuses 2 "--file needs --data" demo --file /dev/null
refuses 2 "unexpected argument 'region'" demo region
refuses 2 "--role is for processes that the demo starts itself" demo --role reader
refuses 1 "--role is for processes that the demo starts itself" demo --role reader 0 0

refuses 1 "cannot read the public suffix list from $scratch/none: No such file" \
    demo --data public-suffix --file "$scratch/none"
refuses 1 "cannot read the IEEE's OUI registry from $scratch: Is a directory" demo --data oui --file "$scratch"
echo "com" >"$scratch/short"
refuses 1 "$scratch/short is not the public suffix list as it is published: it has too few records" \
    demo --data public-suffix --file "$scratch/short"
refuses 1 "$scratch/short is not the IEEE's OUI registry as it is published: the first line" \
    demo --data oui --file "$scratch/short"

seq -f 'r%g.example' 1 2000 >"$scratch/rules"
rules=(--data public-suffix --file "$scratch/rules")
refuses 1 "cannot use $scratch/none for the region: No such file" \
    demo --table "${rules[@]}" --directory "$scratch/none"
refuses 1 "cannot use $scratch/none for the region: No such file" demo "${rules[@]}" --directory "$scratch/none"
refuses 1 "cannot write $scratch/none/figures: No such file" demo "${rules[@]}" --json "$scratch/none/figures"
if [[ -e /dev/full && $(id -u) -ne 0 ]]; then
    mkdir -m 0500 "$scratch/closed"
    run demo "${rules[@]}" --directory "$scratch/closed"
    same "status where no region can be made" 1 "$status"
    like "what is said then" ".*$scratch/closed.*" "$err"
fi

# If a package is missing, the demo names it. Needs its own mount namespace, to hide the data.
hide='mount -t tmpfs none "$1" && shift && exec "$@"'
if [[ -d /usr/share/ieee-data && -d /usr/share/publicsuffix ]] &&
    unshare -rm sh -c "$hide" hide /mnt true 2>/dev/null; then
    refuses 1 "install the Debian package ieee-data" \
        unshare -rm sh -c "$hide" hide /usr/share/ieee-data "$MMSYNC" demo --data oui
    refuses 1 "install the Debian package publicsuffix" \
        unshare -rm sh -c "$hide" hide /usr/share/publicsuffix "$MMSYNC" demo --data public-suffix
    refuses 1 "install the Debian package ieee-data or publicsuffix" unshare -rm sh -c \
        "mount -t tmpfs none /usr/share/publicsuffix && $hide" hide /usr/share/ieee-data "$MMSYNC" demo
    refuses 1 "needs .* in /dev/shm, which has .* free" unshare -rm sh -c \
        "mount -t tmpfs -o size=500k none /dev/shm && $hide" hide /mnt "$MMSYNC" demo "${rules[@]}"
    refuses 1 "needs .* in /dev/shm, which has .* free" unshare -rm sh -c \
        "mount -t tmpfs -o size=1m none /dev/shm && $hide" hide /mnt "$MMSYNC" demo --table "${rules[@]}"
fi
finish
