//! The one binary: reads the command line, opens the city, runs one verb. Holds no rule of the product itself.

mod assemble;
mod backup;
mod capabilities;
mod city;
mod cli;
mod demo;
mod formats;
mod output;
mod owner;
mod set_up;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { output::WRONG_USE } else { 0 };
            // A closed pipe while printing help is no failure of ours.
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    let shared = cli.shared.clone();
    output::logs(&shared);
    let done = city::edge_runtime().and_then(|runtime| runtime.block_on(verbs::run(cli)));
    ExitCode::from(done.unwrap_or_else(|error| output::failed(&shared, &error)))
}
