// SPDX-License-Identifier: Apache-2.0
//! The judge: asks the real crate about the schemas that were compiled in. See README.md for the lines it speaks.

use interop::damage::damage;
use interop::{from_hex, to_hex, Case, Rng, Schema};
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

mod batch {
    include!(env!("INTEROP_BATCH_RS"));
}

const USAGE: &str = "usage: judge list | make SEED COUNT FUEL [SCHEMA] | damage SEED COUNT FUEL [SCHEMA] | check < lines";

/// What to make: `count` cases of every schema, or of one.
struct Order {
    seed: u64,
    count: u64,
    fuel: u32,
    only: Option<String>,
}

impl Order {
    fn parse(words: &[String]) -> Option<Order> {
        let number = |i: usize| words.get(i).and_then(|w| w.parse::<u64>().ok());
        Some(Order { seed: number(0)?, count: number(1)?, fuel: number(2)? as u32, only: words.get(3).cloned() })
    }

    fn schemas(&self) -> Vec<Schema> {
        batch::all().into_iter().filter(|s| self.only.as_ref().map_or(true, |name| name == s.name)).collect()
    }

    /// One seed per schema and case, so that a case does not depend on those before it.
    fn case_seed(&self, schema: &str, case: u64) -> u64 {
        let name = schema.bytes().fold(self.seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
        Rng::new(name ^ case, 0).next()
    }

    /// Mostly small values, one in sixteen with the whole budget: trees of several levels and large maps.
    fn case_fuel(&self, case: u64) -> u32 {
        if case % 16 == 15 { self.fuel } else { self.fuel.min(24) }
    }
}

fn make(out: &mut dyn Write, order: &Order) -> io::Result<()> {
    for schema in order.schemas() {
        for case in 0..order.count {
            let made = (schema.make)(order.case_seed(schema.name, case), order.case_fuel(case));
            write!(out, "{}\t{}\t{}\t{}\t", schema.name, case, to_hex(&made.bytes), made.json)?;
            print_verdict(out, &(schema.check)(&made.bytes))?;
        }
    }
    Ok(())
}

/// A value that the crate's check accepts undamaged: it refuses some of its own.
fn accepted(schema: &Schema, first: u64, fuel: u32) -> (u64, Case) {
    let mut seeds = (0..8).map(|i| (first.wrapping_add(i), (schema.make)(first.wrapping_add(i), fuel)));
    seeds.find(|(_, made)| (schema.check)(&made.bytes).is_ok()).unwrap_or_else(|| (first, (schema.make)(first, fuel)))
}

fn damaged(out: &mut dyn Write, order: &Order) -> io::Result<()> {
    for schema in order.schemas() {
        for case in 0..order.count {
            let (seed, made) = accepted(&schema, !order.case_seed(schema.name, case), order.fuel.min(24));
            let (kind, bytes) = damage(&made.bytes, &mut Rng::new(seed, 0));
            write!(out, "{}\t{}\t{}\t{}\t", schema.name, case, to_hex(&bytes), kind)?;
            out.flush()?; // when the crate itself dies of these bytes, the last line names them
            print_verdict(out, &(schema.check)(&bytes))?;
        }
    }
    Ok(())
}

fn print_verdict(out: &mut dyn Write, verdict: &Result<String, String>) -> io::Result<()> {
    match verdict {
        Ok(json) => writeln!(out, "ok\t{}", json),
        Err(error) => writeln!(out, "err\t{}", error.replace(['\n', '\t'], " ")),
    }
}

/// Lines "schema TAB case TAB hex" in, "schema TAB case TAB ok|err TAB json|message" out.
fn check(out: &mut dyn Write) -> io::Result<()> {
    let schemas = batch::all();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let fields: Vec<&str> = line.split('\t').collect();
        let (Some(schema), Some(bytes)) = (find(&schemas, fields[0]), fields.get(2).and_then(|hex| from_hex(hex))) else {
            return Err(io::Error::other(format!("not a line of mine: {line}")));
        };
        write!(out, "{}\t{}\t", fields[0], fields[1])?;
        print_verdict(out, &(schema.check)(&bytes))?;
    }
    Ok(())
}

fn find<'a>(schemas: &'a [Schema], name: &str) -> Option<&'a Schema> {
    schemas.iter().find(|schema| schema.name == name)
}

fn run(words: &[String]) -> io::Result<bool> {
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match (words.get(1).map(String::as_str), Order::parse(words.get(2..).unwrap_or_default())) {
        (Some("list"), _) => batch::all().iter().try_for_each(|s| writeln!(out, "{}", s.name))?,
        (Some("make"), Some(order)) => make(&mut out, &order)?,
        (Some("damage"), Some(order)) => damaged(&mut out, &order)?,
        (Some("check"), _) => check(&mut out)?,
        _ => return Ok(false),
    }
    out.flush()?;
    Ok(true)
}

fn main() -> ExitCode {
    match run(&std::env::args().collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("judge: {error}");
            ExitCode::FAILURE
        }
    }
}
