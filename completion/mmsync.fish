# SPDX-License-Identifier: Apache-2.0
# Fish completion for mmsync.

# The words before the cursor, from the verb on.
function __mmsync_words
    set -l words (commandline -opc)
    string join0 -- $words[2..-1]
end

function __mmsync_no_verb
    test (count (commandline -opc)) -eq 1
end

# True if the verb is one of those given; without any, if there is one.
function __mmsync_verb
    set -l words (__mmsync_words | string split0)
    set -q words[1]; or return 1
    contains -- $words[1] $__mmsync_verbs; or return 1
    not set -q argv[1]; or contains -- $words[1] $argv
end

# True if the operand at the cursor is of the kind given.
function __mmsync_operand
    set -l words (__mmsync_words | string split0)
    set -q words[1]; or return 1
    set -l kinds (__mmsync_operands $words[1])
    set -l taking (__mmsync_taking $words[1])
    set -l count 1
    set -l value 0
    for word in $words[2..-1]
        if test $value = 1
            set value 0
        else if string match -q -- '-?*' $word
            contains -- $word $taking; and set value 1
        else
            set count (math $count + 1)
        end
    end
    if test "$kinds[-1]" = ...
        test $count -lt (count $kinds); or set count (math (count $kinds) - 1)
    end
    if test $words[1] = restore; and contains -- --check $words
        set count 2
    end
    test "$kinds[$count]" = $argv[1]
end

# Names of regions, and of files of mmap-sync, in /dev/shm, and directories anywhere.
function __mmsync_regions
    for control in /dev/shm/*/control
        string replace -r '^/dev/shm/(.*)/control$' '$1' -- $control
    end
    for control in /dev/shm/*_state
        test -f $control; and string replace -r '^/dev/shm/(.*)_state$' '$1' -- $control
    end
    __fish_complete_directories
end

# ---- made by script/completion from the help ----
set -g __mmsync_verbs write read dump restore put get del keys load history rollback recover watch stat top ls \
    check exporter verify rm repair bridge push follow bench demo

# The kinds of a verb's operands, and its options that take the next word.
function __mmsync_operands
    switch $argv[1]
        case write
            printf '%s\n' region file
        case read
            printf '%s\n' region
        case dump
            printf '%s\n' region file
        case restore
            printf '%s\n' region file
        case put
            printf '%s\n' region free free free free ...
        case get
            printf '%s\n' region free ...
        case del
            printf '%s\n' region free ...
        case keys
            printf '%s\n' region
        case load
            printf '%s\n' region file
        case history
            printf '%s\n' region
        case rollback
            printf '%s\n' region free
        case recover
            printf '%s\n' region
        case watch
            printf '%s\n' region
        case stat
            printf '%s\n' region
        case top
            printf '%s\n' dir ...
        case ls
            printf '%s\n' dir ...
        case check
            printf '%s\n' region
        case exporter
            printf '%s\n' dir ...
        case verify
            printf '%s\n' region
        case rm
            printf '%s\n' region ...
        case repair
            printf '%s\n' region
        case bridge
            printf '%s\n' region region
        case push
            printf '%s\n' region free
        case follow
            printf '%s\n' free free region
    end
end

function __mmsync_taking
    switch $argv[1]
        case write
            printf '%s\n' --max-size --max-slots --max-readers --mode --readers-mode --group --at --set --json \
                --schema --type --changes-size --validate --expect --keep --tag --type-id --grace \
                --lock-wait --fence --huge-pages --format --trust
        case read
            printf '%s\n' -o --output --format --trust
        case dump
            printf '%s\n' --as --keys --values --format --trust
        case restore
            printf '%s\n' --max-size --max-slots --max-readers --mode --readers-mode --group --expect --keep --grace \
                --lock-wait --fence --huge-pages --format --trust
        case put
            printf '%s\n' --keys --values --expires --expected --max-bytes --max-size --max-slots --max-readers \
                --mode --readers-mode --group --expect --keep --grace --lock-wait --trust
        case get
            printf '%s\n' --keys --values --trust
        case del
            printf '%s\n' --keys --expect --keep --grace --lock-wait --trust
        case keys
            printf '%s\n' -p --prefix --keys --trust
        case load
            printf '%s\n' --as --keys --values --expected --max-bytes --max-size --max-slots --max-readers --mode \
                --readers-mode --group --expect --keep --grace --lock-wait --trust
        case rollback
            printf '%s\n' --expect --keep --grace --lock-wait --trust
        case recover
            printf '%s\n' --keep --lock-wait
        case watch
            printf '%s\n' -n --count -t --timeout --interval --format --trust
        case stat
            printf '%s\n' -i --interval -n --count --format
        case top
            printf '%s\n' -i --interval -s --sort -n --count
        case ls
            printf '%s\n' -s --sort
        case check
            printf '%s\n' --max-age --min-generation --max-size --max-readers --min-readers --format
        case exporter
            printf '%s\n' -l --listen -t --textfile
        case verify
            printf '%s\n' --format
        case rm
            printf '%s\n' --format
        case repair
            printf '%s\n' -v --longest-view
        case bridge
            printf '%s\n' --from -n --count --grace --lock-wait --max-size --schema --type --trust
        case push
            printf '%s\n' -n --name --replicas --storage --log --user --password --token --creds --nkey --tlscacert \
                --tlscert --tlskey --domain --trust
        case follow
            printf '%s\n' --scrub --max-size --max-slots --max-readers --mode --readers-mode --group --grace \
                --lock-wait --fence --huge-pages --trust --user --password --token --creds --nkey \
                --tlscacert --tlscert --tlskey --domain
        case bench
            printf '%s\n' -s --seconds -r --rounds -d --directory
        case demo
            printf '%s\n' -s --seconds -r --readers --data --file -d --directory --json
    end
end

complete -c mmsync -n __mmsync_no_verb -a write -d 'publish a file or standard input'
complete -c mmsync -n __mmsync_no_verb -a read -d 'write the current bytes to standard output'
complete -c mmsync -n __mmsync_no_verb -a dump -d 'back up the value with its type, schema and tag'
complete -c mmsync -n __mmsync_no_verb -a restore -d 'publish the value in a dump'
complete -c mmsync -n __mmsync_no_verb -a put -d 'store entries in a table'
complete -c mmsync -n __mmsync_no_verb -a get -d 'print the values of keys'
complete -c mmsync -n __mmsync_no_verb -a del -d 'delete keys from a table'
complete -c mmsync -n __mmsync_no_verb -a keys -d 'print the keys of a table'
complete -c mmsync -n __mmsync_no_verb -a load -d 'put many entries into a table'
complete -c mmsync -n __mmsync_no_verb -a history -d 'list the values that are still there'
complete -c mmsync -n __mmsync_no_verb -a rollback -d 'make an older value the newest again'
complete -c mmsync -n __mmsync_no_verb -a recover -d 'after a reboot, bring a durable value back'
complete -c mmsync -n __mmsync_no_verb -a watch -d 'print a line for each new generation'
complete -c mmsync -n __mmsync_no_verb -a stat -d 'show geometry, value, writer and readers'
complete -c mmsync -n __mmsync_no_verb -a top -d 'watch regions: rates, ages, readers'
complete -c mmsync -n __mmsync_no_verb -a ls -d 'list regions'
complete -c mmsync -n __mmsync_no_verb -a check -d 'is there a value, and is it fresh? For probes'
complete -c mmsync -n __mmsync_no_verb -a exporter -d 'export metrics of regions to Prometheus'
complete -c mmsync -n __mmsync_no_verb -a verify -d 'check every structure, and checksums'
complete -c mmsync -n __mmsync_no_verb -a rm -d 'remove a region'
complete -c mmsync -n __mmsync_no_verb -a repair -d 'take back counts that dead readers of mmap-sync left'
complete -c mmsync -n __mmsync_no_verb -a bridge -d 'keep a region and files of mmap-sync in sync'
complete -c mmsync -n __mmsync_no_verb -a push -d 'send a region to other hosts'
complete -c mmsync -n __mmsync_no_verb -a follow -d 'keep a region in sync with one on another host'
complete -c mmsync -n __mmsync_no_verb -a bench -d 'measure this machine'
complete -c mmsync -n __mmsync_no_verb -a demo -d 'watch look-ups in real data, with crashes'

complete -c mmsync -n '__mmsync_verb write' -s j -l result-json -d 'print a JSON object instead of the line, and errors as objects on ...'
complete -c mmsync -n '__mmsync_verb write restore put load follow' -l max-size -x -d 'largest value it takes'
complete -c mmsync -n '__mmsync_verb write restore put load follow' -l max-slots -x -d 'most values kept at a time, 2 to 32767'
complete -c mmsync -n '__mmsync_verb write restore put load follow' -l max-readers -x -d 'most readers, 1 to 65535'
complete -c mmsync -n '__mmsync_verb write restore put load follow' -l mode -x -d 'mode of the files that hold the value'
complete -c mmsync -n '__mmsync_verb write restore put load follow' -l readers-mode -x -d 'mode of the reader table, r and w together'
complete -c mmsync -n '__mmsync_verb write restore put load follow' -l group -x -a '(__fish_complete_groups)' -d 'group of all files'
complete -c mmsync -n '__mmsync_verb write restore put load' -l durable -d 'its values survive a power cut: each publish waits for the disk ...'
complete -c mmsync -n '__mmsync_verb write restore put load follow' -l replace -d 'if there is one with another geometry: build a new one that goes on ...'
complete -c mmsync -n '__mmsync_verb write' -l at -x -d 'change the newest value: put what is read over its bytes from ...'
complete -c mmsync -n '__mmsync_verb write' -l set -x -d 'change one place in the newest value, which must have been ...'
complete -c mmsync -n '__mmsync_verb write' -l json -r -F -d 'publish a typed value from FILE, \'-\' for standard input, in JSON as ...'
complete -c mmsync -n '__mmsync_verb write' -l schema -r -F -d 'the schema that defines its type, as for mmsc'
complete -c mmsync -n '__mmsync_verb write' -l type -x -d 'the name of that type'
complete -c mmsync -n '__mmsync_verb write' -l changes-size -x -d 'room to note what --at and --set change'
complete -c mmsync -n '__mmsync_verb write' -l allow-empty -d 'publish standard input, a pipe or what COMMAND prints even if it is ...'
complete -c mmsync -n '__mmsync_verb write' -l validate -x -d 'publish only if COMMAND, a line for /bin/sh that gets the value on ...'
complete -c mmsync -n '__mmsync_verb write restore put del load rollback' -l expect -x -d 'publish only if this is the newest generation, 0 for none yet'
complete -c mmsync -n '__mmsync_verb write restore put del load rollback recover' -l keep -x -d 'keep N retired values for \'mmsync rollback\', 0 to 255'
complete -c mmsync -n '__mmsync_verb write' -l checksum -d 'store a checksum for \'mmsync verify\''
complete -c mmsync -n '__mmsync_verb write' -l tag -x -d 'store a number of your own with the value'
complete -c mmsync -n '__mmsync_verb write' -l type-id -x -d 'store a type id of 32 hexadecimal digits'
complete -c mmsync -n '__mmsync_verb write restore put del load rollback follow' -l grace -x -a 'forever' -d 'how long to wait for readers that hold every slot, or \'forever\''
complete -c mmsync -n '__mmsync_verb write restore put del load rollback follow' -l evict -d 'then take slots from readers that allow it'
complete -c mmsync -n '__mmsync_verb write restore' -l reset -d 'then take the value that they read, as the crate mmap-sync does'
complete -c mmsync -n '__mmsync_verb write restore' -l unlocked -d 'take no write lock, as that crate does by default'
complete -c mmsync -n '__mmsync_verb write restore put del load rollback recover follow' -l lock-wait -x -a 'forever' -d 'how long to wait for another writer to end, or \'forever\''
complete -c mmsync -n '__mmsync_verb write restore follow' -l fence -x -a 'auto symmetric asymmetric' -d 'auto, symmetric or asymmetric'
complete -c mmsync -n '__mmsync_verb write restore follow' -l huge-pages -x -a 'auto off on' -d 'auto, off, or on, which fails where there are none'
complete -c mmsync -n '__mmsync_verb write read dump restore watch stat check verify rm' -l format -x -a 'auto mmsync mmap-sync' -d 'mmsync, or mmap-sync: the files of the Rust crate'
complete -c mmsync -n '__mmsync_verb write read dump restore put get del keys load rollback recover watch bridge push follow' -l force-filesystem -d 'accept a file system that mmsync is not tested on'
complete -c mmsync -n '__mmsync_verb write read dump restore put get del keys load rollback watch bridge push follow' -l trust -x -a '(__fish_complete_users)' -d 'accept a region NAME that belongs to USER'
complete -c mmsync -n '__mmsync_verb' -s h -l help -d 'print this text'
complete -c mmsync -n '__mmsync_verb' -s V -l version -d 'print the version'
complete -c mmsync -n '__mmsync_verb read' -s o -l output -r -F -d 'write to FILE instead'
complete -c mmsync -n '__mmsync_verb read' -l copy -d 'copy the value before it is written out, so that slow output does ...'
complete -c mmsync -n '__mmsync_verb read' -s j -l json -d 'print the value as one line of JSON'
complete -c mmsync -n '__mmsync_verb read' -l schema -d 'print that schema'
complete -c mmsync -n '__mmsync_verb read dump' -l other-hasher -d 'the writer of mmap-sync\'s files has a hasher of its own, so a copy ...'
complete -c mmsync -n '__mmsync_verb dump' -l as -x -a 'jsonl csv mdb' -d 'a table as text instead, for \'mmsync load\': jsonl, csv, or mdb ...'
complete -c mmsync -n '__mmsync_verb dump' -s j -l json -d 'print what FILE has as a JSON object, and errors as objects on ...'
complete -c mmsync -n '__mmsync_verb dump put get del keys load' -l keys -x -a 'text hex u32 u64' -d 'how a key is written: text, hex, u32 or u64, an integer of the machine'
complete -c mmsync -n '__mmsync_verb dump put get load' -l values -x -a 'text hex u32 u64' -d 'the same for values'
complete -c mmsync -n '__mmsync_verb restore' -l check -d 'publish nothing: check that the dump is whole, and print what is in it'
complete -c mmsync -n '__mmsync_verb restore' -s j -l json -d 'print a JSON object instead of the line'
complete -c mmsync -n '__mmsync_verb put del load rollback recover rm repair' -s j -l json -d 'print the result as a JSON object, and errors as objects on ...'
complete -c mmsync -n '__mmsync_verb put' -l expires -x -d 'the entries expire after 500ms, 30s, 5m, 12h or 7d'
complete -c mmsync -n '__mmsync_verb put load' -l expected -x -d 'make room for N entries'
complete -c mmsync -n '__mmsync_verb put load' -l max-bytes -x -d 'a cache: past SIZE of memory the entries that were written longest ...'
complete -c mmsync -n '__mmsync_verb put load' -l expiring -d 'entries may expire'
complete -c mmsync -n '__mmsync_verb get' -s r -l raw -d 'no line ends: with one KEY, the bytes as they are'
complete -c mmsync -n '__mmsync_verb get' -s j -l json -d 'print each entry as a line of JSON'
complete -c mmsync -n '__mmsync_verb keys' -s p -l prefix -x -d 'only those that begin with KEY'
complete -c mmsync -n '__mmsync_verb keys' -s c -l count -d 'print how many there are instead'
complete -c mmsync -n '__mmsync_verb keys' -s z -l null -d 'end each with a null byte, for xargs -0'
complete -c mmsync -n '__mmsync_verb keys' -s j -l json -d 'print each as a line of JSON'
complete -c mmsync -n '__mmsync_verb load' -l as -x -a 'jsonl csv mdb' -d 'jsonl, csv, or mdb, which LMDB\'s mdb_dump writes'
complete -c mmsync -n '__mmsync_verb load' -l clear -d 'first delete the entries that the table has'
complete -c mmsync -n '__mmsync_verb history' -s j -l json -d 'print a JSON array'
complete -c mmsync -n '__mmsync_verb watch stat' -s n -l count -x -d 'end after N lines'
complete -c mmsync -n '__mmsync_verb watch' -s t -l timeout -x -d 'end with status 1 after MS without a new generation'
complete -c mmsync -n '__mmsync_verb watch' -l changes -d 'end each line with what may differ from the line before it: ...'
complete -c mmsync -n '__mmsync_verb watch' -l keys -a 'text hex u32 u64' -d 'of a table: after each line print one for each key that has changed ...'
complete -c mmsync -n '__mmsync_verb watch' -s j -l json -d 'print a JSON object on each line, with `generation`, `size` ...'
complete -c mmsync -n '__mmsync_verb watch' -l interval -x -d 'the least time between two lines'
complete -c mmsync -n '__mmsync_verb stat bench' -s j -l json -d 'print a JSON object'
complete -c mmsync -n '__mmsync_verb stat' -s i -l interval -x -d 'print a line every TIME (100ms, 5s, 1m), with publishes per second ...'
complete -c mmsync -n '__mmsync_verb top' -s i -l interval -x -d 'how often to look: 100ms to 60s'
complete -c mmsync -n '__mmsync_verb top' -s s -l sort -x -a 'name size age readers memory' -d 'name, generation, rate, age, size, readers or memory'
complete -c mmsync -n '__mmsync_verb top' -s r -l reverse -d 'reverse the order'
complete -c mmsync -n '__mmsync_verb top' -s b -l batch -d 'print lines instead of a screen, for files and pipes: a line for ...'
complete -c mmsync -n '__mmsync_verb top' -s j -l json -d 'the lines are JSON objects, and none is empty'
complete -c mmsync -n '__mmsync_verb top' -s n -l count -x -d 'end after N rounds'
complete -c mmsync -n '__mmsync_verb ls' -s s -l sort -x -a 'name size age readers memory' -d 'name, size, age, readers or memory'
complete -c mmsync -n '__mmsync_verb ls' -s j -l json -d 'print a JSON array of objects with those keys of \'mmsync stat ...'
complete -c mmsync -n '__mmsync_verb check' -l max-age -x -d 'the value was published at most TIME ago: 500ms, 30s, 5m, 12h'
complete -c mmsync -n '__mmsync_verb check' -l min-generation -x -d 'its generation is at least N'
complete -c mmsync -n '__mmsync_verb check' -l max-size -x -d 'it has at most SIZE bytes'
complete -c mmsync -n '__mmsync_verb check' -l max-readers -x -d 'at most N readers are alive'
complete -c mmsync -n '__mmsync_verb check' -l min-readers -x -d 'at least N readers are alive'
complete -c mmsync -n '__mmsync_verb check' -s w -l writer -d 'a writer has the region open'
complete -c mmsync -n '__mmsync_verb check' -s q -l quiet -d 'print nothing if all is well'
complete -c mmsync -n '__mmsync_verb check' -s j -l json -d 'print a JSON object in any case, with the reasons of a failure in ...'
complete -c mmsync -n '__mmsync_verb exporter' -s l -l listen -x -d 'HOST:PORT, [IPV6-ADDRESS]:PORT or :PORT'
complete -c mmsync -n '__mmsync_verb exporter' -s t -l textfile -r -F -d 'write FILE, or - for standard output, and end'
complete -c mmsync -n '__mmsync_verb exporter' -s j -l json -d 'print the URL, or what FILE has, as a JSON object, and errors as ...'
complete -c mmsync -n '__mmsync_verb verify' -s j -l json -d 'print a JSON object, with the findings in `reasons`'
complete -c mmsync -n '__mmsync_verb rm' -s f -l force -d 'ignore regions that do not exist'
complete -c mmsync -n '__mmsync_verb repair' -s v -l longest-view -x -d 'no view lasts longer than this: counts that stay that long on the ...'
complete -c mmsync -n '__mmsync_verb repair' -s f -l force -d 'set both counts to 0, whoever is alive'
complete -c mmsync -n '__mmsync_verb bridge' -l from -x -a 'mmsync mmap-sync' -d 'mmsync or mmap-sync'
complete -c mmsync -n '__mmsync_verb bridge' -l once -d 'carry one value over, and end'
complete -c mmsync -n '__mmsync_verb bridge' -s n -l count -x -d 'end after N values'
complete -c mmsync -n '__mmsync_verb bridge' -s q -l quiet -d 'print no lines for values'
complete -c mmsync -n '__mmsync_verb bridge' -s j -l json -d 'the lines are JSON objects, and errors are objects on standard error'
complete -c mmsync -n '__mmsync_verb bridge' -l grace -x -a 'forever' -d 'how long a write waits for readers of TO, or \'forever\' (1000)'
complete -c mmsync -n '__mmsync_verb bridge' -l reset -d 'then do as mmap-sync does: take the value from them'
complete -c mmsync -n '__mmsync_verb bridge' -l unlocked -d 'do not take the write lock of mmap-sync\'s files'
complete -c mmsync -n '__mmsync_verb bridge' -l lock-wait -x -a 'forever' -d 'how long to wait for another writer of TO, or \'forever\''
complete -c mmsync -n '__mmsync_verb bridge' -l max-size -x -d 'of a region that is created: the largest value it takes'
complete -c mmsync -n '__mmsync_verb bridge' -l schema -r -F -d 'values from mmap-sync\'s files are of a type in this schema, which ...'
complete -c mmsync -n '__mmsync_verb bridge' -l type -x
complete -c mmsync -n '__mmsync_verb bridge' -l other-hasher -d 'mmap-sync\'s writer has a hasher of its own, so copies cannot be ...'
complete -c mmsync -n '__mmsync_verb push' -s n -l name -x -d 'what followers ask for: letters, digits, _ and -'
complete -c mmsync -n '__mmsync_verb push follow' -l once -d 'end when the newest value is there'
complete -c mmsync -n '__mmsync_verb push follow' -s j -l json -d 'lines of JSON on a terminal too, and errors as lines of JSON on ...'
complete -c mmsync -n '__mmsync_verb push' -l take-over -d 'begin even if another pusher of this name is alive'
complete -c mmsync -n '__mmsync_verb push' -l replicas -x -d 'copies that the servers keep of a new stream, 1 to 5'
complete -c mmsync -n '__mmsync_verb push' -l storage -x -a 'file memory' -d 'file or memory, for a new stream'
complete -c mmsync -n '__mmsync_verb push' -l log -x -d 'how long the log of changes may become before the changed parts are ...'
complete -c mmsync -n '__mmsync_verb push follow' -l user -x -d 'user'
complete -c mmsync -n '__mmsync_verb push follow' -l password -x -d 'password'
complete -c mmsync -n '__mmsync_verb push follow' -l token -x -d 'token'
complete -c mmsync -n '__mmsync_verb push follow' -l creds -r -F -d 'credentials: a JWT with its seed'
complete -c mmsync -n '__mmsync_verb push follow' -l nkey -r -F -d 'a seed, and its public key on a line of its own'
complete -c mmsync -n '__mmsync_verb push follow' -l tlscacert -r -F -d 'certificates of authorities (NATS_CA)'
complete -c mmsync -n '__mmsync_verb push follow' -l tlscert -r -F -d 'the client\'s certificate'
complete -c mmsync -n '__mmsync_verb push follow' -l tlskey -r -F -d 'and its key'
complete -c mmsync -n '__mmsync_verb push follow' -l domain -x -d 'JetStream domain'
complete -c mmsync -n '__mmsync_verb follow' -l wait -d 'wait for the server, and for the name, if they are not there'
complete -c mmsync -n '__mmsync_verb follow' -l overwrite -d 'use REGION even if its value came from elsewhere'
complete -c mmsync -n '__mmsync_verb follow' -l scrub -x -d 'how much of the value to re-read in each idle second, to repair ...'
complete -c mmsync -n '__mmsync_verb follow' -l durable -d 'on a disk: each value is there after a power cut, too'
complete -c mmsync -n '__mmsync_verb bench' -s s -l seconds -x -d 'how long to measure, roughly'
complete -c mmsync -n '__mmsync_verb bench' -s r -l rounds -x -d 'how many rounds'
complete -c mmsync -n '__mmsync_verb bench' -s d -l directory -x -a '(__fish_complete_directories)' -d 'where to make the region'
complete -c mmsync -n '__mmsync_verb demo' -l table -d 'keep one table of the data up to date, key by key, instead of ...'
complete -c mmsync -n '__mmsync_verb demo' -s s -l seconds -x -d 'how long, 3 or more'
complete -c mmsync -n '__mmsync_verb demo' -s r -l readers -x -d 'reader processes, 2 to 64'
complete -c mmsync -n '__mmsync_verb demo' -l data -x -a 'oui public-suffix' -d 'oui: who makes the network card with this MAC address, from the ...'
complete -c mmsync -n '__mmsync_verb demo' -l file -r -F -d 'the data set, if it is not where Debian has it'
complete -c mmsync -n '__mmsync_verb demo' -s d -l directory -x -a '(__fish_complete_directories)' -d 'where to make the region, which is removed at the end'
complete -c mmsync -n '__mmsync_verb demo' -l json -r -F -d 'write the figures to FILE'
# ---- end ----

complete -c mmsync -f
complete -c mmsync -n __mmsync_no_verb -a help -d 'print the help of a verb'
complete -c mmsync -n __mmsync_no_verb -s h -l help -d 'print this text'
complete -c mmsync -n __mmsync_no_verb -s V -l version -d 'print the version'
complete -c mmsync -n 'test (count (commandline -opc)) -eq 2; and test (commandline -opc)[2] = help' \
    -a "$__mmsync_verbs"
complete -c mmsync -n '__mmsync_operand region' -a '(__mmsync_regions)'
complete -c mmsync -n '__mmsync_operand file' -F
complete -c mmsync -n '__mmsync_operand dir' -a '(__fish_complete_directories)'
