//! The command that turns a wasm module into JavaScript and wasm; trunk calls it.

fn main() -> std::process::ExitCode {
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os()).map_or_else(
        |error| {
            eprintln!("error: {error:?}");
            std::process::ExitCode::FAILURE
        },
        |()| std::process::ExitCode::SUCCESS,
    )
}
