// SPDX-License-Identifier: Apache-2.0
struct Table {
    map: HashMap<u64, Vec<f32>>,
}
