//! Which command needs which tools.

use crate::workspace::Workspace;
use crate::{Result, browser, npm, toolchain, tools};

/// For tests.
pub(crate) fn everything(workspace: &Workspace) -> Result {
    for_console(workspace)?;
    browser::install()
}

/// For the console and for running Penstock: no browser.
pub(crate) fn for_console(workspace: &Workspace) -> Result {
    toolchain::install(workspace)?;
    npm::install(workspace)?;
    tools::install_wasm_bindgen(workspace)?;
    tools::install_trunk(workspace)?;
    tools::clean_up(workspace);
    Ok(())
}

/// For measuring: the engine, and wasm in Node.js.
pub(crate) fn for_bench(workspace: &Workspace) -> Result {
    toolchain::install(workspace)?;
    npm::install(workspace)?;
    tools::install_wasm_bindgen(workspace)
}

pub(crate) fn toolchain_only(workspace: &Workspace) -> Result {
    toolchain::install(workspace)
}
