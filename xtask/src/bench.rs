pub fn run(_: &[String]) -> Result<(), String> {
    Err(String::from("not built"))
}
