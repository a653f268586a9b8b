//! What oppscale does to a cluster: set up, renewed, and put back.
//!
//! Everything here is for `init`, `uninstall`, `certs` and `kubeconfig`; the commands ask and
//! print, this room reads and writes.
//!
//! | file | holds |
//! |---|---|
//! | `clock` | the server's clock |
//! | `chart` | the same objects as a Helm chart |
//! | `desired` | the objects of an installation, in a safe order |
//! | `plan` | what would change, object by object |
//! | `install` | applies a plan, waits, remembers what was done |
//! | `helm` | values for charts |
//! | `tls_secret` | certificates in a Secret |
//! | `api_services` | the APIServices that lead to our server, and whom they trust |
//! | `rights` | what an installation takes of rights, and which are missing |
//! | `rotation` | new certificates without a failed request |
//! | `account` | ServiceAccounts, and the Secrets with which their tokens live |
//! | `token` | ServiceAccount tokens, bound so that they can be revoked |
//! | `kubeconfig` | the file that carries them |

pub mod account;
pub mod api_services;
pub mod chart;
pub mod clock;
pub mod config;
pub mod helm;
pub mod install;
pub mod kubeconfig;
pub mod permissions;
pub mod plan;
pub mod rotation;
pub mod tls_secret;
pub mod token;
