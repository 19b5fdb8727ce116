//! How fast delimited text becomes batches here: `throughput [FILE] [THREADS]`, a made-up table where no file is given.
//! Prints rows, bytes and MB/s; writes nothing.

use std::fs::File;
use std::io::{Cursor, Read};
use std::time::Instant;

use yiwang_tables::{Limits, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next();
    let threads = arguments.next().map_or(Ok(1), |given| given.parse())?;
    let made_up = if path.is_none() { table(1_000_000) } else { String::new() };
    let bytes = match &path {
        Some(path) => std::fs::metadata(path)?.len(),
        None => made_up.len() as u64,
    };
    let mut open = || -> std::io::Result<Box<dyn Read + Send>> {
        Ok(match &path {
            Some(path) => Box::new(File::open(path)?),
            None => Box::new(Cursor::new(made_up.clone().into_bytes())),
        })
    };
    let begin = Instant::now();
    let mut memory = 0;
    let outcome = run(&mut open, None, Limits::default(), threads, &mut |piece| {
        memory += piece.batch.get_array_memory_size();
        Ok(())
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    let rate = bytes as f64 / 1e6 / seconds;
    println!(
        "{} rows, {} refused, {} pieces, {} again",
        outcome.rows,
        outcome.refused_count(),
        outcome.pieces,
        outcome.again
    );
    println!("{bytes} bytes in {seconds:.2} s: {rate:.0} MB/s on {threads} threads; arrays {memory} bytes");
    for column in &outcome.columns {
        let kind = column.kind.map_or("", |kind| kind.word());
        let profile = &column.profile;
        println!(
            "  {} ({}) {} {kind} personal={} nulls={} distinct~{} {:?}..{:?}",
            column.name,
            column.header,
            column.type_.word(),
            column.personal,
            profile.nulls,
            profile.distinct_about,
            profile.least,
            profile.greatest
        );
    }
    Ok(())
}

fn table(rows: u64) -> String {
    let mut text = String::from("编号,日期,时间,地区,名称,金额,数量,比率,状态,备注\n");
    for row in 0..rows {
        let (day, second) = (row % 28 + 1, row % 60);
        let amount = row * 7919 % 1_000_003;
        text += &format!(
            "{row},2026-{:02}-{day:02},2026-03-{day:02} 08:{second:02}:{second:02},44{:02}01,",
            row % 12 + 1,
            row % 20 + 1,
        );
        text += &format!(
            "单位{},{}.{:02},{},0.{:04},{},note {}\n",
            row % 5_000,
            amount,
            row % 100,
            row % 1_000,
            row * 31 % 10_000,
            ["办结", "在办", "退回"][(row % 3) as usize],
            row % 17,
        );
    }
    text
}
