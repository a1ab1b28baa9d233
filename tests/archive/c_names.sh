#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# c_names.sh MMSC CC NAMES INCLUDE: what mmsc generates compiles before and after all headers of
# the C library. NAMES is the list of names that they have: each is a field and a variant here, and
# every 64th, and some chosen ones, is a type. In C++ too, if there is a compiler.
set -uo pipefail
read -ra mmsc <<<"${MMSYNC_TEST_EMULATOR-}"
mmsc+=("$1")
cc=$2 names=$3 include=$4
cxx=$(command -v c++ || command -v g++ || command -v clang++)
[ -s "$names" ] || { echo "there is no list of names at $names"; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0

# Headers of the C library that one program can include together.
standard="aio.h alloca.h argp.h argz.h arpa/inet.h arpa/nameser.h arpa/telnet.h assert.h byteswap.h complex.h cpio.h
crypt.h ctype.h dirent.h dlfcn.h elf.h endian.h envz.h err.h errno.h error.h execinfo.h fcntl.h fenv.h float.h fmtmsg.h
fnmatch.h ftw.h getopt.h glob.h grp.h iconv.h ifaddrs.h inttypes.h iso646.h langinfo.h lastlog.h libgen.h libintl.h
limits.h link.h locale.h malloc.h math.h mcheck.h mntent.h monetary.h mqueue.h net/ethernet.h net/if.h net/if_arp.h
net/route.h netdb.h netinet/icmp6.h netinet/in.h netinet/ip.h netinet/ip6.h netinet/ip_icmp.h netinet/tcp.h
netinet/udp.h nl_types.h obstack.h paths.h poll.h printf.h pthread.h pty.h pwd.h regex.h resolv.h sched.h search.h
semaphore.h setjmp.h sgtty.h shadow.h signal.h spawn.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h
stdio.h stdlib.h stdnoreturn.h string.h strings.h sys/acct.h sys/auxv.h sys/epoll.h sys/eventfd.h sys/fanotify.h
sys/file.h sys/inotify.h sys/io.h sys/ioctl.h sys/ipc.h sys/klog.h sys/mman.h sys/mount.h sys/msg.h sys/mtio.h
sys/param.h sys/personality.h sys/poll.h sys/prctl.h sys/ptrace.h sys/quota.h sys/random.h sys/reboot.h sys/resource.h
sys/select.h sys/sem.h sys/sendfile.h sys/shm.h sys/signalfd.h sys/socket.h sys/stat.h sys/statfs.h sys/statvfs.h
sys/swap.h sys/syscall.h sys/sysinfo.h sys/syslog.h sys/sysmacros.h sys/time.h sys/timerfd.h sys/times.h sys/timex.h
sys/ttydefaults.h sys/types.h sys/ucontext.h sys/uio.h sys/un.h sys/utsname.h sys/vfs.h sys/wait.h sys/xattr.h
syslog.h tar.h termios.h tgmath.h threads.h time.h uchar.h ucontext.h ulimit.h unistd.h utime.h utmp.h utmpx.h values.h
wait.h wchar.h wctype.h wordexp.h"

# C++ has its own versions of some, and its compilers refuse others.
not_in_cxx=" stdatomic.h tgmath.h threads.h stdnoreturn.h complex.h "

for header in $standard; do
    printf '#if __has_include(<%s>)\n#include <%s>\n#endif\n' "$header" "$header"
done >"$tmp/all.h"
for header in $standard; do
    [[ $not_in_cxx == *" $header "* ]] ||
        printf '#if __has_include(<%s>)\n#include <%s>\n#endif\n' "$header" "$header"
done >"$tmp/all_cxx.h"

chosen=(I errno stdin NULL unix linux major minor assert EOF EAGAIN signed bool st_mtime stat FILE DIR time_t P P_ALL read
div ENTRY ACTION VISIT signal sigaction timespec y0 index socket S_IREAD si_value main int class template alignas)

# Rust's own keywords are raw names in Rust.
sed -n 's/^\(MACRO\|GLOBAL\)(\(.*\))$/\2/p' "$names" >"$tmp/list"
printf '%s\n' "${chosen[@]}" alignof asm auto catch char constexpr concept default delete double explicit friend goto namespace \
    new noexcept nullptr operator or_eq private protected public register requires short sizeof switch this throw typedef \
    typeof typeid union unsigned using virtual void volatile wchar_t xor mms_tag tag size_t >>"$tmp/list"
sort -u "$tmp/list" -o "$tmp/list"
{
    # In many structs, because a compiler may compare each field with all others of its struct.
    awk 'NR % 100 == 1 { printf "%sstruct Fields%d {\n", (NR > 1 ? "}\n" : ""), NR / 100 } { print "    r#" $0 ": u8," }
         END { print "}" }' "$tmp/list"
    echo 'enum Plain {' # but for the names of functions of its own
    grep -vxE 'entry|read|write|tag|(get|as|text|Tag)_.*' "$tmp/list" | sed 's/.*/    r#&,/'
    echo '}'
    printf 'enum P { ALL, PID }\nenum S { IREAD, r#write_(u8) }\nenum SIG { ERR { r#I: String } }\nstruct si { value: u8 }\n'
    printf 'enum O { RDONLY(u8), CREAT }\nenum PTHREAD { ONCE_INIT }\nstruct FD { CLR: String }\n'
    { awk 'NR % 64 == 0' "$tmp/list"; printf '%s\n' "${chosen[@]}"; } | grep -vxE 'P|S|SIG|si|O|PTHREAD|FD' | sort -u |
        sed 's/.*/struct r#& { a: u8, b: Vec<r#&> }/'
} >"$tmp/names.rs"

"${mmsc[@]}" -o "$tmp" "$tmp/names.rs" || exit 1

# compile WHAT COMPILER OPTION... <PROGRAM
compile() {
    local what=$1
    cat >"$tmp/program.c"
    "${@:2}" -D_GNU_SOURCE -fsyntax-only -I"$include" -I"$tmp" "$tmp/program.c" >"$tmp/said" 2>&1 && return
    printf '%s does not compile:\n' "$what"
    grep -E 'error' "$tmp/said" | head -n 10
    failures=1
}

includes() {
    printf '#include "%s"\n' "$@"
}

includes all.h names.h names.c | compile "C, after the headers" "$cc" -std=gnu11 -x c
includes names.h all.h names.c | compile "C, before the headers" "$cc" -std=gnu11 -x c
if [ -z "$cxx" ]; then
    echo 'there is no C++ compiler; C alone'
else
    includes all_cxx.h names.h | compile "C++, after the headers" "$cxx" -std=c++17 -x c++
    includes names.h all_cxx.h | compile "C++, before the headers" "$cxx" -std=c++17 -x c++
fi
printf '%s names\n' "$(wc -l <"$tmp/list")"
exit "$failures"
