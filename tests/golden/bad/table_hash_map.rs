// SPDX-License-Identifier: Apache-2.0
struct HashMap {
    x: u32,
}
#[mmsync::table]
type Prices = std::collections::HashMap<u64, u64>;
