//! Sign-ins, refreshes, sign-ups and API calls a second over HTTP, against the release build.

/// Says what it measures once it does.
pub fn run() -> Result<(), String> {
    println!("the load over HTTP is not built");
    Ok(())
}
