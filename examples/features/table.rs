// SPDX-License-Identifier: Apache-2.0

/// Features of all users, as a trainer computes them every few minutes.
struct FeatureTable {
    /// Counts the trainings.
    version: u64,
    /// What each feature means.
    names: Vec<String>,
    /// By user: one number for each name.
    features: HashMap<u64, Vec<f32>>,
}
