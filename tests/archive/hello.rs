// SPDX-License-Identifier: Apache-2.0
/// A greeting.
#[derive(Archive, Serialize, Deserialize)]
pub struct HelloWorld {
    /// Which one.
    pub version: u32,
    pub messages: Vec<String>,
}
