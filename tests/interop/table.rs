// SPDX-License-Identifier: Apache-2.0
/// One large map; its archive has the very bytes of the map alone, which src/bigmap.rs writes.
struct Table {
    map: HashMap<u64, Vec<f32>>,
}
