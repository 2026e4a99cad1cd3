//! Writes what the service would answer of a table that nobody has at hand: 4 trillion rows in 10,000 partitions, and a budget
//! that cuts it into 500,000 chunks. `cargo run -p penstock-tests --bin huge-snapshot -- <file>`

use std::{env, fs, io};

use penstock_tests::keyed;

fn main() -> io::Result<()> {
    let path = env::args().nth(1).ok_or_else(|| io::Error::other("name the file to write"))?;
    fs::write(path, keyed::answer(10_000, 500_000).to_string())
}
