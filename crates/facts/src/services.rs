//! The services, as the build script wrote them.

use crate::shape::{OperationShape, Service};

macro_rules! service {
    ($module:ident) => {
        #[allow(
            clippy::all,
            non_upper_case_globals,
            dead_code,
            reason = "generated: names are the API's, and not every error is raised"
        )]
        pub mod $module {
            include!(concat!(env!("OUT_DIR"), "/", stringify!($module), ".rs"));
        }
    };
}

service!(cloudformation);
service!(cognito_idp);
service!(iam);
service!(lambda);
service!(logs);
service!(sts);

static SERVICES: [&Service; 6] = [
    &cloudformation::SERVICE,
    &cognito_idp::SERVICE,
    &iam::SERVICE,
    &lambda::SERVICE,
    &logs::SERVICE,
    &sts::SERVICE,
];

pub fn services() -> &'static [&'static Service] {
    &SERVICES
}

/// `find("cognito-idp", "SignUp")`
pub fn find(service: &str, operation: &str) -> Option<&'static OperationShape> {
    services().iter().find(|known| known.name == service)?.operation(operation)
}
