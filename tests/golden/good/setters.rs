// SPDX-License-Identifier: Apache-2.0
/// Each kind of part that has a fixed place, and some that have none.
struct Board {
    revision: u64,
    title: String,
    items: Vec<Item>,
    rows: HashMap<u64, [f32; 8]>,
    named: HashMap<String, Item>,
    sorted: BTreeMap<String, u64>,
    places: HashMap<Point, Point>,
    slots: Vec<Slot>,
    special: Option<Box<Item>>,
    outcome: Result<u64, String>,
    ends: Result<u8, Point>,
    boxed: Box<u64>,
    slice: Box<[Level]>,
    matrix: [[u16; 3]; 2],
    pair: [Slot; 2],
    count: usize,
    delta: isize,
    wide: u128,
    span: Duration,
    from: IpAddr,
    id: Uuid,
    range: Range<u16>,
    letters: Vec<char>,
    numbers: Vec<u32>,
    sets: HashSet<Vec<u32>>,
    sizes: BTreeMap<usize, u8>,
    shifts: BTreeMap<isize, u8>,
    areas: HashMap<Area, u8>,
    heights: HashMap<Height, u8>,
}

struct Item {
    id: u64,
    weights: [f32; 4],
    mode: Mode,
    level: Level,
    limits: Limits,
}

struct Limits {
    low: NonZeroU32,
    high: Option<u32>,
    open: bool,
    mark: char,
}

/// Without pointers: any variant fits where another one is.
enum Mode {
    Off,
    Fixed(u16),
    Ramp { from: f32, to: f32 },
}

#[repr(u8)]
enum Level {
    Low,
    Mid,
    High,
}

enum Slot {
    Empty,
    Count(u32),
    Named { name: String, size: u64 },
}

/// A key somewhere, so no part of it can be set.
struct Point {
    x: i32,
    y: i32,
}

struct Area {
    width: usize,
    shift: isize,
}

struct Height(isize);

/// More than fits on the stack of a setter.
struct Large {
    bits: [bool; 4096],
}
