//! What the generated code is made of.

/// The input or output of an operation that has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Empty {}

impl crate::Wire for Empty {
    fn read(_: serde_json::Value) -> Result<Self, crate::Unreadable> {
        Ok(Self {})
    }

    fn write(&self) -> serde_json::Value {
        serde_json::Value::Object(serde_json::Map::new())
    }
}

macro_rules! error_struct {
    ($name:ident, $status:expr, $code:expr) => {
        /// Carries its message. Turns into the error of any operation that may raise it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub ::std::string::String);

        impl $name {
            pub const STATUS: u16 = $status;
            pub const CODE: &'static str = $code;
        }

        impl ::std::convert::From<$name> for crate::WireError {
            #[inline]
            fn from(error: $name) -> Self {
                Self {
                    status: $name::STATUS,
                    code: ::std::string::String::from($name::CODE),
                    message: error.0,
                }
            }
        }
    };
}

macro_rules! operation {
    ($service:literal, $name:ident, $error:ident, $signed:literal, $input:ty, $output:ty, [$($raised:ident),*]) => {
        pub struct $name;

        pub enum $error {
            $($raised(::std::string::String)),*
        }

        impl crate::Operation for $name {
            const SERVICE: &'static str = $service;
            const NAME: &'static str = stringify!($name);
            const SIGNED: bool = $signed;
            type Input = $input;
            type Output = $output;
            type Error = $error;

            #[inline]
            fn descriptor() -> &'static crate::OperationShape {
                &operations::$name
            }
        }

        impl $error {
            /// The HTTP status, the code on the wire, and the message.
            pub fn parts(&self) -> (u16, &'static str, &::std::string::String) {
                match self {
                    $(Self::$raised(message) => (errors::$raised::STATUS, errors::$raised::CODE, message)),*
                }
            }
        }

        impl ::std::cmp::PartialEq for $error {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                self.parts() == other.parts()
            }
        }

        impl ::std::fmt::Debug for $error {
            #[inline]
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                crate::error::debug(self.parts(), formatter)
            }
        }

        impl ::std::convert::From<$error> for crate::WireError {
            #[inline]
            fn from(error: $error) -> Self {
                let (status, code, message) = error.parts();
                crate::WireError::new(status, code, message.as_str())
            }
        }

        $(impl ::std::convert::From<errors::$raised> for $error {
            #[inline]
            fn from(error: errors::$raised) -> Self {
                Self::$raised(error.0)
            }
        })*
    };
}

macro_rules! structure {
    ($name:ident) => {
        impl ::std::cmp::PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                crate::Wire::write(self) == crate::Wire::write(other)
            }
        }

        impl ::std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                crate::redact::debug(&shapes::$name, &crate::Wire::write(self), formatter)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                ::serde::Serialize::serialize(&crate::Wire::write(self), serializer)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                crate::wire::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use {error_struct, operation, structure};
