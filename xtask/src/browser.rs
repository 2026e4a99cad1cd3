//! Chromium and its driver, for the tests that need a browser.

use std::process::Command;

use crate::Result;
use crate::command::{is_on_path, output, run};
use crate::step::{already, step};

const NAME: &str = "Chromium and chromedriver";
const BY_HAND: &str = "apt-get install -y --no-install-recommends chromium chromium-driver";

pub(crate) fn install() -> Result {
    if is_on_path("chromedriver") && (is_on_path("chromium") || is_on_path("google-chrome")) {
        already(NAME);
        return Ok(());
    }
    step(NAME, || {
        if !is_on_path("apt-get") {
            return Err("there is no apt-get here; put chromium and chromedriver on PATH".to_owned());
        }
        let prefix = privilege()?;
        apt_get(prefix, &["update", "-qq"])?;
        apt_get(prefix, &["install", "-y", "-qq", "--no-install-recommends", "chromium", "chromium-driver"])
    })
}

/// What to put before apt-get: nothing as root, else sudo when it asks for no password.
fn privilege() -> Result<&'static [&'static str]> {
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let may_sudo = || is_on_path("sudo") && run(Command::new("sudo").args(["-n", "true"])).is_ok();
    if is_root {
        Ok(&[])
    } else if may_sudo() {
        Ok(&["sudo", "-n"])
    } else {
        Err(format!("not root, and sudo would ask for a password; run: sudo {BY_HAND}"))
    }
}

fn apt_get(prefix: &[&str], args: &[&str]) -> Result {
    let words: Vec<&str> = prefix.iter().copied().chain(["apt-get"]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(args).env("DEBIAN_FRONTEND", "noninteractive");
    run(&mut command).map_err(|reason| format!("{reason}; by hand: {BY_HAND}"))
}
