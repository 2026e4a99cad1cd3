//! The console's entry.

fn main() {
    console_web::start();
}
