# SPDX-License-Identifier: Apache-2.0
"""The Rust half of a batch: one module per schema with Make and Json for its types, and the list of all schemas."""

from schema import Struct, source


def pattern(body, prefix):
    """Binds the fields of a body to a0, a1, ..."""
    names = [f"{prefix}{i}" for i in range(len(body.fields))]
    if body.shape == "named":
        return "{ " + ", ".join(f"{f.name}: {n}" for f, n in zip(body.fields, names)) + " }", names
    return ("(" + ", ".join(names) + ")" if body.shape == "tuple" else ""), names


def constructor(path, body):
    if body.shape == "named":
        return path + " { " + ", ".join(f"{f.name}: Make::make(rng)" for f in body.fields) + " }"
    if body.shape == "tuple":
        return path + "(" + ", ".join("Make::make(rng)" for _ in body.fields) + ")"
    return path


def printing(body, names):
    """Statements that print the bound fields."""
    if body.shape == "unit":
        return 'out.push_str("null");'
    opening, closing = ("{", "}") if body.shape == "named" else ("[", "]")
    lines = [f"out.push('{opening}');"]
    for i, (field, name) in enumerate(zip(body.fields, names)):
        comma = "," if i else ""
        label = f'\\"{field.name}\\":' if body.shape == "named" else ""
        if comma or label:
            lines.append(f'out.push_str("{comma}{label}");')
        lines.append(f"{name}.json(out);")
    lines.append(f"out.push('{closing}');")
    return " ".join(lines)


def struct_impls(item):
    bound, names = pattern(item.body, "a")
    text = (f"impl Make for {item.name} {{\n    fn make(rng: &mut Rng) -> Self {{\n        let _ = &rng;\n"
            f"        {constructor(item.name, item.body)}\n    }}\n}}\n")
    for name in (item.name, "Archived" + item.name):
        head = f"let {name}{bound} = self;" if item.body.shape != "unit" else ""
        text += (f"impl Json for {name} {{\n    fn json(&self, out: &mut String) {{\n        {head} "
                 f"{printing(item.body, names)}\n    }}\n}}\n")
    return text


def enum_impls(item):
    last = len(item.variants) - 1
    # Without budget left, the first variant: in a recursive enum it is the one without children.
    pick = f"if rng.spend() {{ rng.below({last + 1}) }} else {{ 0 }}"
    arms = [f"{i if i < last else '_'} => {constructor(item.name + '::' + v, b)}," for i, (v, b) in enumerate(item.variants)]
    text = (f"impl Make for {item.name} {{\n    fn make(rng: &mut Rng) -> Self {{\n        match {pick} {{\n            "
            + "\n            ".join(arms) + "\n        }\n    }\n}\n")
    for name in (item.name, "Archived" + item.name):
        text += f"impl Json for {name} {{\n    fn json(&self, out: &mut String) {{\n        match self {{\n"
        text += "".join(variant_arm(name, v, b) for v, b in item.variants)
        text += "        }\n    }\n}\n"
    return text


def variant_arm(name, variant, body):
    if body.shape == "unit":
        return f'            {name}::{variant} => out.push_str("\\"{variant}\\""),\n'
    bound, names = pattern(body, "a")
    return (f'            {name}::{variant}{bound} => {{ out.push_str("{{\\"{variant}\\":"); '
            f"{printing(body, names)} out.push('}}'); }}\n")


def module(schema):
    impls = "".join(struct_impls(i) if isinstance(i, Struct) else enum_impls(i) for i in schema.items)
    return (f"#[allow(unused_imports, dead_code, clippy::all)]\npub mod {schema.name} {{\nuse interop::prelude::*;\n"
            f"{source(schema)}\n{impls}}}\n")


def batch(schemas):
    entries = "".join(f'        interop::schema::<{s.name}::{s.root}>("{s.name}"),\n' for s in schemas)
    return ("".join(module(s) for s in schemas) + "\npub fn all() -> Vec<interop::Schema> {\n    vec![\n" + entries
            + "    ]\n}\n")
