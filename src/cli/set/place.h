/* SPDX-License-Identifier: Apache-2.0 */
/* Places in a typed value, by a path: items[3].level, prices{42}.amount. */
#ifndef MMS_CLI_SET_PLACE_H
#define MMS_CLI_SET_PLACE_H

#include <mmsync/archive.h>

struct place {
    const mms_type *type;
    const char *self; /* the archived value */
};

struct path {
    const char *text; /* PATH=VALUE */
    const char *at;   /* how far it was followed; behind success at the = */
    char problem[400];
};

/* From the root to the end of a path, which is at a `=`. The components:

     .NAME   a field of a struct, by its name or number; of an enum or a Result the variant that the
             value has, and a field of that (which may be left out if it is the only one, and has no
             name). The first one needs no point, and the root's type may stand in front
     [I]     an element of an array or a vector
     {KEY}   the value of a key in a map; text needs quotes only where it contains a }

   Boxes and options are not seen: a path goes through them. A path of a single point is the root.
   False: path->problem says what is wrong, and where. */
bool place_find(struct place *place, struct path *path);

/* Note a problem with the path as far as it was followed. Returns false. */
bool place_fail(struct path *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
