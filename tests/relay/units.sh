# SPDX-License-Identifier: Apache-2.0
# The systemd units are sound, and name options that the tool has.
# ctest: released
. "$(dirname "$0")/../cli/support.bash"
command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed (Debian: systemd)"
for unit in "$source_dir"/share/systemd/mmsync-{push,follow}@.service; do
    name=${unit##*/}
    name=${name%@.service}
    # A unit of its own name, with the tool that was built.
    sed "s|^ExecStart=mmsync |ExecStart=$MMSYNC |" "$unit" >"$scratch/$name@prices.service"
    run systemd-analyze verify --man=no "$scratch/$name@prices.service"
    # Where systemd does not run, it may not look up users, and says so.
    same "systemd-analyze verify $name" "0" "$status$(grep -F "$name" <<<"$err")"
    verb=${name#mmsync-}
    line=$(sed -n 's/^ExecStart=//p' "$unit")
    like "what $name starts" "mmsync $verb .*" "$line"
    while read -r option; do
        check "$verb knows $option" grep -qe "$option" <("$MMSYNC" "$verb" --help)
    done < <(grep -oE -- '--[a-z-]+' <<<"$line $(grep 'OPTIONS=-' "$unit")")
done
finish
