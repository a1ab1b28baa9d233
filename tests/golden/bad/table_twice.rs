// SPDX-License-Identifier: Apache-2.0
mod other {
    #[mmsync::table]
    type Twice = HashMap<u64, u64>;
}
#[mmsync::table]
type Twice = HashMap<u64, u64>;
#[mmsync::table]
type Vec = HashMap<u64, u64>;
