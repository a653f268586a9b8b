//! Checks of a cluster: the catalog, their results, and what they know of distributions and of
//! what Kubernetes has retired.

/// An enum whose variants have names: the enum, its list, its names and their parser. A hidden
/// variant is neither listed nor parsed.
macro_rules! named_enum {
    (
        $(#[$meta:meta])* pub enum $enum:ident {
            $($(#[$doc:meta])* $variant:ident = $name:literal,)*
            $(; $(#[$hidden_doc:meta])* $hidden:ident = $hidden_name:literal,)?
        }
    ) => {
        $(#[$meta])*
        pub enum $enum {
            $($(#[$doc])* $variant,)*
            $($(#[$hidden_doc])* $hidden,)?
        }

        impl $enum {
            /// All that can be named, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Their names, separated by commas.
            pub const NAMES: &'static str = named_enum!(@join $($name)*);

            /// Its name, in tables and on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    $(Self::$hidden => $hidden_name,)?
                }
            }
        }

        impl std::str::FromStr for $enum {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let mut named = Self::ALL.iter().copied();
                named
                    .find(|one| one.name() == text)
                    .ok_or_else(|| format!("expected one of {}", Self::NAMES))
            }
        }
    };
    (@join $first:literal $($rest:literal)*) => { concat!($first $(, ", ", $rest)*) };
}

mod catalog;
mod distribution;
mod finding;
pub mod retired;
mod version;

pub use catalog::{Category, CheckId, UnknownCheckId};
pub use distribution::{ClusterTraits, Distribution};
pub use finding::{Finding, Outcome, Summary};
pub use version::ServerVersion;
