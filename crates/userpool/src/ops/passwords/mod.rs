//! One's own password: changed, or forgotten and set anew.

pub mod change_password;
pub mod confirm_forgot_password;
pub mod forgot_password;
