//! The `skrynka` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    skrynka::cli::main()
}
