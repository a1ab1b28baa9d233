// SPDX-License-Identifier: Apache-2.0
use std::collections::HashMap;

/// What an article costs.
pub struct Price {
    pub cents: i64,
    pub name: String,
    pub discounts: Vec<f32>,
}

/// By the article's number.
#[cfg_attr(any(), mmsync::table)]
pub type Prices = HashMap<u64, Price>;
