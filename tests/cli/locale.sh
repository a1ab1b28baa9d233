# SPDX-License-Identifier: Apache-2.0
# Numbers are printed and parsed alike in every locale.
. "$(dirname "$0")/support.bash"
command -v localedef >/dev/null || skip "localedef is not installed"
localedef -c -i ps_AF -f UTF-8 "$scratch/ps_AF.UTF-8" >/dev/null 2>&1
[[ -f $scratch/ps_AF.UTF-8/LC_NUMERIC ]] || skip "localedef makes no ps_AF (Debian: apt install locales)"
foreign=(env LOCPATH="$scratch" LC_ALL=ps_AF.UTF-8)

echo value | "${foreign[@]}" "$MMSYNC" write "$region" --max-size 1.5M >/dev/null
for command in "stat $region" "stat $region --json" "read $region" "dump $region" "verify $region"; do
    # The age differs each time.
    # shellcheck disable=SC2086
    same "$command" "$("$MMSYNC" $command | tr -d '\0' | sed -e 's/, [0-9.]* s ago//' -e '/age_ns/d')" \
        "$("${foreign[@]}" "$MMSYNC" $command | tr -d '\0' | sed -e 's/, [0-9.]* s ago//' -e '/age_ns/d')"
done
succeeds "${foreign[@]}" "$MMSYNC" stat "$region"
like "stat" ".* [0-9]+\.[0-9]+ s ago.*1572864 bytes \(1\.5 MiB\).*" "$out"
succeeds "${foreign[@]}" "$MMSYNC" bench --json --seconds 0.2 --rounds 1 --directory "$scratch"
check "bench --json has points" grep -qE ': [0-9]+\.[0-9]+' <<<"$out"
finish
