/* SPDX-License-Identifier: Apache-2.0 */
/* Values that survive a power cut. A region on a disk that is created with options.durable has
   one more file, `durable`, which says what is whole on the disk:

     options.durable = MMS_DURABLE_COMMIT;
     mms_writer_open("/var/lib/prices/region", &options, &writer);
     ...
     mms_write(writer, data, size, NULL);    when it returns, this value or a newer one is there after a power cut

   A commit writes the value to the disk and waits for it; only then do readers see it, so what
   they have read is never lost. It takes as long as two syncs of the disk. A region stays
   durable, whoever opens it: a writer without the option waits for the disk, too. Opening one
   that is not durable with the option is MMS_E_GEOMETRY: use options.replace.

   After a reboot the first writer brings the newest value back, under a higher generation,
   before its open returns; until then reads return MMS_E_EMPTY. `mmsync recover` is such a
   writer. If nothing whole is left, its open is MMS_E_CORRUPT; if a reader still holds a value
   from before, so that it was no reboot, MMS_E_AGAIN.

   All this relies on a disk that has written what it says it has written. With options.checksum
   the value itself (but not its schema) is checked when it is brought back, and the one before it
   takes its place if the disk has lost part of it; from then on mms_inspect says so
   (durable_lost). Right after that there is none before it, until the next commit. Without that
   option only the 4 KiB that name the value are checked. What cannot be read does not count as
   lost: the open fails, and may succeed later.

   If a sync fails, the commit fails with the error of the disk, readers keep the last value, and
   the writer refuses all further writes, as nobody knows any more what is on the disk. Store no
   more to the buffer, or the table, of that commit: after a power cut its value may come back.
   Close the writer, check the disk, and open it again. If that took unmounting the file system,
   start the writer before the readers, as after a reboot.

   A writer that opens syncs the region's directory and the one that holds it, so it must be
   allowed to read both.

   Not on tmpfs and ramfs, which a power cut empties (MMS_E_FILESYSTEM), nor for the files of
   mmap-sync. */
#ifndef MMSYNC_DURABLE_H
#define MMSYNC_DURABLE_H

#include <mmsync.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* For options.durable. 0: as the region is, with MMS_DURABLE_COMMIT; a new one is not durable. */
enum {
    MMS_DURABLE_COMMIT = 1, /* each commit waits for the disk */
    MMS_DURABLE_SYNC = 2    /* commits do not wait, and a power cut takes what came after the last mms_sync */
};

/* Make the newest value durable, if it is not: once this has returned 0, it or a newer one is
   there after a power cut. No write may be under way. The errors are those of a commit;
   MMS_E_INVALID if the region is not durable. mms_writer_close does not sync. */
int mms_sync(mms_writer *writer);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
