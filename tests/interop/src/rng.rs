// SPDX-License-Identifier: Apache-2.0
//! SplitMix64, and a budget that keeps random values finite.

pub struct Rng {
    state: u64,
    fuel: u32,
}

impl Rng {
    pub fn new(seed: u64, fuel: u32) -> Self {
        Rng { state: seed, fuel }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to bound - 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// False once the budget is used up.
    pub fn has_fuel(&self) -> bool {
        self.fuel > 0
    }

    /// Uses one item of the budget; false once there is none: choose what has no children then.
    pub fn spend(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        self.has_fuel()
    }

    /// How many items a container gets. Mostly few, sometimes all that the budget allows.
    pub fn items(&mut self) -> usize {
        let wish = match self.below(16) {
            0..=3 => 0,
            4..=10 => 1 + self.below(6),
            11..=13 if self.fuel < 1000 => self.below(40),
            _ => self.below(u64::from(self.fuel) + 1),
        };
        let count = wish.min(u64::from(self.fuel)) as u32;
        self.fuel -= count;
        count as usize
    }
}
