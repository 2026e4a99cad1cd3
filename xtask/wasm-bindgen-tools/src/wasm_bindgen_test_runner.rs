//! The runner of wasm tests, in Node.js or in a browser; cargo calls it.

fn main() -> std::process::ExitCode {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os()).map_or_else(
        |error| {
            eprintln!("error: {error:?}");
            std::process::ExitCode::FAILURE
        },
        |()| std::process::ExitCode::SUCCESS,
    )
}
