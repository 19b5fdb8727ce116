//! The one binary: reads the command line, opens the city, runs one verb. Holds no rule of the product itself.

mod assemble;
mod capabilities;
mod city;
mod cli;
mod demo;
mod output;
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
    output::logs(&cli.shared);
    let runtime = match city::edge_runtime() {
        Ok(runtime) => runtime,
        Err(error) => return output::failed(&cli.shared, &error),
    };
    match runtime.block_on(verbs::run(&cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::failed(&cli.shared, &error),
    }
}
