/* SPDX-License-Identifier: Apache-2.0 */
/* Everything in the library is compiled with hidden visibility, and with this file in front (CMakeLists.txt): only what
   the public headers declare can be seen from outside, and they need no macro for it. */
#ifndef MMS_EXPORTED_H
#define MMS_EXPORTED_H

#pragma GCC visibility push(default)
#include <mmsync.h>
#pragma GCC visibility pop

#endif
