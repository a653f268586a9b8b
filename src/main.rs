//! Hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    oppscale::run(std::env::args_os()).into()
}
