// SPDX-License-Identifier: Apache-2.0

/// What the writer has to say.
struct HelloWorld {
    /// Of the message, not of the program.
    version: u32,
    messages: Vec<String>,
}
