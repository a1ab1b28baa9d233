// SPDX-License-Identifier: Apache-2.0
//! Every part of the language.
#![allow(dead_code)]

use rkyv::{Archive, Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Numbers of all widths.
#[derive(Archive, Serialize, Deserialize, Debug, PartialEq)]
#[archive(check_bytes)]
pub struct Numbers {
    pub a: u8,
    pub b: u16,
    pub c: u32,
    pub d: u64,
    pub e: u128,
    f: i8,
    g: i16,
    pub(crate) h: i32,
    i: i64,
    j: i128,
    k: usize,
    l: isize,
    m: f32,
    n: f64,
    o: bool,
    p: char,
    nothing: (),
}

/** Which colour;
 *  in two lines. */
#[derive(Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Color {
    /// As blood.
    Red,
    Green = 7,
    r#Blue,
}

/// Something with an area.
#[derive(Archive, Serialize, Deserialize)]
pub enum Shape {
    Empty,
    Circle(f32),
    Rectangle { width: f64, height: f64, r#name: String },
    Pair(u8, Color),
    Group(Vec<Shape>),
    Hollow(),
}

#[derive(Archive, Serialize, Deserialize)]
pub struct Meters(f64);

#[derive(Archive, Serialize, Deserialize)]
pub struct Pair(pub u8, pub String);

#[derive(Archive, Serialize, Deserialize)]
pub struct Marked(pub u16, pub ());

#[derive(Archive, Serialize, Deserialize)]
pub struct Nothing;

/// A list.
#[derive(Archive, Serialize, Deserialize)]
pub struct Node {
    value: i32,
    #[omit_bounds]
    next: Option<Box<Node>>,
}

#[derive(Archive, Serialize, Deserialize)]
pub struct Containers {
    text: String,
    fixed: Box<str>,
    boxed: Box<u64>,
    slice: Box<[u16]>,
    maybe: Option<u32>,
    maybe_text: Option<String>,
    maybe_nothing: Option<()>,
    result: Result<u64, String>,
    outcome: std::result::Result<(), u8>,
    vectors: Vec<Vec<f32>>,
    arrays: [[u8; 3]; 2],
    names: [String; 2],
    none: [u64; 0],
    after: u8,
    shapes: Vec<Shape>,
    by_id: HashMap<u64, Vec<f32>>,
    by_name: HashMap<String, Shape>,
    by_size: HashMap<usize, u8>,
    by_wide: HashMap<u128, i8>,
    by_sign: HashMap<i16, bool>,
    letters: HashSet<char>,
    words: HashSet<String>,
    sorted: BTreeMap<String, u32>,
    sorted_numbers: BTreeMap<i64, Option<Box<Node>>>,
    members: BTreeMap<u8, ()>,
    present: HashMap<bool, ()>,
    pause: Duration,
    unit: Nothing,
    units: Vec<()>,
    color: Color,
    meters: Meters,
    pair: Pair,
    list: Node,
    double: u8,
    class: i8,
}

#[derive(Archive, Serialize, Deserialize)]
pub struct Everything {
    numbers: Numbers,
    containers: Containers,
}
