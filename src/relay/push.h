/* SPDX-License-Identifier: Apache-2.0 */
/* `mmsync push`: beside the writer, its value and each change of it go to the server. */
#ifndef MMS_RELAY_PUSH_H
#define MMS_RELAY_PUSH_H

int push_main(int argc, char **argv);

#endif
