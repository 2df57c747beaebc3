pub fn run() -> Result<(), String> {
    Err(String::from("not built"))
}
