# SPDX-License-Identifier: Apache-2.0
"""Schemas with everything that mmsc accepts besides plain definitions: the real crate, compiled
from the same text, tells whether it changes a byte. What mmsc refuses is in tests/golden/bad."""

from schema import Body, Enum, Field, Schema, Struct, body

ON_STRUCTS = [
    '#[archive_attr(repr(C))]',
    '#[archive(repr(C))]',
    '#[archive_attr(derive(Debug), doc = "Stored.", allow(dead_code))]',
    '#[archive(resolver = "Solved", copy_safe)]',
    '#[archive(bound(archive = "u8: Copy"))]',
    '#[derive(PartialEq)]\n#[archive(compare(PartialEq))]',
    '#[repr(C)]',
    '#[repr(align(32))]',
    '#[must_use]\n#[non_exhaustive]',
    '#[cfg(all())]',
    '#[cfg_attr(all(), archive_attr(repr(C)), doc = "Documented.")]',
    '#[cfg_attr(all(unix, not(windows)), cfg_attr(any(all(), any()), derive(Clone)))]',
    '#[cfg_attr(any(), archive_attr(repr(packed)), archive(as = "u8"))]',
    '#[cfg_attr(windows, archive_attr(repr(align(64))))]',
]
ON_NEWTYPES = [
    '#[archive_attr(repr(transparent))]',
    '#[repr(transparent)]\n#[archive(repr(transparent))]',
]
ON_ENUMS = [
    '#[archive_attr(repr(u8))]',
    '#[archive_attr(repr(i8))]',
    '#[archive(repr(u8))]',
    '#[repr(u32)]',
    '#[repr(i64)]\n#[archive_attr(derive(Debug))]',
    '#[cfg_attr(all(), archive_attr(repr(u8)))]',
    '#[cfg_attr(any(), archive_attr(repr(u64)))]',
]
ON_FIELDS = [
    '/// A doc comment.\n    ',
    '/** Another, /* nested */ one. */ ',
    '#[allow(dead_code)] ',
    '#[doc = "]}"] ',
    '#[archive_attr(doc = "Stored.", allow(dead_code))] ',
    '#[cfg(all())] ',
    '#[cfg(not(windows))] ',
    '#[cfg_attr(any(), with(rkyv::with::Skip))] ',
    '#[cfg_attr(windows, with(rkyv::with::Skip), archive_attr(repr(C)))] ',
    '#[cfg_attr(all(), allow(dead_code), cfg_attr(any(), with(rkyv::with::Skip)))] ',
]
GONE = ["#[cfg(any())] ", "#[cfg(windows)] ", "#[cfg_attr(unix, cfg(not(unix)))] "]


def decorated(item, attribute):
    item.attribute = attribute + "\n"
    return item


def structs():
    shapes = ["a: u8, b: u32", "a: u16, b: u64, c: u8"]
    return [decorated(Struct(f"S{i}", body(shapes[i % 2])), a.replace("Solved", f"Solved{i}"))
            for i, a in enumerate(ON_STRUCTS)]


def newtypes():
    return [decorated(Struct(f"N{i}", body("(u64)")), a) for i, a in enumerate(ON_NEWTYPES)]


def enums():
    plain = [decorated(Enum(f"E{i}", [("A", body("")), ("B", body(""))]), a) for i, a in enumerate(ON_ENUMS)]
    data = [decorated(Enum(f"D{i}", [("A", body("(u32)")), ("B", body("x: u8, y: u64"))]), a)
            for i, a in enumerate(ON_ENUMS) if not a.startswith("#[repr")]
    most = [decorated(Enum("Signed", [(f"V{i}", body("")) for i in range(128)]), '#[archive_attr(repr(i8))]'),
            decorated(Enum("Most", [(f"V{i}", body("")) for i in range(255)]), '#[archive_attr(repr(u8))]'),
            decorated(Enum("More", [(f"V{i}", body("")) for i in range(256)]), '#[archive_attr(repr(u16))]'),
            decorated(Enum("Wide", [(f"V{i}", body("")) for i in range(300)]), '#[archive_attr(repr(i16))]')]
    return plain + data + most


def fields():
    """Each attribute on a field of a struct, of a tuple, of a variant, and on a variant."""
    kinds = ["u8", "u32", "u16", "u64"]
    named = [Field(f"f{i}", ("prim", kinds[i % 4]), a) for i, a in enumerate(ON_FIELDS)]
    placed = [Field(f.name, f.kind, f.attribute) for f in named]
    for i, gone in enumerate(GONE):
        placed[2 * i].attribute = f"{gone}gone{i}: &'static str, {placed[2 * i].attribute}"
    unnamed = [Field(str(i), f.kind, (f"{GONE[i]}&'static str, " if i < len(GONE) else "") + f.attribute)
               for i, f in enumerate(named)]
    variants = []
    for i, attribute in enumerate(ON_FIELDS[:3] + ON_FIELDS[5:7] + [f"{g}Gone{i}(&'static str), " for i, g in enumerate(GONE)]):
        variant = Body("named", placed) if i == 1 else Body("tuple", unnamed) if i == 2 else body("(u16)")
        variant.attribute = attribute
        variants.append((f"V{i}", variant))
    return [Struct("Named", Body("named", placed)), Struct("Unnamed", Body("tuple", unnamed)), Enum("Variants", variants)]


def all_of(items):
    return Struct("Root", Body("named", [Field(f"g{i}", ("vec", ("named", item.name))) for i, item in enumerate(items)]))


PRELUDE = """
use std::collections::{HashMap as Table, HashSet as Members};
use self::parts::{Part, *};
use std::time;

pub const KIB: usize = 1 << 10;
const MASK: u8 = !0xf0u8 & 0b111;
pub type Id = u64;
pub type Lookup<V = u8> = Table<String, V>;
pub type Both<A, B> = std::result::Result<Vec<A>, B>;
pub trait Sized2 { const LEN: usize; fn text() -> &'static str { "struct Fake { a: u8 }" } }
macro_rules! nothing { ($($t:tt)*) => {}; }
nothing! { struct Nothing { a: ( u8, u16 ) } }
pub struct Cache<'a, T: 'a, const N: usize>(&'a [T; N]);
pub union Bits { pub a: u32, pub b: f32 }
pub mod parts {
    use super::*;
    pub const HALF: usize = super::KIB / 512;
    #[derive(Clone)]
    pub struct Part;
    impl Part { pub const LEN: usize = HALF * 2 + 1; }
}
#[cfg(test)]
mod tests { use super::*; fn f() {} }
"""


def written():
    """Types as real files spell them."""
    spelled = [("a", "u64", "Id"), ("b", "HashMap<String, u8>", "Lookup"), ("c", "HashMap<String, u16>", "Lookup<(u16)>"),
               ("d", "Result<Vec<char>, u64>", "Both<char, Id>"), ("e", "[u8; 4]", "[u8; KIB >> 8]"),
               ("f", "[u16; 5]", "[u16; Part::LEN]"), ("g", "[u8; 7]", "[u8; MASK as usize]"),
               ("h", "[u8; 3]", "[u8; { 7 % 4 } | 1 & u8::MAX as usize]"), ("i", "Duration", "time::Duration"),
               ("j", "HashSet<u8>", "Members<u8>"), ("k", "Option<u32>", "::core::option::Option<std::primitive::u32,>"),
               ("l", "[u8; 8]", "[u8; std::mem::size_of::<u64>()]"), ("m", "Vec<u8>", "(Vec<(u8)>)"),
               ("n", "[u8; 10]", "[u8; 0x0_f ^ b'\\x05' as usize]"), ("o", "HashMap<u8, u8>", "Table<u8, u8>")]
    named = []
    for name, kind, spelling in spelled:
        field = body(f"{name}: {kind}").fields[0]
        field.spelling = spelling
        named.append(field)
    schema = Schema("written", [Struct("Written", Body("named", named))], damage=False, recorded=False)
    schema.prelude = PRELUDE
    return schema


def schemas():
    items = structs() + newtypes() + enums() + fields()
    return [Schema("decorated", items + [all_of(items)], damage=False, recorded=False), written()]
