// SPDX-License-Identifier: Apache-2.0
struct Prices_table {
    x: u32,
}
enum Names {
    table_get,
    other,
}
#[mmsync::table]
type Prices = HashMap<u64, u64>;
mod third {
    #[mmsync::table]
    type Names = HashMap<u64, u64>;
}
