// SPDX-License-Identifier: Apache-2.0
//! The judge: asks the real crate about the schemas that were compiled in. See README.md for the lines it speaks.

use interop::damage::damage;
use interop::{from_hex, to_hex, Rng, Schema};
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

mod batch {
    include!(env!("INTEROP_BATCH_RS"));
}

const USAGE: &str = "usage: judge list | make SEED COUNT FUEL | damage SEED COUNT FUEL | check < lines";

/// One seed per schema and case, so that a case does not depend on those before it.
fn case_seed(seed: u64, schema: usize, case: u64) -> u64 {
    Rng::new(seed ^ (schema as u64) << 40 ^ case, 0).next()
}

fn make(out: &mut dyn Write, seed: u64, count: u64, fuel: u32) -> io::Result<()> {
    for (i, schema) in batch::all().iter().enumerate() {
        for case in 0..count {
            let made = (schema.make)(case_seed(seed, i, case), fuel_of(fuel, case));
            let verdict = if (schema.check)(&made.bytes).is_ok_and(|json| json == made.json) { "ok" } else { "err" };
            writeln!(out, "{}\t{}\t{}\t{}\t{}", schema.name, case, verdict, to_hex(&made.bytes), made.json)?;
        }
    }
    Ok(())
}

/// Mostly small values, one in sixteen with the whole budget: trees of several levels and large maps.
fn fuel_of(fuel: u32, case: u64) -> u32 {
    if case % 16 == 15 { fuel } else { fuel.min(24) }
}

fn damaged(out: &mut dyn Write, seed: u64, count: u64, fuel: u32) -> io::Result<()> {
    for (i, schema) in batch::all().iter().enumerate() {
        for case in 0..count {
            let case_seed = case_seed(!seed, i, case);
            let made = (schema.make)(case_seed, fuel.min(24));
            let (kind, bytes) = damage(&made.bytes, &mut Rng::new(case_seed, 0));
            write!(out, "{}\t{}\t{}\t{}\t", schema.name, case, kind, to_hex(&bytes))?;
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
    let number = |i: usize| words.get(i).and_then(|w| w.parse::<u64>().ok());
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match (words.get(1).map(String::as_str), number(2), number(3), number(4)) {
        (Some("list"), None, ..) => batch::all().iter().try_for_each(|s| writeln!(out, "{}", s.name))?,
        (Some("make"), Some(seed), Some(count), Some(fuel)) => make(&mut out, seed, count, fuel as u32)?,
        (Some("damage"), Some(seed), Some(count), Some(fuel)) => damaged(&mut out, seed, count, fuel as u32)?,
        (Some("check"), None, ..) => check(&mut out)?,
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
