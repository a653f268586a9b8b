//! The API server's version.

use std::fmt;

/// A version as `/version` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVersion {
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// The whole version: `v1.36.2+k3s1`.
    pub text: String,
}

/// The oldest and the newest tested minor version of Kubernetes 1.
const TESTED: (u32, u32) = (33, 37);

impl ServerVersion {
    /// Parses `v1.36.2-eks-abc`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix('v')?.split('.');
        let number = |part: &str| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        let (major, minor) = (number(numbers.next()?)?, number(numbers.next()?)?);
        Some(Self { major, minor, text: text.to_owned() })
    }

    /// Whether it is older than every tested version.
    pub fn is_too_old(&self) -> bool {
        self.major < 1 || self.major == 1 && self.minor < TESTED.0
    }

    /// Whether it is newer than every tested version.
    pub fn is_too_new(&self) -> bool {
        self.major > 1 || self.major == 1 && self.minor > TESTED.1
    }

    /// Whether it is 1.`minor` or later.
    pub fn is_at_least(&self, minor: u32) -> bool {
        self.major > 1 || self.major == 1 && self.minor >= minor
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
