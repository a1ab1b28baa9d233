// SPDX-License-Identifier: Apache-2.0
struct Values {
    all: Vec<u32>,
}
