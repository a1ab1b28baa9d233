// SPDX-License-Identifier: Apache-2.0
// Makes features.h, which is also the name of one of glibc's headers.
struct Flags {
    on: Vec<u32>,
}
