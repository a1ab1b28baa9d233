# SPDX-License-Identifier: Apache-2.0
"""Schemas: random ones and hand-written ones, as Rust source that rustc and mmsc both take.

A type is a tuple: ("prim", "u8"), ("named", "T3"), ("option", T), ("result", T, E), ("vec", T), ("array", T, 3),
("box", T), ("hashmap", K, V), ("hashset", K), ("btreemap", K, V), ("btreeset", K), ("range", T) and the other ranges;
("vecdeque", T) and ("fxhashmap", K, V) are archived as others are. What a schema declares is a list of Struct and Enum.
"""

import random

INTEGERS = ["u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128"]
WORDS = ["usize", "isize"]
NON_ZERO = {"NonZero" + name.capitalize(): name for name in INTEGERS + WORDS}
ADDRESSES = ["Ipv4Addr", "Ipv6Addr", "IpAddr", "SocketAddrV4", "SocketAddrV6", "SocketAddr"]
PRIMITIVES = (INTEGERS + WORDS + ["f32", "f64", "bool", "char", "String", "Duration", "()"] + ADDRESSES + ["Uuid"] + list(NON_ZERO))
NON_ZERO_KEYS = [name for name, of in NON_ZERO.items() if of in INTEGERS]
KEYS = INTEGERS + ["bool", "char", "String"] + NON_ZERO_KEYS
RUST_NAMES = {"option": "Option", "result": "Result", "vec": "Vec", "box": "Box",
              "hashmap": "HashMap", "hashset": "HashSet", "btreemap": "BTreeMap", "btreeset": "BTreeSet",
              "range": "Range", "rangeinclusive": "RangeInclusive", "rangefrom": "RangeFrom", "rangeto": "RangeTo",
              "rangetoinclusive": "RangeToInclusive", "vecdeque": "VecDeque", "fxhashmap": "FxHashMap"}
# The ends of a range.
RANGES = {"range": ["start", "end"], "rangeinclusive": ["start", "end"], "rangefrom": ["start"], "rangeto": ["end"],
          "rangetoinclusive": ["end"]}
# Types that the crate archives as other types.
SAME = {"vecdeque": "vec", "fxhashmap": "hashmap"}


def archived(kind):
    """The tuple whose archive is the same, with no other spelling of it."""
    return (SAME.get(kind[0], kind[0]), *(archived(k) if isinstance(k, tuple) else k for k in kind[1:]))



class Field:
    spelling = ""  # of the type, if it is not the plain one

    def __init__(self, name, kind, attribute=""):
        self.name, self.kind, self.attribute = name, kind, attribute


class Body:
    """The fields of a struct or of a variant. shape is "unit", "tuple" or "named"."""

    attribute = ""  # of a variant

    def __init__(self, shape, fields=()):
        self.shape, self.fields = shape, list(fields)


class Struct:
    attribute = ""  # after the derives

    def __init__(self, name, body, key=False, recursive=False):
        self.name, self.body, self.key, self.recursive = name, body, key, recursive


class Enum:
    attribute = ""

    def __init__(self, name, variants, key=False, recursive=False, values=()):
        self.name, self.variants, self.key, self.recursive = name, variants, key, recursive
        self.values = list(values)  # explicit discriminants, or none


class Schema:
    """damage: the crate may be asked about damaged archives. recorded: small enough for vectors/. fuel: a limit for it."""

    prelude = ""  # what stands before the types

    def __init__(self, name, items, damage=True, recorded=True, fuel=1 << 30):
        self.name, self.items, self.damage, self.recorded, self.fuel = name, items, damage, recorded, fuel
        self.by_name = {item.name: item for item in items}

    @property
    def root(self):
        return self.items[-1].name


def parse(text):
    """Rust's spelling of a type to the tuple."""
    kind, rest = parse_type(text.strip())
    assert not rest, (text, rest)
    return kind


def parse_type(text):
    if text.startswith("()"):
        return ("prim", "()"), text[2:].lstrip()
    if text.startswith("["):
        inner, rest = parse_type(text[1:].lstrip())
        count, rest = rest[1:].split("]", 1)
        return ("array", inner, int(count)), rest.lstrip()
    end = next((i for i, c in enumerate(text) if not (c.isalnum() or c == "_")), len(text))
    name, rest = text[:end], text[end:].lstrip()
    if not rest.startswith("<"):
        return (("prim", name) if name in PRIMITIVES else ("named", name)), rest
    arguments = []
    while not rest.startswith(">"):
        inner, rest = parse_type(rest[1:].lstrip())
        arguments.append(inner)
    tag = next(tag for tag, rust in RUST_NAMES.items() if rust == name)
    return (tag, *arguments), rest[1:].lstrip()


def spell(kind):
    """The tuple to Rust's spelling."""
    if kind[0] in ("prim", "named"):
        return kind[1]
    if kind[0] == "array":
        return f"[{spell(kind[1])}; {kind[2]}]"
    return f"{RUST_NAMES[kind[0]]}<{', '.join(spell(k) for k in kind[1:])}>"


def body(text):
    """"" is a unit, "(u8, u16)" a tuple, "a: u8, b: u16" named fields; types with commas inside <> are kept whole."""
    text = text.strip()
    if not text:
        return Body("unit")
    if text.startswith("("):
        return Body("tuple", [Field(str(i), parse(t)) for i, t in enumerate(split(text[1:-1]))])
    pairs = [part.split(":", 1) for part in split(text)]
    return Body("named", [Field(name.strip(), parse(kind)) for name, kind in pairs])


def split(text):
    parts, depth = [""], 0
    for c in text:
        depth += (c in "<[") - (c in ">]")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part for part in parts if part.strip()]


# Rust source

DERIVES = "#[derive(Archive, Serialize, Deserialize)]\n#[archive(check_bytes)]\n"
KEY_DERIVES = ("#[derive(Archive, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[archive(check_bytes)]\n"
               "#[archive_attr(derive(PartialEq, Eq, Hash, PartialOrd, Ord))]\n")
RECURSIVE = ('#[archive(bound(serialize = "__S: rkyv::ser::ScratchSpace + rkyv::ser::Serializer"))]\n'
             '#[archive_attr(check_bytes(bound = "__C: rkyv::validation::ArchiveContext, '
             '<__C as rkyv::Fallible>::Error: std::error::Error"))]\n')


def attributes(item):
    text = (KEY_DERIVES if item.key else DERIVES) + item.attribute
    if item.recursive:
        text += RECURSIVE
    # The crate hashes an enum's tag as one byte on both sides only with this.
    if isinstance(item, Enum) and item.key:
        text += "#[repr(u8)]\n"
    return text


def field_source(field, body_shape, recursive, public):
    attribute = "#[omit_bounds] #[archive_attr(omit_bounds)] " if recursive and mentions_named(field.kind) else ""
    name = f"{field.name}: " if body_shape == "named" else ""
    return attribute + field.attribute + public + name + (field.spelling or spell(field.kind))


def mentions_named(kind):
    return kind[0] == "named" or any(mentions_named(k) for k in kind[1:] if isinstance(k, tuple))


def struct_source(item):
    fields = [field_source(f, item.body.shape, item.recursive, "pub ") for f in item.body.fields]
    head = f"pub struct {item.name}"
    if item.body.shape == "named":
        return f"{head} {{\n" + "".join(f"    {field},\n" for field in fields) + "}\n"
    return f"{head}({', '.join(fields)});\n" if item.body.shape == "tuple" else f"{head};\n"


def enum_source(item):
    lines = []
    for i, (name, variant) in enumerate(item.variants):
        fields = ", ".join(field_source(f, variant.shape, item.recursive, "") for f in variant.fields)
        tail = {"unit": "", "tuple": f"({fields})", "named": f" {{ {fields} }}"}[variant.shape]
        value = f" = {item.values[i]}" if item.values and item.values[i] is not None else ""
        lines.append(f"    {variant.attribute}{name}{tail}{value},\n")
    return f"pub enum {item.name} {{\n" + "".join(lines) + "}\n"


def source(schema):
    text = "// SPDX-License-Identifier: Apache-2.0\n" + schema.prelude
    for item in schema.items:
        text += "\n" + attributes(item) + (struct_source(item) if isinstance(item, Struct) else enum_source(item))
    return text


# Random schemas

class Chooser:
    """keys: "basic" for integers, bool, char, String; "all" for whatever Rust can hash and order."""

    def __init__(self, seed, name, keys):
        self.random = random.Random(seed)
        self.name, self.keys = name, keys
        self.items = []

    def schema(self):
        for _ in range(self.random.randint(1, 4)):
            self.add(self.enum() if self.random.random() < 0.4 else self.struct(4))
        self.add(self.root())
        return Schema(self.name, self.items)

    def root(self):
        """Holds everything declared before it, so that nothing is declared in vain."""
        root = self.struct(4, shape="named")
        for item in self.items:
            kind = self.random.choice([("named", item.name), ("option", ("named", item.name)), ("vec", ("named", item.name))])
            root.body.fields.insert(self.random.randint(0, len(root.body.fields)), Field(f"g{len(root.body.fields)}", kind))
        root.key = False
        return root

    def add(self, item):
        self.items.append(item)

    def next_name(self):
        return f"{self.name.capitalize()}T{len(self.items)}"

    def struct(self, most, shape=None):
        shape = shape or self.random.choice(["named", "named", "named", "tuple"])
        key = shape == "named" and self.keys == "all" and self.random.random() < 0.3
        return Struct(self.next_name(), self.fields(shape, most, key), key)

    def enum(self):
        data = self.random.random() < 0.7
        key = self.keys == "all" and self.random.random() < 0.4
        variants = [(f"V{i}", self.variant(data, key)) for i in range(self.random.randint(1, 5))]
        values = []
        if not data and not key and self.random.random() < 0.3:
            values = [i * 3 + 1 for i in range(len(variants))]
        return Enum(self.next_name(), variants, key, values=values)

    def variant(self, data, key):
        shape = self.random.choice(["unit", "tuple", "named"]) if data else "unit"
        return self.fields(shape, 3, key)

    def fields(self, shape, most, key):
        if shape == "unit":
            return Body("unit")
        count = self.random.randint(1, most)
        kinds = [self.key(2) if key else self.kind(3) for _ in range(count)]
        return Body(shape, [Field(f"f{i}" if shape == "named" else str(i), kind) for i, kind in enumerate(kinds)])

    def kind(self, depth):
        chance = self.random.random()
        if depth == 0 or chance < 0.35:
            return ("prim", self.random.choice(PRIMITIVES))
        if chance < 0.5 and self.items:
            return ("named", self.random.choice(self.items).name)
        return self.container(depth)

    def container(self, depth):
        tag = self.random.choice(["option", "option", "result", "vec", "vec", "vec", "array", "box", "hashmap", "hashmap",
                                  "hashset", "btreemap", "btreemap", "btreeset", "vecdeque", "fxhashmap", "range"])
        inner = lambda: self.sized(depth - 1)
        if tag == "array":
            return ("array", self.kind(depth - 1), self.random.choice([1, 2, 3, 4, 7]))
        if tag in ("hashmap", "btreemap", "fxhashmap"):
            return (tag, self.key(2, ordered=tag == "btreemap"), self.kind(depth - 1))
        if tag in ("hashset", "btreeset"):
            return (tag, self.key(2, ordered=tag == "btreeset"))
        if tag == "range":
            return (self.random.choice(list(RANGES)), inner())
        if tag == "result":
            return (tag, self.kind(depth - 1), self.kind(depth - 1))
        return (tag, inner())

    def sized(self, depth):
        """Not the unit type: a damaged count of things that take no room is a loop of 2^32 steps in the crate."""
        kind = self.kind(depth)
        return ("prim", "u8") if takes_no_room(kind) else kind

    def key(self, depth, ordered=False):
        if self.keys == "basic" or depth == 0 or self.random.random() < 0.7:
            return ("prim", self.random.choice(KEYS + (WORDS + ADDRESSES + ["Uuid"] if ordered else [])))
        named = [item.name for item in self.items if item.key]
        tag = self.random.choice(["named", "named", "option", "result", "vec", "array", "box", "duration"])
        if tag == "named" and named:
            return ("named", self.random.choice(named))
        if tag == "duration":
            return ("prim", "Duration")
        if tag == "array":
            return ("array", self.key(depth - 1), self.random.choice([1, 2, 3]))
        if tag == "result":
            return (tag, self.key(depth - 1), self.key(depth - 1))
        return (tag if tag != "named" else "option", self.key(depth - 1))


def takes_no_room(kind):
    return kind == ("prim", "()") or kind[0] == "array" and takes_no_room(kind[1])


# Hand-written schemas: what chance would rarely produce

def fixed():
    hello = Struct("HelloWorld", body("version: u32, messages: Vec<String>"))
    features = Struct("Features", body("table: HashMap<u64, Vec<f32>>, names: HashMap<String, u32>, version: u64"))
    words = Struct("Words", body("a: usize, b: isize, c: Vec<usize>, d: Option<isize>, e: BTreeMap<usize, isize>"))
    units = [Struct("Nothing", body("")),
             Struct("Units", body("a: (), b: Vec<()>, c: Option<()>, d: Box<()>, e: Result<(), ()>, f: Nothing, "
                                  "g: [(); 3], h: Vec<Nothing>, i: [u64; 0], j: Vec<[u64; 0]>"))]
    aligned = [Struct("Wide", body("a: u8, b: u128")),
               Enum("Either", [("Small", body("(u8)")), ("Large", body("(u8, i128)")), ("Named", body("x: u16, y: Wide"))]),
               Struct("Aligned", body("a: u8, b: Option<u128>, c: Either, d: Vec<Wide>, e: BTreeMap<u8, i128>, "
                                      "f: HashMap<u8, u128>, g: BTreeMap<i128, u8>, h: Result<u8, u128>, i: [Either; 2]"))]
    trees = Struct("Trees", body("a: BTreeMap<u64, u8>, b: BTreeMap<String, String>, c: BTreeMap<u8, [u8; 20]>, "
                                 "d: BTreeMap<u16, Vec<u8>>, e: BTreeMap<u32, BTreeMap<u8, u8>>, f: BTreeMap<char, String>, g: String"))
    many = Enum("Many", [(f"V{i}", body("")) for i in range(255)])
    more = Enum("More", [(f"V{i}", body("")) for i in range(256)])
    counts = Struct("Counts", body("a: Many, b: More, c: Vec<More>, d: Option<Many>, e: [More; 3]"))
    coded = Enum("Coded", [("A", body("")), ("B", body("")), ("C", body(""))], values=[7, 3, None])
    codes = Struct("Codes", body("a: Coded, b: Vec<Coded>, c: Option<Coded>"))
    tree = Enum("Tree", [("Leaf", body("(u32)")), ("Node", body("left: Box<Tree>, right: Option<Box<Tree>>")),
                         ("Many", body("(Vec<Tree>)"))], recursive=True)
    forest = Struct("Forest", body("a: Tree, b: Vec<Tree>"))
    nested = Struct("Nested", body("a: Option<Option<Option<u8>>>, b: Vec<Vec<Vec<String>>>, c: Box<Box<Box<u64>>>, "
                                   "d: Result<Result<u8, String>, Option<Vec<u16>>>, e: [[String; 2]; 2], "
                                   "f: HashMap<String, HashMap<u8, HashSet<String>>>, g: Option<HashMap<u32, Box<String>>>"))
    net = Struct("Net", body("a: Ipv4Addr, b: Ipv6Addr, c: IpAddr, d: SocketAddrV4, e: SocketAddrV6, f: SocketAddr, g: Vec<IpAddr>, "
                             "h: Vec<SocketAddr>, i: Option<SocketAddrV6>, j: Result<IpAddr, SocketAddr>, k: [SocketAddrV4; 3], "
                             "l: BTreeMap<IpAddr, u16>, m: BTreeMap<SocketAddr, String>, n: BTreeSet<Ipv6Addr>, "
                             "o: BTreeSet<SocketAddrV6>, p: BTreeSet<SocketAddrV4>, q: HashMap<u8, IpAddr>, r: Uuid, "
                             "s: BTreeMap<Uuid, SocketAddrV4>, t: Vec<Uuid>"))
    numbers = Struct("Numbers", body(", ".join(f"f{i}: {name}" for i, name in enumerate(NON_ZERO))
                                     + ", o: Option<NonZeroU32>, p: Vec<NonZeroU64>, q: Result<NonZeroI8, NonZeroU128>, "
                                       "r: HashMap<NonZeroU16, NonZeroI64>, s: BTreeSet<NonZeroI32>, t: [NonZeroUsize; 2], "
                                       "u: BTreeMap<NonZeroIsize, u8>, v: HashSet<NonZeroU128>"))
    ranges = Struct("Ranges", body("a: Range<u32>, b: RangeInclusive<i64>, c: RangeFrom<String>, d: RangeTo<u8>, "
                                   "e: RangeToInclusive<char>, f: Vec<Range<String>>, g: Option<RangeInclusive<f64>>, "
                                   "h: HashMap<Range<u16>, u8>, i: HashSet<RangeTo<String>>, j: Range<Range<u8>>, "
                                   "k: Box<RangeFrom<Vec<u16>>>"))
    point = Struct("Point", body("x: u32, name: String, on: bool"), key=True)
    wrapped = Struct("Wrapped", body("(u64)"), key=True)
    label = Struct("Label", body("text: String"), key=True)
    plain = Enum("Plain", [("Red", body("")), ("Green", body("")), ("Blue", body(""))], key=True)
    rich = Enum("Rich", [("None", body("")), ("One", body("(u16)")), ("Two", body("a: String, b: Option<u8>")),
                         ("Three", body("(Point)"))], key=True)
    lone = Enum("Lone", [("Only", body("(u8, String)"))], key=True)
    keys = Struct("Keys", body("a: HashMap<Point, u8>, b: BTreeMap<Point, u8>, c: HashMap<Wrapped, String>, d: HashSet<Label>, "
                               "e: HashMap<Plain, u32>, f: BTreeMap<Rich, u32>, g: HashSet<Rich>, h: HashMap<Lone, u8>, "
                               "i: HashMap<[u8; 16], u8>, j: HashMap<[String; 2], u8>, k: BTreeSet<[i16; 3]>, l: HashMap<Option<u32>, u8>, "
                               "m: HashSet<Vec<u8>>, n: HashSet<Vec<String>>, o: HashSet<Vec<u128>>, p: BTreeMap<Result<u8, String>, u8>, "
                               "q: HashMap<Duration, u8>, r: HashMap<Box<Point>, u8>, s: HashSet<Result<u8, i16>>, t: BTreeSet<Option<Lone>>, "
                               "u: BTreeMap<Duration, ()>, v: HashSet<Vec<bool>>, w: HashSet<[char; 2]>, x: BTreeMap<Box<Wrapped>, u8>, "
                               "y: HashMap<u8, HashMap<Point, u8>>, z: BTreeMap<Vec<Rich>, u8>"))
    same = Struct("Same", body("a: VecDeque<u16>, b: FxHashMap<u32, String>, c: VecDeque<String>, d: Vec<VecDeque<u8>>, "
                               "e: HashSet<VecDeque<u8>>, i: VecDeque<[u32; 2]>, f: FxHashMap<String, VecDeque<u32>>, g: BTreeSet<String>, h: BTreeSet<u64>"))
    # Large entries, most of whose JSON is short: trees of several levels from few entries.
    large = Enum("Large", [("Small", body("(u8)")), ("Other", body("(String)")), ("Empty", body("")),
                           ("Full", body("([u64; 200])"))])
    levels = Struct("Levels", body("a: BTreeMap<u16, [u64; 64]>, b: BTreeMap<String, Large>, c: u8"))
    return [Schema("hello", [hello]), Schema("features", [features]), Schema("words", [words]),
            Schema("units", units, damage=False), Schema("aligned", aligned), Schema("trees", [trees]),
            Schema("counts", [many, more, counts]), Schema("codes", [coded, codes]), Schema("forest", [tree, forest]),
            Schema("nested", [nested]), Schema("net", [net]), Schema("numbers", [numbers]), Schema("ranges", [ranges]),
            Schema("keys", [point, wrapped, label, plain, rich, lone, keys]), Schema("same", [same]), Schema("levels", [large, levels], recorded=False, fuel=2500)]


def batch(seed, count, keys):
    """The hand-written schemas and `count` random ones."""
    import decorated  # which needs the classes above
    return fixed() + decorated.schemas() + [Chooser(f"{seed}/{i}", f"s{i:03}", keys).schema() for i in range(count)]
