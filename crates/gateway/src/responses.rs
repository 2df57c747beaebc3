//! Gateway responses: what a caller gets when the gateway itself says no
//! (Amazon API Gateway Developer Guide, "Gateway response types").

pub mod kind;
pub mod refusal;
pub mod render;

pub use kind::ResponseKind;
pub use refusal::Refusal;
pub use render::GatewayResponses;
