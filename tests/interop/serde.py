# SPDX-License-Identifier: Apache-2.0
"""Between the judge's exact JSON and the JSON of the C side, which is what serde_json writes for the same Rust types.

The C side's JSON cannot say everything (a NaN is null, Some(None) is None), so what it prints is compared in a plain form
that forgets the same things. What it reads may be exact: floats as "0x" and their bits, ambiguous options as {"Some": v}."""

import json
import math
import struct

from schema import ADDRESSES, Enum, RANGES, archived

FLOATS = {"f32": ("<I", "<f"), "f64": ("<Q", "<d")}


class Convert:
    def __init__(self, schema):
        self.schema = schema
        self.root = ("named", schema.root)

    # Exact JSON to the C side's input

    def to_c(self, value):
        return json.dumps(self.write(self.root, value), ensure_ascii=False, separators=(",", ":"))

    def write(self, kind, value):
        kind = archived(kind)
        tag = kind[0]
        if tag == "prim":
            return self.write_primitive(kind[1], value)
        if tag in ("vec", "array", "hashset", "btreeset"):
            return [self.write(kind[1], v) for v in value]
        if tag in RANGES:
            return {end: self.write(kind[1], value[end]) for end in RANGES[tag]}
        if tag == "box":
            return self.write(kind[1], value)
        if tag in ("hashmap", "btreemap"):
            if self.is_text(kind[1]) and not self.is_address(kind[1]):
                return {self.key(kind[1], k): self.write(kind[2], v) for k, v in value}
            return [[self.write(kind[1], k), self.write(kind[2], v)] for k, v in value]
        if tag == "option":
            return self.write_option(kind[1], value)
        if tag == "result":
            (name, inner), = value.items()
            return {name: self.write(kind[1] if name == "Ok" else kind[2], inner)}
        return self.item(self.schema.by_name[kind[1]], value, self.write)

    @staticmethod
    def write_primitive(name, value):
        if name in FLOATS:
            number = struct.unpack(FLOATS[name][1], struct.pack(FLOATS[name][0], int(value, 16)))[0]
            return number if math.isfinite(number) else "0x" + value
        if name == "char":
            return chr(value)
        if name == "Duration":
            return {"secs": value[0], "nanos": value[1]}
        return value

    def write_option(self, inner, value):
        if value == "None":
            return None
        written = self.write(inner, value["Some"])
        return {"Some": written} if self.may_be_null(inner) else written

    def may_be_null(self, kind):
        if kind[0] == "box":
            return self.may_be_null(kind[1])
        if kind[0] == "named":
            item = self.schema.by_name[kind[1]]
            if isinstance(item, Enum) or item.body.shape == "named":
                return False
            return item.body.shape == "unit" or len(item.body.fields) == 1 and self.may_be_null(item.body.fields[0].kind)
        return kind[0] == "option" or kind == ("prim", "()")

    def is_text(self, kind):
        """Are keys of this kind the names of an object's members? Maps with others are arrays of pairs."""
        if kind[0] == "box":
            return self.is_text(kind[1])
        if kind[0] == "named":
            item = self.schema.by_name[kind[1]]
            if isinstance(item, Enum):
                return all(body.shape == "unit" for _, body in item.variants)
            return item.body.shape == "tuple" and len(item.body.fields) == 1 and self.is_text(item.body.fields[0].kind)
        return kind[0] == "prim" and kind[1] not in ("()", "Duration")

    def key(self, kind, value):
        """The text of such a key; of an address, what is printed."""
        if kind[0] == "box":
            return self.key(kind[1], value)
        if kind[0] == "named":
            item = self.schema.by_name[kind[1]]
            return value if isinstance(item, Enum) else self.key(item.body.fields[0].kind, value[0])
        if kind == ("prim", "char"):
            return chr(value)
        if kind == ("prim", "bool"):
            return "true" if value else "false"
        if kind[1] in ADDRESSES:
            return self.show(kind[1], value)
        return str(value)

    def is_address(self, kind):
        """One whose text does not say all."""
        return kind[1] in ADDRESSES or kind[0] == "box" and self.is_address(kind[1])

    @staticmethod
    def show(name, value):
        """An address as Rust's Display writes it."""
        if name in ("IpAddr", "SocketAddr"):
            (version, value), = value.items()
            name = "SocketAddr" + version if name == "SocketAddr" else name
        if name == "SocketAddrV4":
            return f"{value[0]}:{value[1]}"
        if name == "SocketAddrV6":
            return f"[{value[0]}{f'%{value[3]}' if value[3] else ''}]:{value[1]}"
        return value

    def item(self, item, value, convert):
        if not isinstance(item, Enum):
            return self.body(item.body, value, convert)
        if isinstance(value, str):
            return value
        (name, inner), = value.items()
        return {name: self.body(dict(item.variants)[name], inner, convert)}

    @staticmethod
    def body(body, value, convert):
        if body.shape == "unit":
            return None
        if body.shape == "named":
            return {f.name: convert(f.kind, value[f.name]) for f in body.fields}
        fields = [convert(f.kind, v) for f, v in zip(body.fields, value)]
        return fields[0] if len(fields) == 1 else fields

    # Both sides to the plain form

    def plain(self, value):
        """Exact JSON."""
        return self.forget(self.root, value)

    def forget(self, kind, value):
        kind = archived(kind)
        tag = kind[0]
        if kind[1] in ADDRESSES:
            return self.show(kind[1], value)
        if kind[1] in FLOATS:
            number = self.write_primitive(kind[1], value)
            return self.plain_float(kind[1], None if isinstance(number, str) else number)
        if tag == "hashset":
            return sorted((self.forget(kind[1], v) for v in value), key=repr)
        if tag in ("hashmap", "btreemap"):
            plain = self.key if self.is_text(kind[1]) else self.forget
            pairs = [(plain(kind[1], k), self.forget(kind[2], v)) for k, v in value]
            return sorted(pairs, key=repr) if tag == "hashmap" else pairs
        if tag in ("vec", "array", "btreeset"):
            return [self.forget(kind[1], v) for v in value]
        if tag in RANGES:
            return {end: self.forget(kind[1], value[end]) for end in RANGES[tag]}
        if tag == "box":
            return self.forget(kind[1], value)
        if tag == "option":
            return None if value == "None" else self.forget(kind[1], value["Some"])
        if tag == "result":
            (name, inner), = value.items()
            return {name: self.forget(kind[1] if name == "Ok" else kind[2], inner)}
        if tag == "named":
            return self.item(self.schema.by_name[kind[1]], value, self.forget)
        return self.write_primitive(kind[1], value)

    @staticmethod
    def plain_float(name, number):
        return None if number is None else struct.pack(FLOATS[name][1], number)

    def read(self, text):
        """What the C side printed. Raises ValueError, KeyError or TypeError when it is not the type's JSON."""
        return self.plain_c(self.root, json.loads(text, object_pairs_hook=Pairs))

    def plain_c(self, kind, value):
        kind = archived(kind)
        tag = kind[0]
        if tag == "prim":
            if kind[1] in FLOATS:
                return self.plain_float(kind[1], value)
            return dict(value.pairs) if kind[1] == "Duration" else value
        if tag in ("vec", "array", "btreeset"):
            return [self.plain_c(kind[1], v) for v in value]
        if tag in RANGES:
            return {end: self.plain_c(kind[1], dict(value.pairs)[end]) for end in RANGES[tag]}
        if tag == "hashset":
            return sorted((self.plain_c(kind[1], v) for v in value), key=repr)
        if tag in ("hashmap", "btreemap"):
            if self.is_text(kind[1]):
                pairs = [(k, self.plain_c(kind[2], v)) for k, v in value.pairs]
            else:
                pairs = [(self.plain_c(kind[1], k), self.plain_c(kind[2], v)) for k, v in value]
            return sorted(pairs, key=repr) if tag == "hashmap" else pairs
        if tag == "box":
            return self.plain_c(kind[1], value)
        if tag == "option":
            return None if value is None else self.plain_c(kind[1], value)
        if tag == "result":
            (name, inner), = value.pairs
            return {name: self.plain_c(kind[1] if name == "Ok" else kind[2], inner)}
        return self.read_item(self.schema.by_name[kind[1]], value)

    def read_item(self, item, value):
        if not isinstance(item, Enum):
            return self.read_body(item.body, value)
        if isinstance(value, str):
            return value
        (name, inner), = value.pairs
        return {name: self.read_body(dict(item.variants)[name], inner)}

    def read_body(self, body, value):
        if body.shape == "unit":
            return None
        if body.shape == "named":
            fields = dict(value.pairs)
            return {f.name: self.plain_c(f.kind, fields[f.name]) for f in body.fields}
        if len(body.fields) == 1:
            return self.plain_c(body.fields[0].kind, value)
        return [self.plain_c(f.kind, v) for f, v in zip(body.fields, value)]


class Pairs:
    """A JSON object with its order and its repetitions."""

    def __init__(self, pairs):
        self.pairs = pairs
