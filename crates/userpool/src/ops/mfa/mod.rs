//! Second factors, as their owners set them up.

pub mod associate_software_token;
mod setup;
pub mod set_user_mfa_preference;
pub mod verify_software_token;
