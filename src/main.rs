//! The `skrynka` program.

fn main() {}
