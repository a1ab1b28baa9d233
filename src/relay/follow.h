/* SPDX-License-Identifier: Apache-2.0 */
/* `mmsync follow`: a region that is kept equal to one of another host. */
#ifndef MMS_RELAY_FOLLOW_H
#define MMS_RELAY_FOLLOW_H

int follow_main(int argc, char **argv);

#endif
