//! An operation, as its handler sees it.

use serde_json::Value;

use crate::{OperationShape, Unreadable, Wire, WireError, validate};

pub trait Operation {
    /// `cognito-idp`
    const SERVICE: &'static str;
    /// `SignUp`
    const NAME: &'static str;
    /// `false` where AWS asks for no signature.
    const SIGNED: bool;
    type Input: Wire;
    type Output: Wire;
    /// One variant for each error that the model lists for the operation, and for those that any operation may raise.
    type Error: Into<WireError> + Send + 'static;

    fn descriptor() -> &'static OperationShape;
}

/// Checks a request and puts it into the operation's input. What is wrong is worded as the service words it.
pub fn read<O: Operation>(value: Value) -> Result<O::Input, WireError> {
    validate(O::descriptor(), &value)?;
    O::Input::read(value).map_err(|Unreadable(what)| WireError::new(400, "SerializationException", what))
}

/// The JSON of an answer; what is not there is left out.
pub fn write<O: Operation>(output: &O::Output) -> Value {
    output.write()
}
