// mmsc: --offsets 64 --prefix w_
// SPDX-License-Identifier: Apache-2.0
struct Table {
    name: String,
    sizes: Vec<usize>,
    by_id: HashMap<u64, Vec<f32>>,
    by_size: HashMap<usize, String>,
    sorted: BTreeMap<String, Vec<u8>>,
    list: Option<Box<Table>>,
}
