// SPDX-License-Identifier: Apache-2.0
struct Entries {
    map: HashMap<u64, [f32; 8]>,
}
